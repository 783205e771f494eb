"""One run of the bench: the mock CSMS, then round after round each proxy in turn, first at full load, then at a light one."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from ocpp.exceptions import OCPPError
from ocpp.messages import Call, validate_payload

from tests.bench.certificates import Certificates
from tests.bench.proxies import Proxy, RowError, Site

# What a MeterValues of a transaction may be at the CSMS.
_METERING = ("MeterValues", "TransactionEvent")


@dataclass(frozen=True, slots=True)
class Parameters:
    """Seconds are those of one measured window; `rate` is round trips a second of all light connections together."""

    seconds: float
    light_seconds: float
    warmup: float
    rounds: int
    connections: int
    light_connections: int
    rate: float


class Csms(AbstractContextManager["Csms"]):
    """The mock CSMS in a process of its own."""

    def __init__(self, core: int | None) -> None:
        place = [] if core is None else ["--core", str(core)]
        self._process = subprocess.Popen(  # noqa: S603 (this package)
            [sys.executable, "-m", "tests.bench.csms", *place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = f"ws://127.0.0.1:{self._line()['port']}"

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RowError("the mock CSMS is gone")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def tally(self) -> dict[str, Any]:
        """What came since the last time, see `tests.bench.csms.Tally.report`."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


class Bench:
    """Measures proxies one at a time, so that they share nothing but the machine."""

    def __init__(
        self, parameters: Parameters, cores: tuple[int | None, int | None], certificates: Certificates, scratch: Path
    ) -> None:
        self._parameters, self._certificates, self._scratch = parameters, certificates, scratch
        self._load_core, self._proxy_core = cores

    def run(self, proxies: tuple[Proxy, ...], tell: Callable[[str], None]) -> dict[str, list[dict[str, Any]]]:
        """For each proxy its rounds: `{"full": report, "light": report}` of the load, or `{"error": why}`."""
        results: dict[str, list[dict[str, Any]]] = {proxy.name: [] for proxy in proxies}
        with Csms(self._load_core) as csms:
            for number in range(1, self._parameters.rounds + 1):
                for proxy in proxies:
                    try:
                        result = self._measure(proxy, csms, number)
                        tell(f"round {number}: {proxy.name}: {result['full']['round_trips']} round trips")
                    except RowError as error:
                        result = {"error": str(error)}
                        tell(f"round {number}: {proxy.name}: FAILED: {error}")
                    results[proxy.name].append(result)
        return results

    def _measure(self, proxy: Proxy, csms: Csms, number: int) -> dict[str, Any]:
        parameters = self._parameters
        directory = self._scratch / f"{proxy.name.replace(' ', '-')}-{number}"
        directory.mkdir()
        csms.tally()
        with proxy.running(Site(directory, csms.url, self._certificates, self._proxy_core)) as running:
            full = self._load(running.url, running.pid, parameters.connections, parameters.seconds)
            prove(proxy, full, csms.tally())
            light = self._load(
                running.url, running.pid, parameters.light_connections, parameters.light_seconds, parameters.rate
            )
            prove(proxy, light, csms.tally())
        return {"full": full, "light": light}

    def _load(
        self, url: str, pid: int | None, connections: int, seconds: float, rate: float | None = None
    ) -> dict[str, Any]:
        options: dict[str, object] = {
            "url": url,
            "connections": connections,
            "seconds": seconds,
            "warmup": self._parameters.warmup,
            "rate": rate,
            "pid": pid,
            "core": self._load_core,
            "ca": self._certificates.ca if url.startswith("wss:") else None,
        }
        words = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "tests.bench.load", *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise RowError("the load did not come to an end") from error
        if done.returncode:
            raise RowError((done.stderr.strip().splitlines() or ["the load said nothing"])[-1])
        report: dict[str, Any] = json.loads(done.stdout)
        return report


def prove(proxy: Proxy, report: dict[str, Any], tally: dict[str, Any]) -> None:
    """A figure counts only for work that was done: every answer was right, every message reached the CSMS in its own
    version, and samples of each action are valid there. Raises RowError."""
    if report["errors"]:
        raise RowError(", ".join(f"{reason} ({times})" for reason, times in report["errors"].items()))
    if not report["round_trips"]:
        raise RowError("no round trip in the window")
    arrived = sum(tally["calls"].get(f"{proxy.csms_subprotocol} {action}", 0) for action in _METERING)
    if arrived < report["round_trips_ever"]:
        raise RowError(f"{report['round_trips_ever']} answers, but only {arrived} messages at the CSMS")
    for subprotocol, text in tally["samples"]:
        if subprotocol != proxy.csms_subprotocol:
            raise RowError(f"the CSMS was spoken to in {subprotocol}")
        _, identifier, action, payload = json.loads(text)
        try:
            asyncio.run(validate_payload(Call(identifier, action, payload), subprotocol.removeprefix("ocpp")))
        except OCPPError as error:
            raise RowError(f"the {action} at the CSMS is not valid: {error.details.get('cause', error)}") from error
