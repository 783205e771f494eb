"""The command as a whole: help, version, usage, start-up, interruption."""

import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl

import click
import pytest
from click.testing import CliRunner

from gateway.cli import VERBS, command
from tests.gateway.cli.run_command import ROOT, ocpp_gateway


def test_help_names_every_verb_and_imports_none() -> None:
    code = (
        "import sys; sys.argv = ['ocpp-gateway', '--help']\n"
        "from gateway.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'aiohttp', 'ocpp', 'pydantic', 'cryptography', 'yaml', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout


def verbs(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Every verb, and those within it."""
    for name in group.list_commands(click.Context(group)):
        verb = group.get_command(click.Context(group), name)
        yield (*above, name)
        if isinstance(verb, click.Group):
            yield from verbs(verb, *above, name)


@pytest.mark.parametrize("verb", list(verbs(command)), ids=" ".join)
def test_help_on_every_verb(verb: tuple[str, ...]) -> None:
    done = CliRunner().invoke(command, [*verb, "--help"], prog_name="ocpp-gateway")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: ocpp-gateway {' '.join(verb)} [OPTIONS]")
    assert "..." not in done.stdout.partition("Commands:")[2]


def test_help_from_a_shell() -> None:
    code, out, err = ocpp_gateway("certs", "init", "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: ocpp-gateway certs init")


def test_version() -> None:
    code, out, err = ocpp_gateway("--version")
    assert (code, err) == (0, "")
    assert out.startswith("ocpp-gateway ")
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["frobnicate"], "ocpp-gateway: No such command 'frobnicate'."),
        (["check", "--bad"], "ocpp-gateway: No such option '--bad'."),
        (["certs", "server"], "ocpp-gateway: Missing argument 'NAME...'."),
    ],
)
def test_usage_mistakes_are_one_line_and_code_2(arguments: list[str], line: str) -> None:
    assert ocpp_gateway(*arguments) == (2, "", f"{line}\n")


def test_no_verb_prints_the_help_on_stderr() -> None:
    code, out, err = ocpp_gateway()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ocpp-gateway")


def test_interruption_is_130() -> None:
    waiting = subprocess.Popen(
        [sys.executable, "-m", "gateway", "password", "hash"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Whoever runs the tests in the background may ignore the signal, which children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert waiting.stdin is not None
    waiting.stdin.write(b"half a line")
    waiting.stdin.flush()
    deadline = time.monotonic() + 30
    while struct.unpack("i", ioctl(waiting.stdin, termios.FIONREAD, bytes(4))) != (0,):
        assert time.monotonic() < deadline, "it does not read"
        time.sleep(0.01)
    os.kill(waiting.pid, signal.SIGINT)
    out, err = waiting.communicate(timeout=30)
    assert (waiting.returncode, out, err.strip()) == (130, b"", b"")
