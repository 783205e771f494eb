"""Fixtures of all tests."""

from tests.redis_support import _shared_cluster, _shared_redis, cluster, redis

__all__ = ["_shared_cluster", "_shared_redis", "cluster", "redis"]
