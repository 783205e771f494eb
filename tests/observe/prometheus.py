"""A real Prometheus for tests: scrapes one gateway every second, with the rules and alerts of this repository."""

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from deploy.grafana.build import FOLDER
from tests.support import Gateway, free_port

RULES = FOLDER.parents[1] / "prometheus"
JOB = "ocpp-gateway"


class Prometheus:
    """Its HTTP API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    async def get(self, path: str, **query: str | float) -> Any:
        """The `data` of an answer. Raises AssertionError with Prometheus' own words for an error, OSError
        while it does not answer yet."""

        def fetch() -> Any:
            address = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
            try:
                with urllib.request.urlopen(address, timeout=20) as answer:
                    return json.load(answer)["data"]
            except urllib.error.HTTPError as error:
                if error.code == 503:
                    raise ConnectionError("it is still starting") from None
                raise AssertionError(f"{query}: {error.read().decode()}") from None

        return await asyncio.to_thread(fetch)

    async def range(self, query: str, start: float, end: float, step: float = 1.0) -> list[dict[str, Any]]:
        """Series with their values between two Unix times."""
        answer = await self.get("/api/v1/query_range", query=query, start=start, end=end, step=step)
        found: list[dict[str, Any]] = answer["result"]
        return found

    async def now(self, query: str, time: float) -> list[dict[str, Any]]:
        """Series with their value at a Unix time, in the same shape."""
        answer = await self.get("/api/v1/query", query=query, time=time)
        return [{"metric": one["metric"], "values": [one["value"]]} for one in answer["result"]]


@asynccontextmanager
async def prometheus(folder: Path, watched: Gateway) -> AsyncIterator[Prometheus]:
    """Running, and with a first sample of the gateway."""
    port = free_port()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES / "rules.yml"), str(RULES / "alerts.yml")],
        "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [f"127.0.0.1:{watched.admin}"]}]}],
    }
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        stdin=asyncio.subprocess.DEVNULL,
    )
    running = Prometheus(port)
    try:
        async with asyncio.timeout(30):
            while not await _sees(running):
                assert process.returncode is None, "prometheus did not start"
                await asyncio.sleep(0.1)
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _sees(running: Prometheus) -> bool:
    try:
        answer = await running.get("/api/v1/query", query=f'up{{job="{JOB}"}} == 1')
    except OSError:
        return False
    return bool(answer["result"])
