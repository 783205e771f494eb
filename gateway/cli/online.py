"""`check --online`: whether what the configuration names is there."""

import asyncio
import ssl

from gateway.config import Config
from gateway.metrics import Metrics
from gateway.upstream import Upstream

_SECONDS = 5.0


def look(config: Config) -> tuple[list[str], list[str]]:
    """What cannot be used, and what an operator should know: one line each. Backends are dialled as far as TCP and TLS,
    so that no CSMS hears of a station that is none."""
    return asyncio.run(_look(config))


async def _look(config: Config) -> tuple[list[str], list[str]]:
    metrics = Metrics()
    upstreams = [Upstream(backend, config.limits, metrics) for backend in config.backends.values()]
    found = await asyncio.gather(*(_reach(upstream) for upstream in upstreams), _store(config))
    store_mistakes, warnings = found.pop()
    return [line for mistakes, _ in found for line in mistakes] + store_mistakes, warnings


async def _reach(upstream: Upstream) -> tuple[list[str], list[str]]:
    name = f"backends.{upstream.backend.name}"
    try:
        await upstream.open()
        async with asyncio.timeout(_SECONDS):
            await upstream.reach()
    except TimeoutError:
        return [f"{name}: no answer in {_SECONDS:g} s"], []
    except ssl.SSLCertVerificationError as error:
        return [f"{name}: its certificate: {error.verify_message}"], []
    except (OSError, ValueError) as error:
        return [f"{name}: cannot be reached: {getattr(error, 'strerror', None) or error}"], []
    return [], []


async def _store(config: Config) -> tuple[list[str], list[str]]:
    if config.store.url is None:
        return [], []  # a file or nothing: what can be said of it has been
    from redis.exceptions import RedisError

    from gateway.store.redis_checks import warnings_of
    from gateway.store.redis_lane import words_of

    try:
        async with asyncio.timeout(_SECONDS):
            return [], [f"store: {line}" for line in await warnings_of(config.store)]
    except (RedisError, OSError, TimeoutError) as error:
        return [f"store: {config.store}: {words_of(error)}"], []
