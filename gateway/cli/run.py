"""`ocpp-gateway run`: the gateway, until it is told to stop."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from gateway.cli import Failed
from gateway.errors import StartError


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=Path("gateway.yaml"),
    show_default=True,
    help="The configuration file.",
)
@click.option(
    "--loop",
    "loop_name",
    type=click.Choice(["uvloop", "asyncio"]),
    default="uvloop" if sys.platform != "win32" else "asyncio",
    show_default=True,
    help="The event loop; asyncio is the way out where uvloop misbehaves.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that share the work, one a core; more than one need a Redis as their store.",
)
def command(path: Path, loop_name: str, workers: int) -> None:
    """Run the gateway.

    SIGTERM drains, a second one stops at once; SIGHUP reads the configuration, the stations file and the certificates
    again.
    """
    import structlog

    from gateway import logs
    from gateway.config import ConfigError
    from gateway.stations import load_all
    from gateway.workers.worker import worker_of

    try:
        config, stations = load_all(path, os.environ)
    except ConfigError as error:
        for line in error.mistakes:
            click.echo(line, err=True)
        sys.exit(2)
    if workers > 1 and config.store.kind in ("memory", "sqlite"):
        raise Failed(
            f"--workers {workers}: workers share their state, and {config.store.kind}: is of one; use redis:", 2
        )
    worker = worker_of(os.environ)
    lines = logs.configure(config.log)
    if worker is not None:
        structlog.contextvars.bind_contextvars(worker=worker.number)
    else:
        for line in config.warnings:
            structlog.get_logger("app").warning("configuration_warning", why=line)
    try:
        if workers > 1 and worker is None:
            from gateway.workers.supervisor import Supervisor, command_of

            again = command_of(["run", "-c", str(path), "--loop", loop_name, "--workers", str(workers)])
            asyncio.run(Supervisor(config, workers, again, lines).run())
        else:
            from gateway.app import App

            _run(App(config, stations, loop_name, worker, lines).run(), loop_name)
    except StartError as error:
        raise Failed(error.lines) from None
    finally:
        lines.stop()


def _run(main: Coroutine[Any, Any, None], loop_name: str) -> None:
    if loop_name == "uvloop":
        import uvloop

        uvloop.run(main)
    else:
        _lighten_tls()
        asyncio.run(main)


def _lighten_tls() -> None:
    """asyncio keeps a zero-filled 256 KiB buffer for every TLS connection; 16 KiB, one TLS record, does."""
    import asyncio.sslproto

    asyncio.sslproto.SSLProtocol.max_size = 16 * 1024
