"""Certificates, authorities and revocation lists are changed on disk under a running gateway."""

import asyncio
import signal
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.secured import Site
from tests.pki import SERVER, Authority, Files, replace
from tests.support import Csms, Gateway, ask, gateway

LISTENER = "listener"


def server(site: Site, name: str, ends: int = 30) -> Files:
    return site.authority.issue(name, name, names=["localhost"], purposes=(SERVER,), ends=ends)


def put(site: Site, files: Files) -> None:
    """Another certificate, its key a moment later: never both at once."""
    replace(site.server.certificate, files.certificate.read_bytes())
    replace(site.server.key, files.key.read_bytes())


async def name_served(running: Gateway, site: Site) -> str:
    _, writer = await asyncio.open_connection("localhost", running.port, ssl=site.context())
    subject = writer.get_extra_info("peercert")["subject"]
    writer.transport.abort()
    return str(dict(item[0] for item in subject)["commonName"])


async def failed(running: Gateway) -> float:
    place = f"listener 127.0.0.1:{running.port}"
    return await running.metric(f'ocpp_gateway_certificate_reload_failed{{place="{place}"}}')


async def eventually(condition: Any, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_a_certificate_is_renewed_by_itself_and_nobody_is_disturbed(tmp_path: Path, loop: str) -> None:
    site = Site(tmp_path)
    series = 'ocpp_gateway_certificate_expiry_timestamp_seconds{certificate="server.crt"}'
    async with Csms().running() as csms:
        async with gateway(tmp_path, site.config(csms, tls=site.tls(), auth="none"), loop=loop) as running:
            ws = await site.connect(running)
            assert await name_served(running, site) == "localhost"
            before = await running.metric(series)
            put(site, server(site, "renewed", ends=70))

            async def renewed() -> bool:
                return await name_served(running, site) == "renewed"

            # The target is five seconds; a loaded machine gets some more.
            await eventually(renewed)
            assert await running.metric(series) - before == pytest.approx(40 * 86400, abs=3600)
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await ws.close()
            assert csms.closes == [1001] or len(csms.connections) == 1


async def test_a_bad_file_keeps_the_old_one_and_says_so(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with Csms().running() as csms:
        async with gateway(tmp_path, site.config(csms, tls=site.tls(), auth="none")) as running:
            assert await failed(running) == 0

            async def has_failed() -> bool:
                return await failed(running) == 1

            async def is_well() -> bool:
                return await failed(running) == 0

            good = site.server.key.read_bytes()
            for bad in (b"no key", server(site, "another").key.read_bytes(), None):
                if bad is None:
                    site.server.key.unlink()
                else:
                    replace(site.server.key, bad)
                await eventually(has_failed)
                assert await name_served(running, site) == "localhost"
                replace(site.server.key, good)
                await eventually(is_well)
            assert len(await running.told("certificates_refused", 3)) == 3
            # SIGHUP with a bad file: nothing changes, and it is told.
            replace(site.server.certificate, b"no certificate")
            running.process.send_signal(signal.SIGHUP)
            await csms.wait(lambda: running.events("reload_refused"))
            assert await name_served(running, site) == "localhost"


async def test_authorities_are_replaced_not_added(tmp_path: Path) -> None:
    site = Site(tmp_path)
    former, new = site.authority.issue("former"), Authority(tmp_path / "new", "new")
    now = new.issue("now")
    trusted = tmp_path / "client-ca.crt"
    replace(trusted, site.authority.file.read_bytes())
    async with Csms().running() as csms:
        config = site.config(csms, tls=site.tls(client_ca=str(trusted)))
        async with gateway(tmp_path, config) as running:
            # Its session ticket must not outlive the authority either.
            context = site.context(former)
            ws = await site.connect(running, ssl=context)
            assert await site.enters(running, station=now) == 0
            replace(trusted, new.file.read_bytes())

            async def comes_in() -> bool:
                return await site.enters(running, "/CP-1", now) == 101

            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await ws.close()
            await eventually(comes_in)
            assert await site.enters(running, ssl=context) == 0


async def test_a_certificate_is_revoked_while_the_gateway_runs(tmp_path: Path) -> None:
    site = Site(tmp_path)
    station, bystander = site.authority.issue("station"), site.authority.issue("bystander", "CP-2")
    crl = site.authority.revoke()
    async with Csms().running() as csms:
        config = site.config(csms, tls=site.mutual(client_crl=str(crl)))
        async with gateway(tmp_path, config) as running:
            assert (
                await running.metric('ocpp_gateway_certificate_expiry_timestamp_seconds{certificate="revoked.crl"}') > 0
            )
            assert await site.enters(running, station=station) == 101
            site.authority.revoke(station.serial)

            async def is_refused() -> bool:
                return await site.enters(running, station=station) == 0

            await eventually(is_refused)
            assert await site.enters(running, "/CP-2", bystander) == 101
            assert await csms.wait(lambda: "revoked" in str(running.events("connection_refused")))
            # A list that has run out says nothing any more, so nobody's certificate is believed.
            site.authority.revoke(ends=-1)

            async def nobody() -> bool:
                return await site.enters(running, "/CP-2", bystander) == 0

            await eventually(nobody)


async def test_sighup_names_other_files_and_a_backends_certificate_follows_its_file(tmp_path: Path) -> None:
    site = Site(tmp_path)
    own = site.authority.issue("own", "gateway-1")
    upstream = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    upstream.load_cert_chain(*site.server.pair)
    upstream.load_verify_locations(site.authority.file)
    upstream.verify_mode = ssl.CERT_REQUIRED
    async with Csms().running(ssl=upstream) as csms:
        config = site.config(csms, tls=site.tls(), auth="none")
        config["backends"]["legacy"] |= {
            "url": csms.url.replace("ws://127.0.0.1", "wss://localhost"),
            "tls": {"ca": str(site.authority.file), "certificate": str(own.certificate), "key": str(own.key)},
        }
        async with gateway(tmp_path, config) as running:

            async def named() -> str:
                assert await site.enters(running) == 101
                subject = csms.connections[-1].transport.get_extra_info("peercert")["subject"]
                return str(dict(item[0] for item in subject)["commonName"])

            assert await named() == "gateway-1"
            for name in ("own.crt", "operator.crt", "server.crt"):
                assert (
                    await running.metric(f'ocpp_gateway_certificate_expiry_timestamp_seconds{{certificate="{name}"}}')
                    > 0
                )
            renewed = site.authority.issue("renewed", "gateway-2")
            replace(own.certificate, renewed.certificate.read_bytes())
            replace(own.key, renewed.key.read_bytes())

            async def second() -> bool:
                return await named() == "gateway-2"

            await eventually(second)
            another = server(site, "another")
            config["listeners"][0]["tls"] = {"certificate": str(another.certificate), "key": str(another.key)}
            (tmp_path / "gateway.yaml").write_text(yaml.safe_dump(config))
            running.process.send_signal(signal.SIGHUP)
            await csms.wait(lambda: running.events("reloaded"))
            assert await name_served(running, site) == "another"
            assert not running.events("reload_needs_restart")
