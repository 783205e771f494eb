"""The Redis store as a whole; what all stores do is in `test_store.py`."""

import asyncio
import re
from pathlib import Path

import pytest

from gateway import certificates
from gateway.config.values import read_store
from gateway.store import AbsentError, Owner, StoreError
from gateway.store.redis import RedisStore
from gateway.store.redis_checks import warnings_of
from tests.gateway.store.opened import SLOW, opened, refused, works, write
from tests.redis_support import RedisServer, redis_server
from tests.support import free_port


async def test_emptied(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        epoch = (await store.claim("cp-1", "north", ("",))).epoch
        redis.admin.flushall()
        with pytest.raises(AbsentError):
            await write(store, "cp-1", epoch, "tx/1", 1)
        assert await store.hold("cp-1", "north", epoch)
        await write(store, "cp-1", epoch, "tx/1", 1)
        assert await store.owner("cp-1") == Owner("north", epoch)


async def test_wrong_credentials_are_told_at_the_start_without_the_password(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        server.admin.config_set("requirepass", "right")
        server.admin.execute_command("AUTH", "right")
        url = server.url.replace("//", "//:ge%68eim@")
        with pytest.raises(StoreError) as raised:
            await RedisStore(read_store(url, Path())).open()
        assert "***@" in str(raised.value)
        assert not {"ge%68eim", "geheim"} & set(re.split(r"[:@/ ]", str(raised.value)))
        async with opened(server.url.replace("//", "//:right@")) as store:
            assert await store.ping()


async def test_a_user_with_the_rights_that_the_documentation_names(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text()
    rights = next(line for line in page.splitlines() if line.startswith("ACL SETUSER ocpp-gateway"))
    with redis_server(tmp_path) as server:
        server.admin.execute_command(*rights.split())
        url = server.url.replace("//", "//ocpp-gateway:PASSWORD@")
        async with opened(url) as store:
            epoch = (await store.claim("cp-1", "north", ("",))).epoch
            await write(store, "cp-1", epoch, "n", 1)
            assert await store.load("cp-1", ("",)) == {"n": 1}
            assert await store.ping()
        assert "keeps nothing" in (await warnings_of(read_store(url, Path())))[0]
        server.admin.execute_command("ACL SETUSER", "ocpp-gateway", "-info")
        assert "forbids" in (await warnings_of(read_store(url, Path())))[0]


async def test_tls(tmp_path: Path) -> None:
    certificates.init_ca(tmp_path / "certs")
    certificates.issue_server(tmp_path / "certs", ["localhost", "127.0.0.1"])
    port = free_port()
    tls = ("--tls-port", str(port), "--tls-auth-clients", "no", "--tls-ca-cert-file", str(tmp_path / "certs/ca.crt"))
    key = ("--tls-cert-file", str(tmp_path / "certs/server.crt"), "--tls-key-file", str(tmp_path / "certs/server.key"))
    with redis_server(tmp_path / "redis", *tls, *key):
        async with opened(f"rediss://localhost:{port}/0?ca={tmp_path / 'certs/ca.crt'}") as store:
            assert await store.ping()
        async with opened(f"rediss://localhost:{port}/0") as store:
            assert not await store.ping()
            assert await refused(store, "certificate") < SLOW


async def test_a_false_alarm_is_looked_into_once(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        await works(store)
        redis.admin.config_resetstat()
        store._trouble.set()
        async with asyncio.timeout(10):
            while store._trouble.is_set():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
        assert redis.calls().get("set", 0) <= 2
