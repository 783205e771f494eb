"""Backends that are not who they should be, and secrets that go nowhere else."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import yaml

from tests.integration.secured import Site, basic, rejections
from tests.integration.test_stations import status
from tests.pki import SERVER, Authority, Files
from tests.support import Csms, Gateway, configuration, gateway


def serving(files: Files) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files.pair)
    return context


async def test_a_backend_that_cannot_show_who_it_is_is_not_spoken_to(tmp_path: Path) -> None:
    site, other = Site(tmp_path), Authority(tmp_path / "other", "other")
    issue = site.authority.issue
    wrong = {
        "wrong host": issue("host", "x", names=["elsewhere.example"], purposes=(SERVER,)),
        "expired": issue("old", "x", names=["localhost"], purposes=(SERVER,), begins=-9, ends=-1),
        "another authority": other.issue("self", "x", names=["localhost"], purposes=(SERVER,)),
        "a station": issue("station", "x", names=["localhost"]),
    }
    backends = {name: Csms() for name in (*wrong, "right")}
    config = configuration(*backends.items())
    config["routes"] = [{"match": {"identity": f"CP-{n}"}, "backend": name} for n, name in enumerate(backends)]
    for name, csms in backends.items():
        url = csms.url.replace("ws://127.0.0.1", "wss://localhost")
        config["backends"][name] |= {"url": url, "tls": {"ca": str(site.authority.file)}, "auth": "forward"}
    config["listeners"][0]["auth"] = "forward"
    async with gateway(tmp_path, config) as running:
        for number, (name, csms) in enumerate(backends.items()):
            async with csms.running(ssl=serving(wrong.get(name, site.server))):
                headers = basic(f"CP-{number}")
                expected = 101 if name == "right" else 503
                assert await status(running, f"/CP-{number}", additional_headers=headers) == expected, name
                assert len(csms.requests) == (name == "right")
        assert await rejections(running, "backend_tls") == len(wrong)


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """Or a backend could have a station's password carried to wherever it likes."""
    asked = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as thief:
        port = thief.sockets[0].getsockname()[1]

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                f"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n".encode()
            )
            writer.close()

        csms = Csms()
        config = configuration(("legacy", csms))
        config["listeners"][0]["auth"] = config["backends"]["legacy"]["auth"] = "forward"
        async with await asyncio.start_server(redirect, "127.0.0.1", csms.port), gateway(tmp_path, config) as running:
            assert await status(running, "/CP-1", additional_headers=basic()) == 503
            assert await rejections(running, "backend_refused") == 1
    assert asked == []


async def test_secrets_upstream(tmp_path: Path) -> None:
    """A station's own password goes to the backend it is forwarded to; towards a backend with credentials of the gateway's
    goes the one that the stations file has for it, or the one for all."""
    async with Csms().running() as first, Csms().running() as second:
        config = configuration(("first", first), ("second", second), stations_file="stations.yaml")
        (tmp_path / "stations.yaml").write_text(yaml.safe_dump({"CP-2": {"csms_password": "${CP_2:-of CP-2 there}"}}))
        config["listeners"][0]["auth"] = "forward"
        config["backends"]["first"]["auth"] = {"username": "gw-{identity}", "password": "of all"}
        config["backends"]["second"]["auth"] = "forward"
        config["routes"] = [{"match": {"identity": "CP-[12]"}, "backend": "first"}, {"backend": "second"}]
        async with gateway(tmp_path, config) as running:
            for number in (1, 2, 3):
                headers = basic(f"CP-{number}", "its own secret")
                assert await status(running, f"/CP-{number}", additional_headers=headers) == 101
            assert _sent(first) == [basic("gw-CP-1", "of all"), basic("gw-CP-2", "of CP-2 there")]
            assert _sent(second) == [basic("CP-3", "its own secret")]
            _silent(running, "its own secret", "of CP-2 there", "of all")


def _sent(csms: Csms) -> list[dict[str, Any]]:
    return [{"Authorization": request.headers["Authorization"]} for request in csms.requests]


def _silent(running: Gateway, *secrets: str) -> None:
    log = "".join(running.log)
    assert not [secret for secret in secrets if secret in log]
