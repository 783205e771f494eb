"""The admin API of a real gateway with stations, asked everything that its own description allows, and much that it does
not: `python -m tests.gateway.admin.described 500` asks 500 times of each kind. Schemathesis says what did not fit."""

import asyncio
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import yaml
from websockets.exceptions import ConnectionClosed

from tests.integration.test_switch import Books, Station
from tests.support import Gateway, configuration, gateway

TOKEN = "a token that nobody knows"
_SETTINGS = """
continue-on-failure = true
request-timeout = 60
max-stream-events = 1
warnings = false

[generation]
database = "none"

[dictionaries]
stations = { values = ["CP-0", "CP-1", "cp-2", "nobody"] }
followers = { values = ["energy", "nobody"] }
actions = { values = ["ClearCache", "GetLocalListVersion", "Reset", "GetConfiguration", "Fly"] }

[parameters]
"path.id" = { dictionary = "stations", probability = 0.6 }
"path.follower" = { dictionary = "followers", probability = 0.6 }
"body.action" = { dictionary = "actions", probability = 0.6 }

# A process that ends answers nothing more; what a drain answers is in test_api.py.
[[operations]]
include-path = "/api/v1/drain"
enabled = false

# Whether a payload fits the schema of its action, OCPP says and not this description. A station that is busy with
# another call, or that has just been disconnected, gives no answer.
[[operations]]
include-path = "/api/v1/stations/{id}/call"
checks.positive_data_acceptance.expected-statuses = [200, 404, 422, 503, 504]
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 503, 504]

# There are only so many who may listen at once.
[[operations]]
include-path-regex = "/(frames|events)$"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 503]

# A dry run answers with a name, and makes nothing of it.
[[operations]]
include-path-regex = "/migrations/"
checks.ensure_resource_availability.enabled = false
"""


async def _stays(running: Gateway, path: str) -> None:
    """A station that comes back whenever it is disconnected."""
    while True:
        with suppress(ConnectionClosed, TimeoutError, OSError):
            station = await Station("ocpp1.6").connect(running, path)
            await station.boots()
            await station.ws.wait_closed()


async def asked(folder: Path, examples: int) -> tuple[int, str, list[str]]:
    """Schemathesis's exit code, what it says, and what the gateway logged as an error."""
    old, new, energy = Books("ocpp1.6"), Books("ocpp2.0.1"), Books("ocpp1.6")
    config = configuration(("old", old), ("new", new), ("energy", energy), store=f"sqlite:{folder}/store.db")
    config["routes"] = [{"backend": "old", "followers": [{"backend": "energy"}]}]
    config["stations_file"] = str(folder / "stations.yaml")
    (folder / "stations.yaml").write_text(yaml.safe_dump({"CP-0": {"tags": ["pilot"]}, "CP-9": {}}))
    (folder / "schemathesis.toml").write_text(_SETTINGS)
    async with (
        old.running(),
        new.running(),
        energy.running(),
        gateway(folder, config, admin={"token": TOKEN}) as running,
    ):
        staying = [asyncio.create_task(_stays(running, f"/CP-{number}")) for number in range(3)]
        program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"), "run"]
        options = ["--max-examples", str(examples), "-H", f"Authorization: Bearer {TOKEN}", "--no-shrink"]
        asking = await asyncio.create_subprocess_exec(
            *program,
            f"http://127.0.0.1:{running.admin}/api/v1/openapi.json",
            *options,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
        )
        try:
            said, _ = await asking.communicate()
        finally:
            if asking.returncode is None:
                asking.kill()
            for task in staying:
                task.cancel()
            await asyncio.gather(*staying, return_exceptions=True)
        errors = [line for line in running.log if '"level": "error"' in line]
    assert asking.returncode is not None
    return asking.returncode, said.decode(errors="replace"), errors


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        code, text, logged = asyncio.run(asked(Path(place), int(sys.argv[1])))
    print(text, *logged, sep="\n")
    sys.exit(code or bool(logged))
