"""Runs the real command: in a process of its own, or in a thread of this one, which takes a tenth of the time."""

import asyncio
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from gateway.cli import main

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


async def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """The same, beside peers of the test's own event loop. One at a time; not for verbs that wait for a signal."""
    return await asyncio.wait_for(asyncio.to_thread(_here, arguments, env or {}), 60)


def _here(arguments: tuple[str, ...], env: dict[str, str]) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with (
        patch.object(sys, "argv", ["ocpp-gateway", *arguments]),
        patch.dict(os.environ, env),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as end,
    ):
        main()
    assert isinstance(end.value.code, int)
    return end.value.code, out.getvalue(), err.getvalue()
