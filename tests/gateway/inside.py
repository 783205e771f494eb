"""The whole gateway inside the test's own process, so that a test can reach into it: real sockets, and a store that the
test may hold up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from unittest.mock import patch

import yaml

from gateway.app import App
from gateway.bridge import Bridge
from gateway.config import parse
from gateway.stations.load import NOBODY
from gateway.store import Store, make_store
from tests.support import Gateway


class Inside(Gateway):
    """As a gateway of its own process; `app` is all of it."""

    def __init__(self, app: App, port: int, admin: int) -> None:
        super().__init__(cast(Any, None), port, admin, None)
        self.app = app
        self.node = app.node

    def session(self, key: str = "cp-1") -> Bridge:
        return self.node.sessions[key]


@asynccontextmanager
async def inside(config: dict[str, Any], store: Store | None = None) -> AsyncIterator[Inside]:
    """Running with this configuration (`tests.support.configuration`), on `store` where one is given."""
    config["admin"] = {"bind": "127.0.0.1:0"}
    parsed = parse(yaml.safe_dump(config), {})
    chosen = store if store is not None else make_store(parsed)
    with patch("gateway.app.calm_collector"), patch("gateway.app.make_store", lambda _: chosen):
        app = App(parsed, NOBODY, "asyncio")
        try:
            await app._open()
            runner = app.admin._runner
            assert runner is not None
            yield Inside(app, int(app.commands.addresses[0].rsplit(":", 1)[1]), runner.addresses[0][1])
        finally:
            for session in list(app.node.sessions.values()):
                session.end(1012, "over", "drain")
            async with asyncio.timeout(10):
                while app.node.sessions:
                    await asyncio.sleep(0.01)
            await app._close()
