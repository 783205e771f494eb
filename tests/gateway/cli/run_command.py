"""Runs the real command in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def ocpp_gateway(
    *arguments: str, cwd: Path | None = None, stdin: bytes = b"", env: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of `ocpp-gateway ARGUMENTS`."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err
    return done.returncode, out, err
