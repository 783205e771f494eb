"""A password that a CSMS changes through the gateway: the station is never locked out, and what is not its password any
more lets nobody in (OCTT TC_A_09, TC_A_10, TC_073)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from gateway.passwords import hash_password
from tests.support import Csms, Frame, Gateway, ask, configuration, gateway

OLD, NEW = b"the old password", "canary 4711 canary"
PAIRS = [(station, csms) for station in ("ocpp1.6", "ocpp2.0.1") for csms in ("ocpp1.6", "ocpp2.0.1")]
LIMITS = {"failures_per_minute": 1000}


def site(folder: Path, csms: Csms, rule: str = "adopt", auth: Any = "basic", **more: Any) -> dict[str, Any]:
    if not (folder / "stations.yaml").exists():
        (folder / "stations.yaml").write_text(yaml.safe_dump({"CP-1": {"password_hash": hash_password(OLD)}}))
    config = configuration(
        ("legacy", csms),
        stations_file="stations.yaml",
        store=f"sqlite:{folder / 'store.db'}",
        limits=LIMITS,
        **more,
    )
    config["listeners"][0]["auth"] = auth
    config["backends"]["legacy"]["guard"] = {"AuthorizationKey": rule}
    return config


def change(version: str, value: str, message_id: str = "c1") -> Frame:
    """The CSMS's call, `value` the password as text (1.6: its hex digits)."""
    if version == "ocpp1.6":
        digits = value if all(one in "0123456789abcdefABCDEF" for one in value) else value.encode().hex()
        return [2, message_id, "ChangeConfiguration", {"key": "AuthorizationKey", "value": digits}]
    one = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}, "attributeValue": value}
    return [2, message_id, "SetVariables", {"setVariableData": [one]}]


def answered(call: Frame, status: str) -> Frame:
    if call[2] == "ChangeConfiguration":
        return [3, call[1], {"status": status}]
    results = [
        {"attributeStatus": status, "component": item["component"], "variable": item["variable"]}
        for item in call[3]["setVariableData"]
    ]
    return [3, call[1], {"setVariableResult": results}]


def status_of(answer: Any) -> str:
    told = answer["setVariableResult"][0]["attributeStatus"] if "setVariableResult" in answer else answer["status"]
    return str(told)


async def told(station: ClientConnection) -> Frame:
    """The change as it comes to the station; what else it is asked it does not know."""
    while True:
        frame: Frame = json.loads(await station.recv())
        if frame[0] == 2 and frame[2] in ("ChangeConfiguration", "SetVariables"):
            return frame
        if frame[0] == 2:
            await station.send(json.dumps([4, frame[1], "NotImplemented", "", {}]))


def answer_to(csms: Csms, message_id: str) -> Any:
    return next((frame[2] for frame in csms.frames if frame[0] == 3 and frame[1] == message_id), None)


def header(password: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(b"CP-1:" + password).decode()}


async def login(running: Gateway, password: bytes, version: str = "ocpp1.6") -> ClientConnection:
    return await running.station("/CP-1", version, additional_headers=header(password))


async def enters(running: Gateway, *passwords: bytes, version: str = "ocpp1.6") -> list[int]:
    """What a station gets that comes with one after the other."""
    found = []
    for password in passwords:
        try:
            ws = await login(running, password, version)
        except InvalidStatus as refused:
            found.append(refused.response.status_code)
        else:
            await ws.close()
            found.append(101)
    return found


async def changed(running: Gateway, csms: Csms, version: str, value: str, status: str, message_id: str = "c1") -> Frame:
    """One change from the CSMS's call to its answer; gives what the station was asked."""
    station = await login(running, OLD, version)
    await csms.wait(lambda: csms.connections)
    await csms.send(change(csms.subprotocols[0], value, message_id))
    call = await told(station)
    await station.send(json.dumps(answered(call, status)))
    answer = await csms.wait(lambda: answer_to(csms, message_id))
    assert status_of(answer) == status
    await station.close()
    return call


def nowhere(folder: Path, running: Gateway, *secrets: str) -> None:
    """The secrets stand neither in the log nor in the store, in no spelling."""
    log = "".join(running.log).casefold()
    kept = b"".join(path.read_bytes() for path in folder.glob("store.db*")).lower()
    for secret in secrets:
        octets = secret.encode()
        for text in (secret, octets.hex(), base64.b64encode(octets).decode(), "4711 canary"):
            assert text.casefold() not in log
            assert text.casefold().encode() not in kept


@pytest.mark.parametrize(
    ("station", "csms_version", "status"),
    [(*pair, "Accepted") for pair in PAIRS] + [(*PAIRS[0], "RebootRequired"), (*PAIRS[3], "RebootRequired")],
)
async def test_accepted(tmp_path: Path, station: str, csms_version: str, status: str) -> None:
    """TC_A_09: both hold until the first login with the new one, also over a restart; then it alone."""
    new = NEW.encode()
    async with Csms(subprotocols=(csms_version,)).running() as csms:
        config = site(tmp_path, csms)
        async with gateway(tmp_path, config) as running:
            await changed(running, csms, station, NEW, status)
            # A station may keep the old one for as long as it likes.
            assert await enters(running, OLD, OLD, b"neither of them.", version=station) == [101, 101, 401]
            events = await csms.wait(lambda: running.events("guarded"))
            assert events[0] | {"station": "CP-1", "backend": "legacy", "rule": "adopt"} == events[0]
            assert events[0]["outcome"] == ("accepted" if status == "Accepted" else "reboot_required")
            assert events[0]["name"] in ("AuthorizationKey", "BasicAuthPassword")
        nowhere(tmp_path, running, NEW)
        async with gateway(tmp_path, config) as running:
            assert await enters(running, OLD, new, OLD, new, version=station) == [101, 101, 401, 101]
        async with gateway(tmp_path, config) as running:
            assert await enters(running, OLD, new, version=station) == [401, 101]
        nowhere(tmp_path, running, NEW)
        assert b"station/secret" in b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))


@pytest.mark.parametrize(("station", "csms_version"), PAIRS)
async def test_rejected(tmp_path: Path, station: str, csms_version: str) -> None:
    """TC_A_10: the new one is nobody's password."""
    async with Csms(subprotocols=(csms_version,)).running() as csms:
        config = site(tmp_path, csms)
        async with gateway(tmp_path, config) as running:
            await changed(running, csms, station, NEW, "Rejected")
            assert await enters(running, NEW.encode(), OLD, NEW.encode(), version=station) == [401, 101, 401]
            assert [event["outcome"] for event in await running.told("guarded")] == ["rejected"]
        nowhere(tmp_path, running, NEW)


@pytest.mark.parametrize(("station", "csms_version"), PAIRS)
async def test_the_gateway_is_killed_before_the_answer(tmp_path: Path, station: str, csms_version: str) -> None:
    """What the station was told is durable before it is told."""
    async with Csms(subprotocols=(csms_version,)).running() as csms:
        config = site(tmp_path, csms)
        async with gateway(tmp_path, config) as running:
            ws = await login(running, OLD, station)
            await csms.wait(lambda: csms.connections)
            await csms.send(change(csms_version, NEW))
            await told(ws)
            running.process.kill()
            await running.process.wait()
        nowhere(tmp_path, running, NEW)
        async with gateway(tmp_path, config) as running:
            assert await enters(running, OLD, NEW.encode(), OLD, version=station) == [101, 101, 401]


async def test_a_lost_answer_and_then_another_change(tmp_path: Path) -> None:
    """An answer that never comes leaves both; the next change that is taken is over all that went unanswered."""
    first, second = "canary canary one", "canary canary two"
    async with Csms().running() as csms:
        config = site(tmp_path, csms)
        async with gateway(tmp_path, config) as running:
            ws = await login(running, OLD)
            await csms.wait(lambda: csms.connections)
            await csms.send(change("ocpp1.6", first))
            await told(ws)
            await ws.close()
            assert await enters(running, OLD) == [101]
            await changed(running, csms, "ocpp1.6", second, "Accepted", "c2")
            assert await enters(running, first.encode(), OLD, second.encode(), OLD) == [401, 101, 101, 401]
            # The next one begins from there.
            ws = await login(running, second.encode())
            await csms.send(change("ocpp1.6", first, "c3"))
            await ws.send(json.dumps(answered(await told(ws), "Accepted")))
            await csms.wait(lambda: answer_to(csms, "c3"))
            assert await enters(running, second.encode(), first.encode(), second.encode()) == [101, 101, 401]
        nowhere(tmp_path, running, first, second)


async def test_too_many_changes_without_an_answer(tmp_path: Path) -> None:
    """Any of them could be what the station has, so that none is forgotten: the fifth is refused."""
    async with Csms().running() as csms:
        config = site(tmp_path, csms)
        async with gateway(tmp_path, config) as running:
            for number in range(4):
                ws = await login(running, OLD)
                await csms.send(change("ocpp1.6", f"a canary number {number}", f"c{number}"))
                await told(ws)
                await ws.close()
            ws = await login(running, OLD)
            await csms.send([2, "none", "ChangeConfiguration", {"key": "AuthorizationKey", "value": ""}])
            assert (await csms.wait(lambda: answer_to(csms, "none"))) == {"status": "Rejected"}
            await csms.send(change("ocpp1.6", NEW, "last"))
            assert (await csms.wait(lambda: answer_to(csms, "last"))) == {"status": "Rejected"}
            await csms.wait(lambda: running.events("guarded")[-1]["why"] == "too many changes unanswered")
            assert await enters(running, NEW.encode(), b"a canary number 0", OLD) == [401, 101, 401]


@pytest.mark.parametrize("given", ["lower", "upper", "short", "text"])
async def test_forms_of_a_key_of_1_6(tmp_path: Path, given: str) -> None:
    """Hex digits over OCPP, octets in HTTP Basic; stations in the field send what they were given."""
    octets = {"short": bytes(range(0xA0, 0xA8)), "text": b"not hexadecimal!"}.get(given, bytes(range(0xB0, 0xC4)))
    value = octets.decode() if given == "text" else octets.hex().upper() if given == "upper" else octets.hex()
    sent = [octets, value.encode()]
    if given in ("lower", "upper"):
        sent += [octets.hex().encode(), octets.hex().upper().encode()]
    async with Csms().running() as csms:
        async with gateway(tmp_path, site(tmp_path, csms)) as running:
            station = await login(running, OLD)
            await csms.wait(lambda: csms.connections)
            await csms.send([2, "c1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": value}])
            call = await told(station)
            assert call[3]["value"] == value
            await station.send(json.dumps(answered(call, "Accepted")))
            await csms.wait(lambda: answer_to(csms, "c1"))
            if given == "short":
                # Octets, or their digits taken for a text: what the station comes in with is known from then on.
                assert await enters(running, value.encode(), OLD, value.encode(), octets) == [101, 401, 101, 101]
            else:
                assert await enters(running, *sent, OLD) == [101] * len(sent) + [401]


async def test_what_has_no_form_in_the_other_version(tmp_path: Path) -> None:
    """Never cut short: it would be another password."""
    for station, csms_version, value in (
        ("ocpp2.0.1", "ocpp1.6", bytes(range(0xA0, 0xB4)).hex()),
        ("ocpp1.6", "ocpp2.0.1", "longer than the twenty octets of 1.6"),
    ):
        async with Csms(subprotocols=(csms_version,)).running() as csms:
            config = site(tmp_path, csms)
            async with gateway(tmp_path, config) as running:
                ws = await login(running, OLD, station)
                await csms.wait(lambda: csms.connections)
                await csms.send(change(csms_version, value))
                answer = await csms.wait(lambda: answer_to(csms, "c1"))
                assert status_of(answer) == "Rejected"
                await ws.close()
                assert await enters(running, OLD, version=station) == [101]
            nowhere(tmp_path, running, value)


async def test_the_file_is_believed_again_when_it_changes(tmp_path: Path) -> None:
    third = b"set by an operator"
    async with Csms().running() as csms:
        config = site(tmp_path, csms)
        async with gateway(tmp_path, config) as running:
            await changed(running, csms, "ocpp1.6", NEW, "Accepted")
            assert await enters(running, NEW.encode(), OLD) == [101, 401]
        (tmp_path / "stations.yaml").write_text(yaml.safe_dump({"CP-1": {"password_hash": hash_password(third)}}))
        async with gateway(tmp_path, config) as running:
            assert await enters(running, NEW.encode(), OLD, third) == [401, 401, 101]
        (tmp_path / "stations.yaml").write_text(yaml.safe_dump({"CP-1": {"password_hash": hash_password(OLD)}}))
        async with gateway(tmp_path, config) as running:
            assert await enters(running, NEW.encode(), OLD) == [401, 101]


async def test_where_backends_judge_adopt_is_forward(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = site(tmp_path, csms, auth="forward")
        config["backends"]["legacy"]["auth"] = "forward"
        async with gateway(tmp_path, config) as running:
            await changed(running, csms, "ocpp1.6", NEW, "Accepted")
            # The station's own credentials go to the backend, whatever they are.
            assert await enters(running, NEW.encode(), OLD) == [101, 101]
            assert csms.requests[-1].headers["Authorization"] == header(OLD)["Authorization"]
        assert b"station/secret" not in (tmp_path / "store.db").read_bytes()


async def test_refused_and_forwarded_by_rule(tmp_path: Path) -> None:
    """`forward` follows nothing: the operator says that somebody else does."""
    for rule, status, password in (("reject", "Rejected", OLD), ("forward", "Accepted", OLD)):
        async with Csms().running() as csms:
            async with gateway(tmp_path, site(tmp_path, csms, rule)) as running:
                if rule == "forward":
                    await changed(running, csms, "ocpp1.6", NEW, status)
                else:
                    ws = await login(running, OLD)
                    await csms.wait(lambda: csms.connections)
                    await csms.send(change("ocpp1.6", NEW))
                    assert (await csms.wait(lambda: answer_to(csms, "c1"))) == {"status": status}
                    assert (await ask(ws, [2, "h", "Heartbeat", {}]))[0] == 3
                    await ws.close()
                assert await enters(running, password, NEW.encode()) == [101, 401]
                told_ = [(event["rule"], event["outcome"]) for event in await running.told("guarded")]
                assert told_ == [(rule, "refused" if rule == "reject" else "accepted")]
            nowhere(tmp_path, running, NEW)
