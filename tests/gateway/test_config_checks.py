"""What keys must have in common, and what is only odd."""

from pathlib import Path

import pytest

from gateway import certificates
from gateway.config import ConfigError, parse
from tests.gateway.config_text import MINIMAL, REST, load_text, mistakes, with_backend
from translators.local import ANSWERABLE


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


def test_listener_subprotocols_and_auth() -> None:
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


def test_quirks_are_known() -> None:
    head = "listeners: [{bind: h:80}]\nbackends: {a: {url: 'ws://h/'}}\n"
    assert mistakes(
        head + "routes:\n  - backend: a\n    quirks: [kebab, -zj_beny, -, webasto_next, webasto_next]\n"
    ) == [
        "g.yaml:5:13: routes[0].quirks: names webasto_next more than once",
        "g.yaml:5:14: routes[0].quirks[0]: 'kebab' is not a quirk; did you mean 'keba'?",
        "g.yaml:5:31: routes[0].quirks[2]: '-' is not a quirk",
    ]
    found = parse(head + "routes: [{backend: a, quirks: [keba, -abl]}]\n", {})
    assert found.routes[0].quirks == ("keba", "-abl")


def test_guards_are_names_of_what_is_guarded() -> None:
    head = "listeners: [{bind: h:80}]\nroutes: [{backend: a}]\nbackends:\n  a:\n    url: ws://h/\n    guard:\n"
    assert mistakes(
        head + "      SetVariable: reject\n      OcppServerURI: forward\n      HeartbeatInterval: reject\n"
        "      installcertificate: forward\n      SecurityCtrlr.Identity: forward\n"
    ) == [
        "g.yaml:7:7: backends.a.guard.SetVariable: 'SetVariable' is not a call, key or variable that is guarded; did you mean 'SetVariables'?",
        "g.yaml:8:7: backends.a.guard.OcppServerURI: 'OcppServerURI' is not a call, key or variable that is guarded; did you mean 'OcppServerURL'?",
        "g.yaml:9:7: backends.a.guard.HeartbeatInterval: 'HeartbeatInterval' is not a call, key or variable that is guarded",
        "g.yaml:10:7: backends.a.guard.installcertificate: 'installcertificate' is not a call, key or variable that is guarded; did you mean 'InstallCertificate'?",
        "g.yaml:11:7: backends.a.guard.SecurityCtrlr.Identity: 'SecurityCtrlr.Identity' is not a call, key or variable that is guarded",
    ]
    rules = "      SetNetworkProfile: reject\n      ocpp_server-url: forward\n      SignCertificate: reject\n"
    assert set(parse(head + rules, {}).backends["a"].guard) == {
        "SetNetworkProfile",
        "ocpp_server-url",
        "SignCertificate",
    }


def test_what_only_a_csms_can_answer_is_not_answered_here() -> None:
    allowed = ", ".join(sorted(ANSWERABLE))
    text = MINIMAL.replace("subprotocols:", "answer_locally: [DataTransfer, Authorize, NotifyEvnt], subprotocols:")
    assert [line.partition(".answer_locally")[2] for line in mistakes(text)] == [
        f"[1]: 'Authorize' cannot be answered here. Allowed are {allowed}",
        f"[2]: 'NotifyEvnt' cannot be answered here; did you mean 'NotifyEvent'? Allowed are {allowed}",
    ]


def test_followers() -> None:
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


def test_what_a_follower_cannot_call_in_its_version_is_a_mistake_and_credentials_it_never_gets_a_warning() -> None:
    text = """\
listeners: [{bind: "127.0.0.1:1"}]
backends:
  a: {url: "ws://h/", subprotocols: [ocpp1.6]}
  b: {url: "ws://h/", subprotocols: [ocpp2.0.1]}
routes:
  - backend: a
    followers: [{backend: b, allow: [Reset, RemoteStartTransaction]}]
"""
    assert mistakes(text) == [
        "g.yaml:7:45: routes[0].followers[0].allow[1]: b speaks ocpp2.0.1, which has no RemoteStartTransaction"
    ]
    found = parse(text.replace(", RemoteStartTransaction", ""), {}, path=Path("g.yaml")).warnings
    assert [line for line in found if "followers" in line] == [
        "g.yaml:7:27: routes[0].followers[0].backend: b has auth: forward, but a follower is never sent a station's own credentials"
    ]


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
        (
            "g.yaml:6:3: backends.a.auth: forward has nothing to pass on: no listener's auth is forward; "
            "write none, or the backend's own username and password"
        ),
        "g.yaml:6:3: backends.a.subprotocols: not given: the backend is taken to speak ocpp1.6 only",
        "g.yaml:6:28: backends.a.tls: not used: the url is ws://, without TLS",
        "g.yaml:8:31: routes[0].match.tag: never used: tags come from a stations_file",
        "g.yaml:9:39: routes[1].match.subprotocol: never used: no listener accepts ocpp2.1",
        "g.yaml:11:5: routes[3]: never used: routes[2] matches every station",
    ]
    clear = parse(MINIMAL.replace("127.0.0.1:0", "0.0.0.0:1"), {}).warnings
    assert clear == ("gateway.yaml:1:13: listeners[0]: has no tls: the passwords of stations travel in the clear",)


def test_what_listeners_demand_of_stations(tmp_path: Path) -> None:
    certificates.init_ca(tmp_path)
    certificates.issue_server(tmp_path, ["localhost"])
    head = "listeners:\n  - bind: h:1\n"
    tls = "    tls: {certificate: server.crt, key: server.key, client_ca: ca.crt, client_crl: [ca.crt, server.crt]}\n"
    path = tmp_path / "g.yaml"
    assert mistakes(head + tls + REST, path=path) == [
        f"{path}:3:85: listeners[0].tls.client_crl[0]: {tmp_path}/ca.crt holds no certificate revocation list in PEM form",
        f"{path}:3:93: listeners[0].tls.client_crl[1]: {tmp_path}/server.crt holds no certificate revocation list in PEM form",
    ]
    tls = "    tls: {certificate: server.crt, key: server.key, client_organisation: X}\n"
    assert mistakes(head + tls + REST, path=path) == [
        f"{path}:3:74: listeners[0].tls.client_organisation: client_organisation needs a client_ca"
    ]
    assert mistakes(head + "    proxy_protocol: true\n    trusted_proxies: [10.0.0.1/8, x]\n" + REST) == [
        "g.yaml:4:23: listeners[0].trusted_proxies[0]: should be an address or a network such as 10.0.0.0/8, its host bits 0",
        "g.yaml:4:35: listeners[0].trusted_proxies[1]: should be an address or a network such as 10.0.0.0/8, its host bits 0",
    ]
    assert mistakes(head + "    proxy_protocol: true\n" + REST) == [
        "g.yaml:3:21: listeners[0].proxy_protocol: needs trusted_proxies: from anybody else the header is a stranger's word"
    ]
    found = parse(head + "    trusted_proxies: [10.0.0.0/8, '2001:db8::1']\n" + REST, {}).listeners[0]
    assert [str(network) for network in found.trusted_proxies] == ["10.0.0.0/8", "2001:db8::1/128"]


def test_security_profiles_that_no_station_can_have() -> None:
    head = "listeners:\n  - bind: 127.0.0.1:1\n    auth: "
    assert mistakes(head + "forward\n    security_profiles: [1, 2, 4]\n" + REST) == [
        "g.yaml:4:28: listeners[0].security_profiles[1]: no station can have profile 2 here, with this tls and auth",
        "g.yaml:4:31: listeners[0].security_profiles[2]: should be 3 or less",
    ]
    assert mistakes(head + "none\n    security_profiles: [0, 1]\n" + REST) == [
        "g.yaml:4:28: listeners[0].security_profiles[1]: no station can have profile 1 here, with this tls and auth"
    ]
    assert parse(head + "forward\n    security_profiles: [1]\n" + REST, {}).listeners[0].security_profiles == (1,)


def test_buffer_needs_a_store_that_lasts() -> None:
    text = "listeners: [{bind: h:80}]\nroutes: [{backend: a}]\nbackends:\n  a: {url: 'ws://h/', when_down: buffer}\n"
    assert parse(text, {}).backends["a"].when_down == "buffer"
    what = "buffer needs a store that survives a crash: what was answered would be lost with it"
    assert mistakes(text + "store: 'memory:'\n") == [f"g.yaml:4:34: backends.a.when_down: {what}"]
    (odd, *_) = [line for line in parse(text, {}, path=Path("g.yaml")).warnings if "when_down" in line]
    assert odd.endswith("with forward, what buffer keeps is delivered only while its station is connected")


def test_a_route_for_a_listener_that_there_is_not_is_odd(tmp_path: Path) -> None:
    text = """\
listeners: [{bind: "127.0.0.1:9", name: depot, auth: none}]
backends: {a: {url: "ws://localhost", subprotocols: [ocpp1.6], auth: none}}
routes:
  - {match: {listener: depot}, backend: a}
  - {match: {listener: "127.0.0.1:9"}, backend: a}
  - {match: {listener: yard}, backend: a}
"""
    found = load_text(tmp_path, text)
    assert [line.partition("routes")[2] for line in found.warnings] == [
        "[2].match.listener: never used: no listener is called yard"
    ]
