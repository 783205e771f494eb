"""The admin address of a running gateway."""

import asyncio
import http.client
import json
from functools import partial
from pathlib import Path

from tests.support import Csms, configuration, gateway


async def test_health_metrics_and_problems(tmp_path: Path) -> None:
    async with gateway(tmp_path, configuration(("only", Csms()))) as running:
        assert await running.get("/livez") == (200, '{"status": "live"}')
        assert await running.get("/readyz") == (200, '{"status": "ready"}')
        status, page = await running.get("/metrics")
        assert status == 200
        assert "# TYPE ocpp_gateway_forward_duration_seconds histogram" in page
        assert "ocpp_gateway_build_info{" in page
        assert "process_cpu_seconds_total" in page
        status, body = await running.get("/nowhere")
        assert (status, json.loads(body)["status"]) == (404, 404)


async def test_a_token_guards_everything_but_health_and_metrics(tmp_path: Path) -> None:
    config = configuration(("only", Csms()))
    async with gateway(tmp_path, config, admin={"token": "a token long enough"}) as running:
        for path in ("/livez", "/readyz", "/metrics"):
            assert (await running.get(path))[0] == 200
        assert (await running.get("/nowhere"))[0] == 401


async def test_what_is_no_http_has_its_answer_and_no_line_in_the_log(tmp_path: Path) -> None:
    async with gateway(tmp_path, configuration(("only", Csms()))) as running:
        for port in (running.admin, running.port):
            for text in (
                b"GET / HTTP/1.1\r\nHost: x\r\nOdd: \x00\r\n\r\n",
                b"GET / HTTP/9.9\r\n\r\n",
                b"\x16\x03\x01\r\n\r\n",
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(text)
                async with asyncio.timeout(5):
                    answer = await reader.read()
                assert b" 400 " in answer.split(b"\r\n", 1)[0] or not answer
                writer.close()
        assert (await running.get("/livez"))[0] == 200
    assert [line for line in running.log if "Error handling" in line] == []


async def test_allow_head_and_bodies_to_the_letter(tmp_path: Path) -> None:
    async with gateway(tmp_path, configuration(("only", Csms()))) as running:

        def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
            asking = http.client.HTTPConnection("127.0.0.1", running.admin, timeout=10)
            asking.request(method, f"/api/v1{path}", body, headers)
            answer = asking.getresponse()
            said = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
            asking.close()
            return said

        for method, path, allowed in (
            ("DELETE", "/stations", {"GET", "HEAD"}),
            ("TRACE", "/stations/x/route", {"PUT", "DELETE"}),
            ("GET", "/drain", {"POST"}),
        ):
            status, headers, text = await asyncio.to_thread(ask, method, path)
            assert (status, set(headers["allow"].split(","))) == (405, allowed)
            assert headers["content-type"].startswith("application/problem+json")
            assert json.loads(text)["status"] == 405
        for path in ("/stations", "/nodes", "/openapi.json"):
            status, headers, text = await asyncio.to_thread(ask, "HEAD", path)
            assert (status, text) == (200, b"")
            assert int(headers["content-length"]) == len((await running.get(f"/api/v1{path}"))[1].encode())
        status, headers, _ = await asyncio.to_thread(ask, "HEAD", "/frames")
        assert (status, headers["content-type"].split(";")[0]) == (200, "text/event-stream")
        for body, expected in (
            (b'{"backend": "only", "wait_seconds": NaN}', 400),
            (b'{"backend": "\\ud800"}', 400),
            (b"[" * 100_000, 400),
            (b"\xff", 400),
            (b"[]", 400),
            (b" " * (2 * 1024 * 1024), 413),
            (b'{"backend": "none"}', 422),
            (b'{"backend": "only", "odd": 1}', 422),
            (b'{"backend": "only", "wait_seconds": 61}', 422),
            (b'{"backend": "only", "wait_seconds": true}', 422),
            (b'{"backend": "only", "when": "now", "wait_seconds": 1.5}', 200),
        ):
            kind = {"Content-Type": "application/json; charset=nonsense"}
            asking = partial(ask, "PUT", "/stations/x/route", body, **kind)
            status, headers, text = await asyncio.to_thread(asking)
            assert status == expected, body[:60]
            assert headers["content-type"].startswith(
                "application/json" if status == 200 else "application/problem+json"
            ), text
