"""The configuration file: what is accepted, and that every mistake of a run is told with its place."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway import certificates, config
from gateway.config import Bind, Config, ConfigError, Credentials, load, parse

MINIMAL = """\
listeners: [{bind: "127.0.0.1:0"}]
backends: {legacy: {url: "ws://10.0.0.5/ocpp", subprotocols: [ocpp1.6]}}
routes: [{backend: legacy}]
"""
REST = MINIMAL.partition("\n")[2]


def mistakes(text: str, env: dict[str, str] | None = None, path: Path = Path("g.yaml")) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, env or {}, path=path)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return list(caught.value.mistakes)


def with_backend(lines: str, env: dict[str, str] | None = None) -> Config:
    return parse(f"listeners: [{{bind: 'h:1'}}]\nroutes: [{{backend: b}}]\nbackends:\n  b:\n    {lines}\n", env or {})


@pytest.fixture
def everything_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in list(config.NOT_YET):
        monkeypatch.delitem(config.NOT_YET, key)


def test_defaults(tmp_path: Path) -> None:
    found = parse(MINIMAL, {}, path=tmp_path / "g.yaml")
    listener, backend = found.listeners[0], found.backends["legacy"]
    assert listener.bind == Bind("127.0.0.1", 0)
    assert listener.paths == ("/{identity}", "/ocpp/{identity}")
    assert listener.subprotocols == ("ocpp2.1", "ocpp2.0.1", "ocpp1.6")
    assert (listener.default_subprotocol, listener.tls, listener.auth, listener.strict_part4) == (
        None,
        None,
        ("forward",),
        False,
    )
    assert (backend.name, backend.auth, backend.when_down) == ("legacy", "forward", "hold")
    assert (backend.hold_seconds, backend.call_timeout_seconds, backend.id_token_type) == (10, 25, "auto")
    assert (backend.answer_locally, backend.guard, backend.tls.ca) == ((), {}, None)
    assert found.routes[0].match.everything
    assert found.routes[0].followers == ()
    assert (found.unknown_stations, found.stations_file, found.validation) == ("accept", None, "count")
    assert (found.store.kind, found.store.path) == ("sqlite", tmp_path / "ocpp-gateway.db")
    assert (str(found.admin.bind), found.admin.token) == ("127.0.0.1:9090", None)
    assert found.limits.model_dump() == {
        "max_connections": 20000,
        "max_frame_bytes": 1048576,
        "handshake_seconds": 10,
        "connects_per_second": 250,
        "frames_per_second": 50,
        "ping_seconds": 30,
        "pong_seconds": 10,
        "queue_calls": 16,
        "write_seconds": 10,
    }
    assert found.drain.seconds == 120
    assert (found.log.level, found.log.format) == ("info", "auto")
    assert found.log.redact == ("idTag", "idToken", "AuthorizationKey", "BasicAuthPassword")
    assert found.path == tmp_path / "g.yaml"
    assert found.warnings == ()


def test_is_frozen() -> None:
    found = parse(MINIMAL, {})
    with pytest.raises(ValidationError):
        setattr(found, "validation", "off")  # noqa: B010


def test_all_mistakes_of_a_run_with_their_places() -> None:
    text = """\
listeners:
  - bind: 0.0.0.0
    subprotocol: [ocpp1.6]
    default_subprotocol: ocpp1.6
    auth: forwrd
backends:
  legacy:
    url: http://10.0.0.5/
    hold_seconds: 0
    when_down: holt
    answer_locally: [Heartbeet]
  cloud:
    subprotocols: [ocpp2.0]
routes:
  - backend: legcy
  - match: {identty: "X"}
limits: {max_connections: many}
validation: cont
"""
    assert mistakes(text) == [
        "g.yaml:2:11: listeners[0].bind: should be host:port such as 0.0.0.0:8443 or [::]:8443",
        "g.yaml:3:5: listeners[0].subprotocol: unknown key; did you mean 'subprotocols'?",
        "g.yaml:5:11: listeners[0].auth: should be forward or none or basic or mtls, not 'forwrd'; did you mean 'forward'?",
        "g.yaml:8:10: backends.legacy.url: should be a URL that starts with ws:// or wss://",
        "g.yaml:9:19: backends.legacy.hold_seconds: should be greater than 0",
        "g.yaml:10:16: backends.legacy.when_down: should be hold or close or buffer, not 'holt'; did you mean 'hold'?",
        "g.yaml:11:22: backends.legacy.answer_locally[0]: 'Heartbeet' is not an action that stations call; did you mean 'Heartbeat'?",
        "g.yaml:12:3: backends.cloud.url: is missing",
        "g.yaml:13:20: backends.cloud.subprotocols[0]: should be ocpp2.1 or ocpp2.0.1 or ocpp1.6, not 'ocpp2.0'; did you mean 'ocpp2.0.1'?",
        "g.yaml:15:14: routes[0].backend: no backend is named 'legcy'; did you mean 'legacy'?",
        "g.yaml:16:5: routes[1].backend: is missing",
        "g.yaml:16:13: routes[1].match.identty: unknown key; did you mean 'identity'?",
        "g.yaml:17:27: limits.max_connections: should be a whole number, not 'many'",
        "g.yaml:18:13: validation: should be off or count or reject, not 'cont'; did you mean 'count'?",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "g.yaml:1:1: (file): is empty"),
        ("# nothing\n", "g.yaml:1:1: (file): is empty"),
        ("- a\n", "g.yaml:1:1: (file): should be a mapping (key: value) at the top"),
        ("a: b: c\n", "g.yaml:1:5: (file): not valid YAML: mapping values are not allowed in this context"),
        ("a:\n\t- x\n", "g.yaml:2:1: (file): not valid YAML: while scanning for the next token, "),
        ("a: \x01\n", "g.yaml:1:4: (file): not valid YAML: the character U+0001 is not allowed"),
        ("a: 1\n---\nb: 2\n", "g.yaml:2:1: (file): not valid YAML: expected a single document in the stream, "),
        ("a: {b: ${X}}\n", "; between brackets, ${NAME} and {identity} need quotes around them"),
    ],
)
def test_a_text_that_is_no_mapping(text: str, line: str) -> None:
    (found,) = mistakes(text)
    assert line in found


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml", {})
    assert caught.value.mistakes == (f"{tmp_path}/none.yaml:1:1: (file): cannot be read: No such file or directory",)
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "latin.yaml", {})
    assert caught.value.mistakes == (f"{tmp_path}/latin.yaml:2:4: (file): is not UTF-8 text",)


def test_nothing_configured() -> None:
    assert mistakes("listeners: []\nbackends: {}\nroutes:\n") == [
        "g.yaml:1:12: listeners: should not be empty",
        "g.yaml:2:11: backends: should not be empty",
        "g.yaml:3:8: routes: should be a list, not nothing",
    ]
    assert mistakes("validation: off\n") == [
        f"g.yaml:1:1: {key}: is missing" for key in ("backends", "listeners", "routes")
    ]


def test_duplicate_keys_are_refused_wherever_they_stand() -> None:
    text = MINIMAL + "drain: {seconds: 1, seconds: 2}\nroutes: []\n"
    assert mistakes(text) == [
        "g.yaml:4:21: drain.seconds: is also on line 4",
        "g.yaml:5:1: routes: is also on line 3",
    ]


def test_odd_yaml_is_told_and_not_followed() -> None:
    assert mistakes(MINIMAL + "log: &log {redact: [*log], ? [a] : b, level: !secret x}\n") == [
        "g.yaml:4:6: log.redact[0]: refers to itself",
        "g.yaml:4:30: log: a key should be a plain word",
        "g.yaml:4:46: log.level: the tag !secret means nothing here",
    ]
    deep = MINIMAL + "log: " + "[" * 200 + "]" * 200
    assert any("is nested too deeply" in line for line in mistakes(deep))


def test_anchors_and_merges() -> None:
    text = """\
listeners: [{bind: "127.0.0.1:0"}]
backends:
  a: &a {url: "ws://a/", hold_seconds: 3, subprotocols: [ocpp1.6]}
  b: {<<: *a, url: "ws://b/"}
routes: [{backend: a}]
"""
    found = parse(text, {})
    assert (found.backends["b"].url, found.backends["b"].hold_seconds) == ("ws://b/", 3)


def test_words_that_yaml_1_1_would_take_for_something_else() -> None:
    found = with_backend("auth: {username: no, password: 0123}\n    url: ws://h/\n    subprotocols: [ocpp1.6]")
    auth = found.backends["b"].auth
    assert isinstance(auth, Credentials)
    assert auth.username == "no"
    assert auth.password.get_secret_value() == "0123"
    assert mistakes(MINIMAL + "limits: {queue_calls: 1:30, ping_seconds: no, pong_seconds: .nan}\n") == [
        "g.yaml:4:23: limits.queue_calls: should be a whole number, not '1:30'",
        "g.yaml:4:43: limits.ping_seconds: should be a number, not 'no'",
        "g.yaml:4:61: limits.pong_seconds: should be a number, not '.nan'",
    ]
    assert mistakes(MINIMAL + 'admin: {token: ""}\n') == ["g.yaml:4:16: admin.token: is empty"]
    assert parse(MINIMAL + "admin: {token: null}\n", {}).admin.token is None
    token = parse(MINIMAL + "admin: {token: 'null'}\n", {}).admin.token
    assert token is not None
    assert token.get_secret_value() == "null"


def test_a_section_with_nothing_under_it_means_its_defaults_but_tls_does_not() -> None:
    assert parse(MINIMAL + "limits:\nlog:\nadmin:\n", {}).limits.queue_calls == 16
    assert with_backend("url: ws://h/\n    tls:\n    guard:").backends["b"].guard == {}
    assert mistakes("listeners:\n  - bind: h:1\n    tls:\n" + REST) == [
        "g.yaml:3:9: listeners[0].tls: is empty; give certificate and key, or leave the key out for plain ws"
    ]


def test_environment() -> None:
    text = MINIMAL.replace("127.0.0.1:0", "${HOST:-127.0.0.1}:${PORT}") + (
        "limits: {queue_calls: '${CALLS}'}\nadmin: {token: '$${A}$$$1${T:-}x'}\ndrain: {seconds: '${EMPTY:-7}'}\n"
        "unknown_stations: ${NOTHING:-accept}\n"
    )
    found = parse(text, {"PORT": "8080", "CALLS": "4", "EMPTY": ""})
    assert found.listeners[0].bind == Bind("127.0.0.1", 8080)
    assert found.limits.queue_calls == 4
    assert found.admin.token is not None
    assert found.admin.token.get_secret_value() == "${A}$$1x"
    assert found.drain.seconds == 7
    assert parse(MINIMAL + "admin:\n  token: ${T:-}\n", {}).admin.token is None
    assert with_backend("url: ${U:-ws://h/{identity}/x}").backends["b"].url == "ws://h/{identity}/x"


def test_environment_mistakes_are_told_once_each() -> None:
    text = MINIMAL + "validation: ${V}\nlimits: {queue_calls: '${Q}'}\nstore: 'sqlite:${a b}'\n"
    assert mistakes(text) == [
        "g.yaml:4:13: validation: the environment variable V is not set",
        "g.yaml:5:23: limits.queue_calls: the environment variable Q is not set",
        "g.yaml:6:8: store: `${` begins a variable such as ${NAME} or ${NAME:-default}; $$ is a dollar",
    ]


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        ("0.0.0.0:8443", Bind("0.0.0.0", 8443)),
        ("[::]:8443", Bind("::", 8443)),
        ("localhost:0", Bind("localhost", 0)),
        ("gw-1.example.org:65535", Bind("gw-1.example.org", 65535)),
    ],
)
def test_binds(text: str, bind: Bind) -> None:
    found = parse(MINIMAL.replace("127.0.0.1:0", text), {}).listeners[0].bind
    assert found == bind
    assert str(found) == text


@pytest.mark.parametrize("text", [":80", "80", "h", "::1:80", "h:65536", "h:-1", "h:x", "[::g]:1", "1.2.3:4", "a b:1"])
def test_no_binds(text: str) -> None:
    (line,) = mistakes(MINIMAL.replace("127.0.0.1:0", text))
    assert line.startswith("g.yaml:1:20: listeners[0].bind: ")


def test_loopback() -> None:
    loopback = [Bind(host, 1).is_loopback for host in ("127.0.0.1", "127.8.8.8", "::1", "LocalHost")]
    others = [Bind(host, 1).is_loopback for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.example.org")]
    assert loopback == [True] * 4
    assert others == [False] * 4


def test_an_address_is_used_once_and_the_admin_needs_a_token_abroad() -> None:
    text = """\
listeners: [{bind: "h:80"}, {bind: "h:0"}, {bind: "h:0"}, {bind: "h:80"}]
backends: {a: {url: "ws://h/"}}
routes: [{backend: a}]
admin: {bind: "h:80"}
"""
    assert mistakes(text) == [
        "g.yaml:1:66: listeners[3].bind: is also the address of listeners[0]",
        "g.yaml:4:15: admin.bind: is also the address of listeners[0]",
        "g.yaml:4:15: admin.bind: an address other than loopback needs a token",
    ]
    abroad = MINIMAL + 'admin: {bind: "0.0.0.0:9090", token: s3cret}\n'
    found = parse(abroad, {})
    assert "s3cret" not in repr(found)
    assert "s3cret" not in found.model_dump_json()


@pytest.mark.parametrize("pattern", ["/{identity}", "/a/b.c/{identity}", "/%20/{identity}"])
def test_path_patterns(pattern: str) -> None:
    text = MINIMAL.replace('"127.0.0.1:0"', f'"127.0.0.1:0", paths: ["{pattern}"]')
    assert parse(text, {}).listeners[0].paths == (pattern,)


@pytest.mark.parametrize(
    "pattern", ["/", "", "{identity}", "/{id}", "/a", "/{identity}/a", "//{identity}", "/a?{identity}"]
)
def test_no_path_patterns(pattern: str) -> None:
    (line,) = mistakes(MINIMAL.replace('"127.0.0.1:0"', f'"127.0.0.1:0", paths: ["{pattern}"]'))
    assert line.endswith(
        "listeners[0].paths[0]: should be a literal path that ends in /{identity}, such as /ocpp/{identity}"
    )


def test_listener_subprotocols_and_auth(everything_arrived: None) -> None:
    head = "listeners:\n  - bind: h:1\n"
    assert mistakes(head + "    subprotocols: [ocpp1.6, ocpp1.6]\n    default_subprotocol: ocpp2.1\n" + REST) == [
        "g.yaml:3:19: listeners[0].subprotocols: names ocpp1.6 more than once",
        "g.yaml:4:26: listeners[0].default_subprotocol: ocpp2.1 is not one of the listener's subprotocols",
    ]
    assert mistakes(head + "    auth: [forward, mtls, basic]\n" + REST) == [
        "g.yaml:3:21: listeners[0].auth[1]: mtls needs tls.client_ca",
        "g.yaml:3:27: listeners[0].auth[2]: basic needs a stations_file with password hashes",
    ]
    assert parse(head + "    auth: [none, forward]\n" + REST, {}).listeners[0].auth == ("none", "forward")


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("ws://h", "ws://h/{identity}"),
        ("wss://h:9000/a/", "wss://h:9000/a/{identity}"),
        ("ws://h/a?x=1", "ws://h/a/{identity}?x=1"),
        ("ws://h/{identity}/ocpp", "ws://h/{identity}/ocpp"),
        ("ws://[::1]:80/x?id={identity}", "ws://[::1]:80/x?id={identity}"),
    ],
)
def test_backend_urls(url: str, template: str) -> None:
    assert with_backend(f'url: "{url}"').backends["b"].url_template == template


@pytest.mark.parametrize(
    "url",
    [
        "http://h/",
        "h",
        "ws://",
        "ws:///x",
        "ws://u:geheim@h/",
        "ws://h/{id}",
        "ws://{identity}/",
        "ws://h/#a",
        "ws://h:x/",
    ],
)
def test_no_backend_urls(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_backend(f'url: "{url}"')
    (line,) = caught.value.mistakes
    assert line.startswith("gateway.yaml:5:10: backends.b.url: ")
    assert "geheim" not in line


def test_backend_credentials() -> None:
    found = with_backend("url: ws://h/\n    auth: {password: geheim}").backends["b"].auth
    assert isinstance(found, Credentials)
    assert found.username == "{identity}"
    assert found.password.get_secret_value() == "geheim"
    assert "geheim" not in repr(found)
    with pytest.raises(ConfigError) as caught:
        with_backend("url: ws://h/\n    auth: {passwrd: geheim}")
    assert caught.value.mistakes == (
        "gateway.yaml:6:5: backends.b.auth.password: is missing",
        "gateway.yaml:6:12: backends.b.auth.passwrd: unknown key; did you mean 'password'?",
    )
    with pytest.raises(ConfigError) as caught:
        with_backend("url: ws://h/\n    auth: basic")
    assert caught.value.mistakes == ("gateway.yaml:6:11: backends.b.auth: should be forward or none, not 'basic'",)


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("memory:", "memory", "memory:"),
        ("sqlite:a.db", "sqlite", "sqlite:{here}/a.db"),
        ("sqlite:../x.db", "sqlite", "sqlite:{up}/x.db"),
        ("sqlite:///tmp/x.db", "sqlite", "sqlite:/tmp/x.db"),
        ("redis://h:6379/0", "redis", "redis://h:6379/0"),
        ("rediss://:geheim@h", "redis", "rediss://***@h"),
        ("redis+sentinel://h1:1,h2/mymaster/0", "redis+sentinel", "redis+sentinel://h1:1,h2/mymaster/0"),
        ("redis+cluster://h1,h2", "redis+cluster", "redis+cluster://h1,h2"),
    ],
)
def test_stores(text: str, kind: str, shown: str, tmp_path: Path, everything_arrived: None) -> None:
    store = parse(MINIMAL + f"store: '{text}'\n", {}, path=tmp_path / "g.yaml").store
    assert store.kind == kind
    assert str(store).replace("//tmp/x", "/tmp/x") == shown.format(here=tmp_path, up=tmp_path.parent)
    assert "geheim" not in repr(store)


@pytest.mark.parametrize(
    "text",
    ["memory", "sqlite:", "sqlite::memory:", "sqlite://x.db", "sqlite:no/x.db", "redis://", "redis://h/x", "mysql://h"],
)
def test_no_stores(text: str, tmp_path: Path, everything_arrived: None) -> None:
    (line,) = mistakes(MINIMAL + f"store: '{text}'\n", path=tmp_path / "g.yaml")
    assert ":4:8: store: " in line


def test_followers(everything_arrived: None) -> None:
    text = """\
listeners: [{bind: "h:1"}]
backends: {a: {url: "ws://h/"}, b: {url: "ws://h/"}}
routes:
  - backend: a
    followers:
      - {backend: a}
      - {backend: b, allow: [SetChargingProfile, ClearChargingProfil, BootNotification]}
      - {backend: c}
      - {backend: b}
"""
    assert mistakes(text) == [
        "g.yaml:6:19: routes[0].followers[0].backend: a is already the backend of this route",
        "g.yaml:7:50: routes[0].followers[1].allow[1]: 'ClearChargingProfil' is not an action that a CSMS calls; did you mean 'ClearChargingProfile'?",
        "g.yaml:7:71: routes[0].followers[1].allow[2]: 'BootNotification' is not an action that a CSMS calls",
        "g.yaml:8:19: routes[0].followers[2].backend: no backend is named 'c'",
        "g.yaml:9:19: routes[0].followers[3].backend: b is already a follower of this route",
    ]


def test_what_has_not_arrived_is_told_rather_than_ignored(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("{}")
    text = """\
listeners: [{bind: "h:1", auth: basic}, {bind: "h:2", auth: [forward, mtls]}]
backends: {a: {url: "ws://h/", when_down: buffer, guard: {X: adopt, Y: forward, Z: reject}}}
routes: [{backend: a, followers: []}, {backend: a, followers: [{backend: a}]}]
stations_file: s.yaml
store: redis://h/0
"""
    found = [line.partition(": ")[2] for line in mistakes(text, path=tmp_path / "g.yaml")]
    for key in (
        "listeners[0].auth: this version",
        "listeners[1].auth[1]: this version",
        "backends.a.when_down: this version",
        "backends.a.guard.X: this version",
        "routes[1].followers: this version",
        "stations_file: this version",
        "store: this version",
    ):
        assert len([line for line in found if line.startswith(key)]) == 1, key
    assert len([line for line in found if "this version" in line]) == 7


def test_rejecting_unknown_stations_needs_known_ones() -> None:
    assert mistakes(MINIMAL + "unknown_stations: reject\n") == [
        "g.yaml:4:19: unknown_stations: reject refuses every station while there is no stations_file"
    ]


def test_tls_files(tmp_path: Path) -> None:
    certificates.init_ca(tmp_path / "certs")
    certificates.issue_server(tmp_path / "certs", ["localhost"])
    certificates.issue_server(tmp_path / "certs", ["localhost"], rsa_key=True)
    (tmp_path / "junk").write_text("junk")
    head = "listeners:\n  - bind: 127.0.0.1:1\n    tls: {certificate: %s, key: %s, client_ca: %s, min_version: 1.3}\n"

    pairs = "[certs/server.crt, certs/server-rsa.crt]", "[certs/server.key, certs/server-rsa.key]"
    found = load_text(tmp_path, head % (*pairs, "certs/ca.crt") + REST)
    tls = found.listeners[0].tls
    assert tls is not None
    assert tls.certificate == (tmp_path / "certs/server.crt", tmp_path / "certs/server-rsa.crt")
    assert tls.key == (tmp_path / "certs/server.key", tmp_path / "certs/server-rsa.key")
    assert (tls.client_ca, tls.min_version) == (tmp_path / "certs/ca.crt", "1.3")

    def lines(*values: str) -> list[str]:
        found = mistakes(head % values + REST, path=tmp_path / "g.yaml")
        return [line.replace(str(tmp_path), "T").partition(" ")[2] for line in found]

    assert lines("certs/server.crt", "certs/none.key", "junk") == [
        "listeners[0].tls.key: T/certs/none.key: No such file or directory",
        "listeners[0].tls.client_ca: T/junk holds no certificate in PEM form",
    ]
    assert lines("certs/server.crt", "certs/ca.key", "null") == [
        "listeners[0].tls.key: T/certs/ca.key is not the key of T/certs/server.crt"
    ]
    assert lines(pairs[0], "[certs/server.key, certs/server.key]", "null") == [
        "listeners[0].tls.key[1]: T/certs/server.key is not the key of T/certs/server-rsa.crt"
    ]
    assert lines(pairs[0], "certs/server.key", "null") == [
        "listeners[0].tls.key: the lists should be parallel; certificate has 2, key has 1"
    ]
    (junk,) = lines("junk", "certs/server.key", "null")
    assert "T/junk and T/certs/server.key are not a certificate and key in PEM form" in junk
    with pytest.raises(ConfigError) as caught:
        with_backend(f"url: wss://h/\n    tls: {{certificate: {tmp_path}/certs/server.crt}}")
    assert caught.value.mistakes == ("gateway.yaml:6:24: backends.b.tls.certificate: needs a key beside it",)


def load_text(folder: Path, text: str) -> Config:
    (folder / "g.yaml").write_text(text)
    return load(folder / "g.yaml", {})


def test_an_encrypted_key_is_told_without_asking_for_its_password(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s

    certificates.init_ca(tmp_path)
    key = s.load_pem_private_key((tmp_path / "ca.key").read_bytes(), None)
    locked = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"x"))
    (tmp_path / "locked.key").write_bytes(locked)
    text = "listeners: [{bind: 'h:1', tls: {certificate: ca.crt, key: locked.key}}]\n" + REST
    (line,) = mistakes(text, path=tmp_path / "g.yaml")
    assert line.endswith(f"{tmp_path}/locked.key is encrypted; keys are read without a password")


def test_warnings(tmp_path: Path) -> None:
    certificates.init_ca(tmp_path)
    certificates.issue_server(tmp_path, ["h"], days=3)
    text = """\
listeners:
  - {bind: "0.0.0.0:1", subprotocols: [ocpp1.6], auth: none}
  - {bind: "127.0.0.1:2", subprotocols: [ocpp1.6], auth: none}
  - {bind: "h:3", subprotocols: [ocpp1.6], auth: none, tls: {certificate: server.crt, key: server.key, min_version: 1.0}}
backends:
  a: {url: "ws://h/", tls: {ca: ca.crt}}
routes:
  - {backend: a, match: {tag: t}}
  - {backend: a, match: {subprotocol: ocpp2.1}}
  - {backend: a}
  - {backend: a, match: {identity: X}}
"""
    found = load_text(tmp_path, text)
    expires = certificates.inspect(tmp_path / "server.crt")["not_after"][:10]
    assert [line.replace(f"{tmp_path}/", "") for line in found.warnings] == [
        f"g.yaml:4:75: listeners[2].tls.certificate: server.crt expires on {expires}",
        "g.yaml:4:117: listeners[2].tls.min_version: TLS 1.0 is broken; keep such stations on a listener of their own",
        "g.yaml:6:3: backends.a.auth: forward has nothing to pass on: no listener takes a password",
        "g.yaml:6:3: backends.a.subprotocols: not given: the backend is taken to speak ocpp1.6 only",
        "g.yaml:6:28: backends.a.tls: not used: the url is ws://, without TLS",
        "g.yaml:8:31: routes[0].match.tag: never used: tags come from a stations_file",
        "g.yaml:9:39: routes[1].match.subprotocol: never used: no listener accepts ocpp2.1",
        "g.yaml:11:5: routes[3]: never used: routes[2] matches every station",
    ]
    clear = parse(MINIMAL.replace("127.0.0.1:0", "0.0.0.0:1"), {}).warnings
    assert clear == ("gateway.yaml:1:13: listeners[0]: has no tls: the passwords of stations travel in the clear",)


def test_the_example_needs_only_its_certificates(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "deploy" / "gateway.example.yaml"
    (tmp_path / "g.yaml").write_text(example.read_text())
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "g.yaml", {})
    assert [line.split(": ")[-1] for line in caught.value.mistakes] == ["No such file or directory"] * 3
    certificates.init_ca(tmp_path / "certs")
    certificates.issue_server(tmp_path / "certs", ["localhost"])
    found = load(tmp_path / "g.yaml", {})
    assert set(found.backends) == {"legacy", "cloud"}
    assert found.warnings == ()


def test_the_example_shows_every_key_and_the_defaults(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "deploy" / "gateway.example.yaml").read_text()
    for section in (
        config.Listener,
        config.ListenerTls,
        config.Backend,
        config.Route,
        config.Limits,
        config.Log,
        Config,
    ):
        for key in section.model_fields:
            assert f"{key}:" in text, key
    certificates.init_ca(tmp_path / "certs")
    certificates.issue_server(tmp_path / "certs", ["localhost"])
    example = parse(text, {}, path=tmp_path / "g.yaml")
    plain = parse(MINIMAL, {}, path=tmp_path / "g.yaml")
    for key in ("limits", "drain", "log", "admin", "store", "validation", "unknown_stations"):
        assert getattr(example, key) == getattr(plain, key), key
    same = {
        "answer_locally",
        "auth",
        "call_timeout_seconds",
        "guard",
        "hold_seconds",
        "id_token_type",
        "tls",
        "when_down",
    }
    assert example.backends["legacy"].model_dump(include=same) == plain.backends["legacy"].model_dump(include=same)
