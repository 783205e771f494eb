"""Who may knock, how often, and where from: limits of connections and attempts, proxies in front."""

import asyncio
import socket
import statistics
import struct
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import yaml

from gateway.passwords import hash_password
from tests.integration.secured import PASSWORD, Site, basic, rejections
from tests.support import Csms, Gateway, ask, configuration, gateway

HASH = hash_password(PASSWORD.encode())


async def knock(
    running: Gateway, identity: str = "CP-1", source: str = "127.0.0.1", before: bytes = b"", **headers: str
) -> int:
    """The HTTP status of one plain handshake from an address of loopback, 0 for a connection that is closed."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port, local_addr=(source, 0))
    except ConnectionError:
        return 0
    lines = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "ocpp1.6",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    try:
        writer.write(before + f"GET /{identity} HTTP/1.1\r\n{head}\r\n".encode())
        async with asyncio.timeout(15):
            line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except ConnectionError:
        return 0
    finally:
        writer.transport.abort()


def configured(folder: Path, csms: Csms, *, auth: Any = "basic", listener: Any = None, **more: Any) -> dict[str, Any]:
    (folder / "stations.yaml").write_text(yaml.safe_dump({f"CP-{n}": {"password_hash": HASH} for n in range(1, 9)}))
    config = configuration(("legacy", csms), stations_file="stations.yaml", **more)
    config["listeners"][0] |= {"auth": auth, **(listener or {})}
    return config


async def limited(running: Gateway, reason: str) -> float:
    return await running.metric(f'ocpp_gateway_rate_limited_total{{reason="{reason}"}}')


# -- attempts -----------------------------------------------------------------------------------------------------------


async def test_guesses_are_limited_and_the_true_station_comes_in(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, limits={"failures_per_minute": 3})
        async with gateway(tmp_path, config) as running:
            right, wrong = basic()["Authorization"], basic(password="wrong")["Authorization"]
            for _ in range(3):
                assert await knock(running, source="127.0.0.5", Authorization=wrong) == 401
            # No more from there, not even with the right one; the station itself calls from elsewhere.
            assert await knock(running, source="127.0.0.5", Authorization=right) == 401
            assert await limited(running, "attempts") == 1
            assert await rejections(running, "attempts") == 1
            assert await knock(running, Authorization=right) == 101
            others = basic("CP-2")["Authorization"]
            assert await knock(running, "CP-2", source="127.0.0.5", Authorization=others) == 101


async def test_a_source_that_tries_many_is_limited_and_its_neighbours_are_not(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, unknown_stations="reject", limits={"source_failures_per_minute": 20})
        async with gateway(tmp_path, config) as running:
            right = {n: basic(f"CP-{n}")["Authorization"] for n in (1, 2)}
            assert await knock(running, "CP-1", Authorization=right[1]) == 101
            found = await asyncio.gather(*(knock(running, f"X-{n}") for n in range(20)))
            assert set(found) == {404}
            assert await asyncio.gather(knock(running, "X-99"), knock(running, "CP-2", Authorization=right[2])) == [
                401,
                401,
            ]
            assert await knock(running, "CP-1", Authorization=right[1]) == 101
            assert await knock(running, "CP-2", source="127.0.0.7", Authorization=right[2]) == 101


async def test_a_backend_that_judges_is_not_asked_for_ever(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, auth="forward", limits={"failures_per_minute": 3})
        config["backends"]["legacy"]["auth"] = "forward"
        async with gateway(tmp_path, config) as running:
            wrong = basic(password="wrong")["Authorization"]
            # Weather does not count, guesses do.
            csms.refuse = 503
            assert [await knock(running, Authorization=wrong) for _ in range(4)] == [503] * 4
            csms.refuse = 401
            assert [await knock(running, Authorization=wrong) for _ in range(4)] == [401] * 4
            assert await rejections(running, "backend_refused") == 7
            assert await rejections(running, "attempts") == 1


async def test_unknown_and_wrong_are_alike(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        more = {"limits": {"failures_per_minute": 100}}
        config = configured(tmp_path, csms, unknown_stations="reject", unknown_status=401, **more)
        async with gateway(tmp_path, config) as running:
            took: dict[str, list[float]] = {"CP-1": [], "CP-77": []}
            for _ in range(12):
                for identity, times in took.items():
                    began = perf_counter()
                    assert (
                        await knock(running, identity, Authorization=basic(identity, "wrong")["Authorization"]) == 401
                    )
                    times.append(perf_counter() - began)
            known, unknown = (statistics.median(times) for times in took.values())
            # scrypt is some 50 ms of it: leaving it out would be seen. The rest is this machine's noise.
            assert abs(known - unknown) < 0.7 * max(known, unknown), (known, unknown)
            told = {event["station"]: event["why"] for event in await running.told("station_refused", 2)}
            assert told == {"CP-1": "wrong password", "CP-77": "not in the stations file"}  # the log may tell more
            assert await knock(running, "CP-77") == await knock(running, "CP-1") == 401


# -- connections --------------------------------------------------------------------------------------------------------


async def test_connections_that_say_nothing_do_not_keep_others_out(tmp_path: Path) -> None:
    """Many from one source: it has so many and no more; others come in at once, and all is given back."""
    site = Site(tmp_path)
    async with Csms().running() as csms:
        limits = {"handshakes_per_source": 20, "handshake_seconds": 4}
        async with gateway(tmp_path, site.config(csms, tls=site.tls(), auth="none", limits=limits)) as running:
            silent = [
                socket.create_connection(("127.0.0.1", running.port), source_address=("127.0.0.9", 0))
                for _ in range(200)
            ]
            await csms.wait(lambda: _dead(silent) >= 180, 30)
            # At once, or `connect` would raise: twenty of the others are still there.
            ws = await site.connect(running)
            assert await rejections(running, "source") == 180
            await csms.wait(lambda: _dead(silent) == 200, 30)
            assert await rejections(running, "tls_timeout") == 20
            assert await site.enters(running, "/CP-2", local_addr=("127.0.0.9", 0)) == 101
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            await ws.close()
            for connection in silent:
                connection.close()


def _dead(connections: list[socket.socket]) -> int:
    found = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            found += connection.recv(1) == b""
        except BlockingIOError:
            continue
        except ConnectionError:
            found += 1
    return found


async def test_one_source_has_so_many_connections(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, auth="none", limits={"connections_per_source": 2})
        async with gateway(tmp_path, config) as running:
            first, second = await running.station("/CP-1"), await running.station("/CP-2")
            assert await knock(running, "CP-3") == 0
            assert await knock(running, "CP-3", source="127.0.0.3") == 101
            await first.close()
            await csms.wait(lambda: csms.closes)
            assert await knock(running, "CP-4") == 101
            await second.close()


async def test_a_storm_waits_in_the_queue_and_comes_in(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        limits = {"accepts_per_second": 40}
        async with gateway(tmp_path, configured(tmp_path, csms, auth="none", limits=limits)) as running:
            began = perf_counter()
            assert await asyncio.gather(*(knock(running, f"S-{n}") for n in range(60))) == [101] * 60
            # Ten at once, then forty a second.
            assert perf_counter() - began > 1
            assert await limited(running, "accepts") > 0


async def test_places_are_not_given_twice_while_backends_are_dialled(tmp_path: Path) -> None:
    from tests.integration.test_loose_ends import SlowCsms

    csms = SlowCsms(quick=0)
    async with csms.running():
        config = configured(tmp_path, csms, auth="none", limits={"max_connections": 2})
        async with gateway(tmp_path, config) as running:
            coming = [asyncio.create_task(knock(running, f"CP-{n}")) for n in (1, 2)]
            await csms.wait(lambda: csms.asked == 2)
            assert await knock(running, "CP-3") == 503
            csms.go.set()
            assert await asyncio.gather(*coming) == [101, 101]
            await csms.wait(lambda: len(csms.closes) == 2)
            assert await knock(running, "CP-3") == 101


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_a_byte_at_a_time_is_too_slow(tmp_path: Path, loop: str) -> None:
    async with Csms().running() as csms:
        config = configured(tmp_path, csms, auth="none", limits={"handshake_seconds": 1})
        async with gateway(tmp_path, config, loop=loop) as running:
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)

            async def drip() -> None:
                for octet in b"GET /CP-1 HTTP/1.1\r\nX: " + b"y" * 1000:
                    writer.write(bytes([octet]))
                    await asyncio.sleep(0.05)

            dripping = asyncio.create_task(drip())
            began = perf_counter()
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                async with asyncio.timeout(20):
                    await reader.readexactly(1)
            assert perf_counter() - began < 10
            dripping.cancel()
            writer.close()
            assert await rejections(running, "late") == 1


# -- proxies ------------------------------------------------------------------------------------------------------------


def proxy_v2(source: str, command: int = 0x21) -> bytes:
    packed = ip_address(source).packed
    body = packed + packed + struct.pack("!HH", 4711, 443)
    family = 0x11 if len(packed) == 4 else 0x21
    return b"\r\n\r\n\x00\r\nQUIT\n" + bytes([command, family]) + struct.pack("!H", len(body)) + body


def proxy_v1(source: str) -> bytes:
    return f"PROXY TCP{ip_address(source).version} {source} {source} 4711 443\r\n".encode()


async def remotes(running: Gateway, csms: Csms, number: int) -> list[str]:
    await csms.wait(lambda: len(running.events("session_began")) >= number)
    return [event["remote"] for event in running.events("session_began")]


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_proxy_protocol(tmp_path: Path, loop: str) -> None:
    async with Csms().running() as csms:
        listener = {"proxy_protocol": True, "trusted_proxies": ["127.0.0.1"]}
        limits = {"connections_per_source": 1, "handshake_seconds": 1}
        config = configured(tmp_path, csms, auth="none", listener=listener, limits=limits)
        async with gateway(tmp_path, config, loop=loop) as running:
            told = {"192.0.2.7": proxy_v2, "2001:db8::7": proxy_v2, "192.0.2.8": proxy_v1, "2001:db8::9": proxy_v1}
            for number, (source, header) in enumerate(told.items()):
                assert await knock(running, f"CP-{number}", before=header(source), X_Forwarded_For="6.6.6.6") == 101
            assert await remotes(running, csms, 4) == list(told)
            assert await knock(running, before=proxy_v2("192.0.2.7", command=0x20)) == 101
            assert await knock(running, "CP-9", before=b"PROXY UNKNOWN\r\n") == 101
            assert await knock(running) == 0
            assert await knock(running, before=b"PROXY TCP4 192.0.2.7 evil 1 2\r\n") == 0
            assert await knock(running, source="127.0.0.2", before=proxy_v2("192.0.2.7")) == 0
            with socket.create_connection(("127.0.0.1", running.port)) as half:
                half.sendall(proxy_v2("192.0.2.7")[:15])
                await csms.wait(lambda: _dead([half]))
            assert await rejections(running, "proxy_header") == 3
            assert await rejections(running, "proxy_untrusted") == 1


@pytest.mark.parametrize("header", [proxy_v1, proxy_v2])
async def test_a_proxy_header_before_tls(tmp_path: Path, header: Callable[[str], bytes]) -> None:
    site = Site(tmp_path)
    async with Csms().running() as csms:
        config = site.config(csms, tls=site.tls(), auth="none")
        config["listeners"][0] |= {"proxy_protocol": True, "trusted_proxies": ["127.0.0.0/8"]}
        async with gateway(tmp_path, config) as running:
            plain = socket.create_connection(("127.0.0.1", running.port))
            # In one segment with what follows as often as not: not a byte of TLS may be lost.
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
            plain.sendall(header("192.0.2.7"))
            ws = await site.connect(running, sock=plain, server_hostname="localhost")
            assert await ask(ws, [2, "a", "Heartbeat", {}]) == [3, "a", {}]
            assert await remotes(running, csms, 1) == ["192.0.2.7"]
            await ws.close()


async def test_forwarding_headers_are_believed_of_trusted_proxies_only(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        listener = {"trusted_proxies": ["127.0.0.1"]}
        config = configured(tmp_path, csms, auth="none", listener=listener)
        told = {"X_Forwarded_For": "6.6.6.6, 192.0.2.7", "Forwarded": "for=192.0.2.9"}
        async with gateway(tmp_path, config) as running:
            assert await knock(running, **told) == 101
            assert await knock(running, "CP-2", X_Forwarded_For="6.6.6.6, 192.0.2.7") == 101
            assert await knock(running, "CP-3", source="127.0.0.2", **told) == 101
            assert await remotes(running, csms, 3) == ["192.0.2.9", "192.0.2.7", "127.0.0.2"]
        del config["listeners"][0]["trusted_proxies"]
        async with gateway(tmp_path, config) as running:
            assert await knock(running, **told) == 101
            assert await remotes(running, csms, 1) == ["127.0.0.1"]
        for request in csms.requests:
            assert not {"x-forwarded-for", "forwarded"} & {name.lower() for name in request.headers}
