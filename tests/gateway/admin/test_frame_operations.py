"""Who may listen, how many, and how it is described. (What is heard: tests/integration/test_frames.py.)"""

import asyncio
from pathlib import Path

import aiohttp

from tests.support import Csms, configuration, gateway


async def test_the_token_counts_and_listeners_are_bounded(tmp_path: Path) -> None:
    async with Csms().running() as backend:
        admin = {"token": "0123456789abcdef0123456789abcdef"}
        async with gateway(tmp_path, configuration(("legacy", backend)), admin=admin) as running:
            assert (await running.get("/api/v1/frames"))[0] == 401
            url = f"http://127.0.0.1:{running.admin}/api/v1"
            headers = {"Authorization": f"Bearer {admin['token']}"}
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
                open_streams = [await session.get(f"{url}/frames") for _ in range(32)]
                assert {one.status for one in open_streams} == {200}
                async with session.get(f"{url}/frames") as refused:
                    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
                async with session.get(f"{url}/stations/a%20b/frames") as refused:
                    assert refused.status == 404
                # They end with the gateway, which stops at once.
                began = asyncio.get_running_loop().time()
                running.process.terminate()
                await running.process.wait()
                assert asyncio.get_running_loop().time() - began < 10


async def test_it_is_described_as_a_stream(tmp_path: Path) -> None:
    async with Csms().running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend))) as running:
            _, document = await running.api("GET", "/openapi.json")
            for path in ("/api/v1/frames", "/api/v1/stations/{id}/frames"):
                content = document["paths"][path]["get"]["responses"]["200"]["content"]
                events = content["text/event-stream"]["schema"]["properties"]["event"]["enum"]
                assert events == ["listening", "frame", "lost"]
            assert (await running.api("GET", f"/frames?action={'x' * 201}"))[0] == 400
