"""`certs`: a development CA and what it issues."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.cli import Failed

if TYPE_CHECKING:
    from gateway.certificates import Inspection, Issued

_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def _options(verb: _Verb) -> _Verb:
    directory = click.Path(path_type=Path, file_okay=False)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option("--force", is_flag=True, help="Overwrite files that exist."),
        click.option(
            "--days",
            type=click.IntRange(1, 36500),
            help="How long it is valid: unless given, the CA 3650 days, a server 397, a station 1825.",
        ),
        click.option("--directory", type=directory, default="certs", show_default=True, help="Where the files are."),
    ):
        verb = option(verb)
    return verb


@click.group("certs")
def command() -> None:
    """Development CA, server and station certificates.

    Enough for trying things out and for a closed network; a public or production site has a CA of its own.
    """


@command.command("init")
@_options
def init(directory: Path, days: int | None, force: bool, as_json: bool) -> None:
    """Makes the CA: ca.crt and ca.key."""
    from gateway import certificates

    _issue(as_json, lambda: certificates.init_ca(directory, days=days or certificates.CA_DAYS, force=force))


@command.command("server")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--rsa", is_flag=True, help="RSA-2048 in server-rsa.*, for stations that know no elliptic curves.")
@_options
def server(names: tuple[str, ...], rsa: bool, directory: Path, days: int | None, force: bool, as_json: bool) -> None:
    """Issues server.crt and server.key.

    NAME is a DNS name or an IP address; all go into the subject alternative names, the first into the common name too.
    """
    from gateway import certificates

    days = days or certificates.SERVER_DAYS
    _issue(as_json, lambda: certificates.issue_server(directory, names, rsa_key=rsa, days=days, force=force))


@command.command("station")
@click.argument("identity")
@click.option("--organisation", default="OCPP gateway", show_default=True, help="The operator: O of the subject.")
@_options
def station(identity: str, organisation: str, directory: Path, days: int | None, force: bool, as_json: bool) -> None:
    """Issues station-IDENTITY.crt and .key.

    The identity is the common name.
    """
    from gateway import certificates

    days = days or certificates.STATION_DAYS
    _issue(as_json, lambda: certificates.issue_station(directory, identity, organisation, days=days, force=force))


@command.command("inspect")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each file, a line each.")
def inspect(files: tuple[Path, ...], as_json: bool) -> None:
    """Prints what the files hold: the first certificate of each."""
    from gateway import certificates

    mistakes = []
    for path in files:
        try:
            found = certificates.inspect(path)
        except OSError as error:
            mistakes.append(f"ocpp-gateway: {path}: {error.strerror}")
        except ValueError as error:
            mistakes.append(f"ocpp-gateway: {error}")
        else:
            click.echo(json.dumps({"file": str(path), **found}) if as_json else _block(path, found))
    if mistakes:
        raise Failed(mistakes)


def _issue(as_json: bool, make: "Callable[[], Issued]") -> None:
    from gateway import certificates

    try:
        issued = make()
        found = certificates.inspect(issued.certificate)
    except (FileExistsError, FileNotFoundError, ValueError) as error:
        raise Failed(f"ocpp-gateway: {error}") from None
    except OSError as error:
        raise Failed(f"ocpp-gateway: {error.filename}: {error.strerror}") from None
    if as_json:
        click.echo(json.dumps({"certificate_file": str(issued.certificate), "key_file": str(issued.key), **found}))
    else:
        click.echo(f"{issued.certificate}\n{issued.key}")


def _block(path: Path, found: "Inspection") -> str:
    lines = [
        ("subject", found["subject"]),
        ("issuer", found["issuer"]),
        ("names", " ".join(found["names"]) or "-"),
        ("valid", f"{found['not_before']} to {found['not_after']}"),
        ("key", f"{found['key_type']}, {found['key_bits']} bits"),
        ("serial", found["serial"]),
        ("sha256", found["fingerprint_sha256"]),
        ("CA", "yes" if found["is_ca"] else "no"),
    ]
    return "\n".join([str(path), *(f"  {name:<8} {value}" for name, value in lines)])
