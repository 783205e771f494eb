"""What an operator should know of a Redis."""

from pathlib import Path

from gateway.config.values import read_store
from gateway.store.redis_checks import warnings_of
from tests.redis_support import RedisCluster, redis_server


async def test_what_an_operator_should_know(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        config = read_store(f"{server.url}?wait=2", Path())
        server.admin.config_set("maxmemory-policy", "allkeys-lru")
        nothing, evicts, short = await warnings_of(config)
        assert "keeps nothing on disk" in nothing
        assert "allkeys-lru" in evicts
        assert "wait=2, but 0 replicas" in short
        server.admin.config_set("save", "900 1")
        assert "snapshots only" in (await warnings_of(config))[0]
        server.admin.config_set("appendonly", "yes")
        server.admin.config_set("maxmemory-policy", "noeviction")
        assert await warnings_of(read_store(server.url, Path())) == []


async def test_what_an_operator_should_know_of_a_cluster(cluster: RedisCluster) -> None:
    found = await warnings_of(read_store(cluster.url, Path()))
    assert len(found) == 3
    assert all("keeps nothing on disk" in warning for warning in found)
