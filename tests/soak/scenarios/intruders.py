"""Somebody else uses a station's name: without its password, and then with it."""

import asyncio
import time

import aiohttp

from tests.soak.world import Scenario, Setup, Size, World

_PASSWORD = "canary-SOAK-of-the-fleet"


async def intruders(world: World) -> None:
    """A storm of refused handshakes on one name leaves its owner alone; stolen credentials take over, each time whole."""
    victim = world.stations[0]
    mark = world.fault("attack without credentials")
    tried = await _storm(world, victim.identity)
    world.figures["attempts"] = tried
    closes = world.since(mark, "close")
    world.expect(not closes, "an attack closed a session", *closes)
    mark = world.fault("stolen credentials")
    async with _from(world, "127.0.0.3") as thief:
        for _ in range(world.size.rounds):
            await _steal(world, thief, victim.identity)
            await asyncio.sleep(0.05)


def _from(world: World, address: str) -> aiohttp.ClientSession:
    """Another machine: who fails a login is remembered by address and identity."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0), limit=0, force_close=True, ssl=world.tls or True)
    return aiohttp.ClientSession(connector=connector)


async def _storm(world: World, identity: str) -> int:
    """Handshakes without, with wrong and with foreign credentials, for a while; nobody gets in."""
    url = f"{world.nodes[0].url}/{identity}"
    until, tried = time.monotonic() + world.size.seconds, 0
    wrong = [
        {},
        *({"Authorization": aiohttp.encode_basic_auth(*who)} for who in ((identity, "x"), ("A-0002", _PASSWORD))),
    ]

    async def attempt(session: aiohttp.ClientSession) -> None:
        nonlocal tried
        while time.monotonic() < until:
            tried += 1
            try:
                ws = await session.ws_connect(url, protocols=(world.station_version,), headers=wrong[tried % 3])
            except aiohttp.WSServerHandshakeError as error:
                world.expect(error.status in (401, 429, 503), f"an intruder was told {error.status}")
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.05)
            else:
                world.expect(False, "an intruder got in")
                await ws.close()

    async with _from(world, "127.0.0.2") as session:
        await asyncio.gather(*(attempt(session) for _ in range(20)))
    return tried


async def _steal(world: World, thief: aiohttp.ClientSession, identity: str) -> None:
    """A second connection with the right password: it is in within a second, the station's own is closed and comes
    back, which closes this one."""
    stolen = {"Authorization": aiohttp.encode_basic_auth(identity, _PASSWORD)}
    began = time.monotonic()
    ws = await thief.ws_connect(f"{world.nodes[0].url}/{identity}", protocols=(world.station_version,), headers=stolen)
    world.figure("takeover", time.monotonic() - began)
    async with asyncio.timeout(20):
        while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    world.expect(ws.close_code == 1008, f"a replaced connection was closed with {ws.close_code}")


SCENARIOS = (
    Scenario(
        "intruders",
        "T12",
        "a second connection under a station's name, without its password and with it",
        intruders,
        short=Size(4, 2, 1.0),
        full=Size(50, 50, 20.0),
        setup=Setup(password=_PASSWORD),
        short_modes=("201-16",),
    ),
)
