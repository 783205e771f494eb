"""The HAProxy and nginx examples at work: two real gateways behind a real proxy, as the files under deploy/ configure it."""

import asyncio
import json
import re
import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gateway import certificates
from tests.observe.test_deploy import DEPLOY
from tests.support import Csms, Frame, Gateway, ask, configuration, free_port, gateway

_HOME = "127.0.0.77"
"""Where the station is, as the gateways must learn."""


@asynccontextmanager
async def _two(folder: Path, csms: Csms, *, tls: bool, **listener: Any) -> AsyncIterator[tuple[Gateway, Gateway]]:
    def config() -> dict[str, Any]:
        made = configuration(("cloud", csms))
        made["listeners"][0].update(trusted_proxies=["127.0.0.1/32"], **listener)
        return made

    folders = [folder / "one", folder / "other"]
    for one in folders:
        one.mkdir()
        shutil.copytree(folder / "certs", one / "certs")
    async with gateway(folders[0], config(), tls=tls) as one, gateway(folders[1], config(), tls=tls) as other:
        yield one, other


@asynccontextmanager
async def _proxy(port: int, *command: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(20):
            while True:
                assert process.returncode is None, "the proxy did not start"
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                break
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _station(certs: Path, port: int, identity: str) -> ClientConnection:
    context = ssl.create_default_context(cafile=certs / "ca.crt")
    return await connect(
        f"wss://localhost:{port}/{identity}",
        ssl=context,
        subprotocols=[Subprotocol("ocpp1.6")],
        compression=None,
        local_addr=(_HOME, 0),
        host="127.0.0.1",
        server_hostname="localhost",
    )


def _served(running: Gateway) -> list[dict[str, Any]]:
    return running.events("session_began")


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.05)


def _answer(frame: Frame) -> Any:
    return {"currentTime": "2026-11-21T10:00:00Z"} if frame[2] == "Heartbeat" else None


def _made(folder: Path) -> Path:
    certificates.init_ca(folder / "certs")
    certificates.issue_server(folder / "certs", ["localhost"])
    return folder / "certs"


@pytest.mark.parametrize("header", ["send-proxy-v2", "send-proxy"])
async def test_haproxy_passes_tls_on_tells_the_address_and_leaves_a_node_that_is_gone(
    tmp_path: Path, header: str
) -> None:
    certs = _made(tmp_path)
    port = free_port()
    async with (
        Csms(_answer, ("ocpp1.6",)).running() as csms,
        _two(tmp_path, csms, tls=True, proxy_protocol=True) as two,
    ):
        text = (DEPLOY / "haproxy/haproxy.cfg").read_text(encoding="utf-8")
        assert "send-proxy-v2" in text
        text = text.replace("send-proxy-v2", header)
        text = text.replace("bind :8443", f"bind 127.0.0.1:{port}").replace(" port 9090", "")
        # As many descriptors as a test may have.
        text = text.replace("maxconn 60000", "maxconn 100")
        for name, running in zip(("1", "2"), two, strict=True):
            where = f"127.0.0.1:{running.port} port {running.admin}"
            text = re.sub(rf'"\$\{{GATEWAY_{name}\}}":8443', where, text)
        path = tmp_path / "haproxy.cfg"
        path.write_text(text)
        async with _proxy(port, "haproxy", "-db", "-f", str(path)):
            stations = [await _station(certs, port, f"CP-{number}") for number in range(4)]
            for station in stations:
                assert (await ask(station, [2, "1", "Heartbeat", {}]))[0] == 3
            await _until(lambda: len(_served(two[0])) == len(_served(two[1])) == 2)
            assert {event["remote"] for running in two for event in _served(running)} == {_HOME}
            two[0].process.send_signal(signal.SIGTERM)
            await two[0].process.wait()
            for number in range(4):
                again = await _station(certs, port, f"CP-{number}")
                assert (await ask(again, [2, "2", "Heartbeat", {}]))[0] == 3
            assert len(_served(two[1])) == 2 + 4


async def test_nginx_takes_tls_away_tells_the_address_and_asks_the_other_when_one_drains(tmp_path: Path) -> None:
    certs = _made(tmp_path)
    port = free_port()
    async with Csms(_answer, ("ocpp2.0.1",)).running() as csms, _two(tmp_path, csms, tls=False) as two:
        text = (DEPLOY / "nginx/nginx.conf").read_text(encoding="utf-8")
        text = text.replace("listen 8443", f"listen 127.0.0.1:{port}").replace("/etc/nginx/certs", str(certs))
        for name, running in zip(("1", "2"), two, strict=True):
            text = text.replace(f"gateway-{name}:8080", f"127.0.0.1:{running.port}")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "\n".join(f"    {kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
        path = tmp_path / "nginx.conf"
        path.write_text(text.replace("http {", f"http {{\n{paths}", 1))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        more = f"daemon off; pid {tmp_path}/pid; error_log stderr crit;"
        async with _proxy(port, nginx, "-p", str(tmp_path), "-c", str(path), "-g", more):
            stations = [await _station(certs, port, f"CP-{number}") for number in range(4)]
            await _until(lambda: len(_served(two[0])) + len(_served(two[1])) == 4)
            assert {event["remote"] for running in two for event in _served(running)} == {_HOME}
            draining = two[0] if _served(two[0]) else two[1]
            staying = two[1] if draining is two[0] else two[0]
            before = len(_served(staying))
            # Calls the CSMS does not answer keep the node from ending its drain at once.
            for station in stations:
                await station.send(json.dumps([2, "a", "Authorize", {"idTag": "04A1B2C3"}]))
            await csms.wait(lambda: len(csms.calls("Authorize")) == 4)
            draining.process.send_signal(signal.SIGTERM)
            await _until(lambda: draining.events("drain_began"))
            for number in range(4, 8):
                station = await _station(certs, port, f"CP-{number}")
                assert (await ask(station, [2, "1", "Heartbeat", {}]))[0] == 3
            await _until(lambda: len(_served(staying)) == before + 4)
            assert not draining.events("drain_ended"), "it was still there to say 503"
            for station in stations:
                await station.close()
            await draining.process.wait()
