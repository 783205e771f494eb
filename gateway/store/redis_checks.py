"""What an operator should know of a Redis before trusting it with transactions."""

from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import NoPermissionError, ResponseError

from gateway.config import Store
from gateway.silence import silence
from gateway.store.redis_client import Client, close_client, find_nodes, make_client

_SECONDS = 2.0
_OLDEST = (6, 2)


async def warnings_of(store: Store) -> list[str]:
    """One sentence each. Raises RedisError, OSError or TimeoutError when it cannot be asked."""
    client = make_client(store)
    try:
        async with silence(_SECONDS):
            return await _warnings_of(client, store)
    finally:
        await close_client(client)


async def _warnings_of(client: Client, store: Store) -> list[str]:
    if isinstance(client, RedisCluster):
        await find_nodes(client)
        nodes = {f"{node.host}:{node.port}: ": node for node in client.get_primaries()}
        found = []
        for name, node in nodes.items():
            found += [name + warning for warning in await _ask(client, store, target_nodes=node)]
        return found
    return await _ask(client, store)


async def _ask(client: Any, store: Store, **options: Any) -> list[str]:
    try:
        info = _plain(await client.execute_command("INFO", **options))
    except NoPermissionError:
        return ["Redis forbids this user INFO: whether it keeps anything is not known"]
    return _warnings(info, await _settings(client, **options), store.wait)


async def _settings(client: Any, **options: Any) -> dict[str, str]:
    """What CONFIG GET tells; managed services and careful ACLs forbid it."""
    found: dict[str, str] = {}
    for name in ("save", "appendonly", "maxmemory-policy"):
        try:
            answer = await client.execute_command("CONFIG GET", name, **options)
        except ResponseError:
            return {}
        found |= {_text(key): _text(value) for key, value in _plain(answer).items()}
    return found


def _warnings(info: dict[Any, Any], settings: dict[str, str], wait: int) -> list[str]:
    facts = {_text(key): _text(value) for key, value in info.items()}
    version = tuple(int(part) for part in facts["redis_version"].split(".")[:2])
    appends = settings.get("appendonly") == "yes" or facts.get("aof_enabled") == "1"
    policy = settings.get("maxmemory-policy") or facts.get("maxmemory_policy", "noeviction")
    warnings = []
    if version < _OLDEST:
        warnings.append(f"Redis {facts['redis_version']} is older than {'.'.join(map(str, _OLDEST))}")
    if not appends and settings.get("save") == "":
        warnings.append('Redis keeps nothing on disk (appendonly no, save ""): a restart forgets open transactions')
    elif not appends and "save" in settings:
        warnings.append("Redis writes snapshots only (appendonly no): a crash forgets what came after the last one")
    if policy != "noeviction":
        warnings.append(f"maxmemory-policy {policy} may evict open transactions; set noeviction")
    if int(facts.get("connected_slaves", "0")) < wait:
        warnings.append(
            f"wait={wait}, but {facts.get('connected_slaves', '0')} replicas are connected: no write is done"
        )
    return warnings


def _plain(answer: Any) -> dict[Any, Any]:
    if isinstance(answer, dict):
        # A cluster's answers come by node, though one was asked.
        inner = next(iter(answer.values()), None)
        return inner if isinstance(inner, dict) and len(answer) == 1 else answer
    return dict(zip(answer[::2], answer[1::2], strict=True))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
