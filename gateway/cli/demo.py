"""`demo`: the main job, on this machine, in a minute."""

import asyncio
import json
import signal
from typing import TYPE_CHECKING

import click

from gateway.cli import Failed

if TYPE_CHECKING:
    from gateway.demo.act import Act, Result, Show
    from gateway.demo.run import Kept
    from gateway.demo.wire import Frame

_FLEET_PACE_SECONDS = 0.3
"""So that a fleet's charges outlast its move."""
_PACE_SECONDS = 0.12
"""Between a station's steps, for eyes; a program does not need it."""


@click.command("demo")
@click.option("--keep", is_flag=True, help="Leave it all running until Ctrl-C.")
@click.option("--migrate", is_flag=True, help="A fleet that is moved to another backend while it charges.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, no lanes.")
def command(keep: bool, migrate: bool, as_json: bool) -> int:
    """A whole charge in both directions through the gateway, printed as it happens.

    A gateway on wss with certificates made for it, a 2.0.1 station on a 1.6 CSMS, then a 1.6 station on a 2.0.1 CSMS.
    Exit code 0 only if every expected message arrived, with the same kWh on both sides.

    With --migrate twenty stations that charge on a 1.6 CSMS are moved to a 2.0.1 CSMS in waves; one is refused there, the guard
    stops, the rollback brings all home. Exit code 0 only if so, and both books together bill every charge once.
    """
    if migrate:
        if keep:
            raise click.UsageError("--migrate ends by itself: --keep has nothing to keep")
        return _migrate(as_json)
    from gateway.demo import lanes, summary
    from gateway.demo.run import GatewayError, Outcome, play

    out = lanes.console()

    def done(outcome: Outcome) -> None:
        if as_json:
            click.echo(json.dumps(summary.as_json(outcome), indent=2))
        else:
            summary.show(outcome, out)

    def kept(where: "Kept") -> None:
        click.echo("\n".join(_where(where)), err=as_json)

    async def main(show: "Show") -> Outcome:
        task = asyncio.current_task()
        assert task is not None
        # Left to itself SIGTERM would end this process and leave the gateway's behind.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await play(show, done, kept if keep else None, pace=pace)

    pace = _PACE_SECONDS if out.is_terminal and not as_json else 0.0
    try:
        outcome = asyncio.run(main(_Nobody() if as_json else lanes.Lanes(out)))
    except asyncio.CancelledError:
        raise Failed("ocpp-gateway: the demo was told to stop", 1) from None
    except GatewayError as error:
        raise Failed([f"ocpp-gateway: {error}", *(f"  {line}" for line in error.lines)]) from None
    except OSError as error:
        raise Failed(f"ocpp-gateway: {error}") from None
    return 0 if outcome.ok else 1


def _migrate(as_json: bool) -> int:
    from gateway.demo import lanes, move, move_summary
    from gateway.demo.process import GatewayError

    out = lanes.console()

    async def main() -> "move.Outcome":
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        show = move_summary.Nobody() if as_json else move_summary.Lines(out)
        return await move.play(show, pace=_FLEET_PACE_SECONDS)

    try:
        outcome = asyncio.run(main())
    except asyncio.CancelledError:
        raise Failed("ocpp-gateway: the demo was told to stop", 1) from None
    except GatewayError as error:
        raise Failed([f"ocpp-gateway: {error}", *(f"  {line}" for line in error.lines)]) from None
    except OSError as error:
        raise Failed(f"ocpp-gateway: {error}") from None
    if as_json:
        click.echo(json.dumps(move_summary.as_json(outcome), indent=2))
    else:
        move_summary.show(outcome, out)
    return 0 if outcome.ok else 1


def _where(kept: "Kept") -> list[str]:
    lines = [
        "",
        "Left running until Ctrl-C, with a small fleet that goes on charging. Open the console in a browser.",
        f"  console   {kept.admin_url}/",
        f"  metrics   {kept.admin_url}/metrics",
        f"  stations  {kept.listener_url}/{{identity}}  (authority {kept.ca})",
        f"  1.6 CSMS  {kept.legacy_url}/{{identity}}",
        f"  2.0.1     {kept.modern_url}/{{identity}}",
        f"  files     {kept.directory}",
    ]
    return lines + [f"  password  {identity}: {password}" for identity, password in kept.passwords.items()]


class _Nobody:
    """Watches nothing."""

    def act_begins(self, act: "Act") -> None: ...

    def frame(self, frame: "Frame") -> None: ...

    def act_ends(self, result: "Result") -> None: ...
