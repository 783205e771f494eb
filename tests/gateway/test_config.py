"""The configuration file: what is accepted, and that every mistake of a run is told with its place."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway import certificates, config
from gateway.config import Bind, Config, ConfigError, Credentials, load, parse
from gateway.config.wording import suggestion
from tests.gateway.config_text import MINIMAL, REST, mistakes, with_backend
from translators.local import ANSWERABLE


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
        "connections_per_source": None,
        "max_handshakes": 4096,
        "handshakes_per_source": 1024,
        "accepts_per_second": 500,
        "failures_per_minute": 10,
        "source_failures_per_minute": 300,
        "max_frame_bytes": 1048576,
        "handshake_seconds": 10,
        "connects_per_second": 250,
        "frames_per_second": 50,
        "ping_seconds": 30,
        "pong_seconds": 10,
        "queue_calls": 16,
        "write_seconds": 10,
        "store_seconds": 5,
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
        "g.yaml:11:22: backends.legacy.answer_locally[0]: 'Heartbeet' cannot be answered here; did you mean 'Heartbeat'? Allowed are "
        + ", ".join(sorted(ANSWERABLE)),
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
        (
            "a: b: c\n",
            "g.yaml:1:5: (file): not valid YAML: mapping values are not allowed in this context; a value with a colon",
        ),
        ("a:\n\t- x\n", "g.yaml:2:1: (file): not valid YAML: while scanning for the next token, "),
        ("é: é\nö: ü\x01\n", "g.yaml:2:5: (file): not valid YAML: the character U+0001 is not allowed"),
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


def test_one_text_will_do_where_a_list_is_wanted() -> None:
    found = parse(
        """\
listeners: [{bind: "127.0.0.1:0", paths: "/a/{identity}", subprotocols: ocpp1.6}]
backends: {legacy: {url: "ws://10.0.0.5/ocpp", subprotocols: ocpp1.6}}
routes: [{backend: legacy}]
log: {redact: idTag}
""",
        {},
    )
    (listener,), backend = found.listeners, found.backends["legacy"]
    assert (listener.paths, listener.subprotocols) == (("/a/{identity}",), ("ocpp1.6",))
    assert (backend.subprotocols, found.log.redact) == (("ocpp1.6",), ("idTag",))
    assert mistakes(
        MINIMAL.replace('"127.0.0.1:0"', '"127.0.0.1:0", subprotocols: ocpp1.6, default_subprotocol: ocpp2.1')
    ) == ["g.yaml:1:79: listeners[0].default_subprotocol: ocpp2.1 is not one of the listener's subprotocols"]


def test_a_section_with_nothing_under_it_means_its_defaults_but_tls_does_not() -> None:
    assert parse(MINIMAL + "limits:\nlog:\nadmin:\n", {}).limits.queue_calls == 16
    assert parse(MINIMAL + "store:\n", {}).store.kind == "sqlite"
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


def test_the_beginning_of_a_key_is_told_from_the_whole() -> None:
    assert suggestion("cert", ["key", "certificate", "client_ca"]) == "; did you mean 'certificate'?"
    assert suggestion("max", ["max_connections", "max_frame_bytes"]) == ""  # either may be meant
    assert suggestion("ce", ["certificate"]) == ""


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


def test_what_cannot_be_adopted_is_told(tmp_path: Path) -> None:
    text = """\
listeners: [{bind: "h:1"}]
backends:
  a:
    url: ws://h/
    subprotocols: ocpp1.6
    station_certificates: gateway
    guard: {OcppServerURL: adopt, Identity: adopt, authorization_key: adopt, SetNetworkProfile: adopt}
routes: [{backend: a}]
"""
    found = [line.partition(": ")[2] for line in mistakes(text, path=tmp_path / "g.yaml")]
    assert [line.partition(":")[0] for line in found if "adopted" in line] == [
        "backends.a.guard.OcppServerURL",
        "backends.a.guard.Identity",
    ]
    assert "backends.a.station_certificates: gateway needs a station_ca" in found


def test_the_authority_of_stations_is_looked_at(tmp_path: Path) -> None:
    certificates.init_ca(tmp_path)
    certificates.init_ca(tmp_path / "other")
    text = MINIMAL + "\nstation_ca: {certificate: ca.crt, key: ca.key, days: 30}\n"
    assert parse(text, {}, path=tmp_path / "g.yaml").station_ca is not None
    for key in ("other/ca.key", "gone.key"):
        (line,) = mistakes(text.replace("ca.key", key), path=tmp_path / "g.yaml")
        assert "station_ca.key" in line


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
