"""`ocpp-gateway run`: the gateway, until it is told to stop."""

import asyncio
import os
import sys
from pathlib import Path

import click


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
def command(path: Path, loop_name: str) -> None:
    """Run the gateway.

    SIGTERM drains, a second one stops at once; SIGHUP reads the configuration, the stations file and the certificates
    again.
    """
    import structlog

    from gateway import logs
    from gateway.app import App, StartError
    from gateway.config import ConfigError
    from gateway.stations import load_all

    try:
        config, stations = load_all(path, os.environ)
    except ConfigError as error:
        for line in error.mistakes:
            click.echo(line, err=True)
        sys.exit(2)
    logs.configure(config.log)
    for line in config.warnings:
        structlog.get_logger("app").warning("configuration_warning", why=line)

    async def main() -> None:
        await App(config, stations, loop_name).run()

    try:
        if loop_name == "uvloop":
            import uvloop

            uvloop.run(main())
        else:
            _lighten_tls()
            asyncio.run(main())
    except StartError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _lighten_tls() -> None:
    """asyncio keeps a zero-filled 256 KiB buffer for every TLS connection; 16 KiB, one TLS record, does."""
    import asyncio.sslproto

    asyncio.sslproto.SSLProtocol.max_size = 16 * 1024
