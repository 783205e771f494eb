"""`password`: hashes for the stations file."""

import getpass
import sys

import click

from gateway.cli import Failed


@click.group("password")
def command() -> None:
    """Password hashes for the stations file."""


@command.command("hash", short_help="Reads a line from stdin and prints its hash.")
@click.option("--hex", "as_hex", is_flag=True, help="The line holds hex digits, as a 1.6 AuthorizationKey is written.")
def hash_(as_hex: bool) -> None:
    """Reads one line from stdin and prints its hash, one line, for `password_hash` in the stations file."""
    from gateway.passwords import hash_password

    if sys.stdin.isatty():
        line = getpass.getpass("Password: ", stream=sys.stderr).encode()
    else:
        line = sys.stdin.buffer.readline().removesuffix(b"\n").removesuffix(b"\r")
    try:
        password = bytes.fromhex(line.decode("ascii")) if as_hex else line
    except ValueError:
        raise Failed("ocpp-gateway: --hex wants pairs of hex digits", 2) from None
    try:
        click.echo(hash_password(password))
    except ValueError as error:
        raise Failed(f"ocpp-gateway: {error}", 2) from None
