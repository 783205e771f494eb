"""The command `ocpp-gateway`. A verb is imported when it is called, so that `--help` and `check` start at once.

A verb's `command` returns its exit code or nothing (0). What goes wrong is raised: `Failed` with lines for stderr, or
click's own errors. Exit codes: 0 done, 1 failed at its job, 2 usage or configuration, 3 partly done, 4 admin API not
reachable, 130 interrupted.
"""

import importlib
import os
import sys
from collections.abc import Iterable
from typing import NoReturn

import click

VERBS: dict[str, tuple[str, str]] = {
    "demo": (
        "gateway.cli.demo:command",
        "A whole charge in both directions through the gateway, printed as it happens.",
    ),
    "run": ("gateway.cli.run:command", "The gateway."),
    "check": ("gateway.cli.check:command", "Validates a configuration: all mistakes in one run."),
    "stations": ("gateway.cli.stations:command", "The stations that are connected, or one of them."),
    "backends": ("gateway.cli.backends:command", "The backends and how many stations each has."),
    "mirror": ("gateway.cli.mirror:command", "How a follower's answers differ from the primary's."),
    "call": ("gateway.cli.call:command", "One call to a station, and its answer."),
    "tail": ("gateway.cli.tail:command", "The frames of both sides as they go by, and what became of each."),
    "replay": ("gateway.cli.replay:command", "Plays captured stations against a CSMS, and compares its answers."),
    "route": ("gateway.cli.route:command", "Another backend for one station."),
    "migrate": ("gateway.cli.migrate:command", "Another backend for many stations, in waves."),
    "mapping": ("gateway.cli.mapping:command", "What becomes of an action between two versions."),
    "certs": ("gateway.cli.certs:command", "Development CA, server and station certificates."),
    "password": ("gateway.cli.password:command", "Password hashes for the stations file."),
}
"""Verb -> where its click command is, and its line in `--help`."""


class Failed(click.ClickException):
    """Ends the command: `lines` go to stderr one by one, `code` to the shell."""

    def __init__(self, lines: str | Iterable[str], code: int = 1) -> None:
        self.lines = [lines] if isinstance(lines, str) else list(lines)
        super().__init__("\n".join(self.lines))
        self.code = code


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ocpp-gateway", message="%(prog)s %(version)s")
def command() -> None:
    """An OCPP gateway between charging stations and management systems: TLS at the edge, 1.6, 2.0.1 and 2.1 translated."""


def main() -> NoReturn:
    """Runs the command of `sys.argv` and exits with its code; errors are lines on stderr, never a traceback."""
    try:
        result = command.main(prog_name="ocpp-gateway", standalone_mode=False)
        sys.stdout.flush()
    except Failed as failed:
        _complain(failed.lines, failed.code)
    except click.exceptions.NoArgsIsHelpError as error:
        _complain(error.format_message().splitlines(), 2)
    except click.ClickException as error:
        _complain([f"ocpp-gateway: {' '.join(error.format_message().split())}"], error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone (`| head`); the interpreter's own last flush must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("OCPP_GATEWAY_TRACEBACK"):
            raise
        what = " ".join(f"{type(error).__name__}: {error}".split())
        _complain([f"ocpp-gateway: internal error: {what} (OCPP_GATEWAY_TRACEBACK=1 shows where)"], 1)
    sys.exit(result if isinstance(result, int) else 0)


def _complain(lines: Iterable[str], exit_code: int) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(exit_code)
