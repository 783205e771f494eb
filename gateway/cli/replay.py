"""`replay`: the stations of a capture against a CSMS."""

import asyncio
import json
import re
import ssl
from pathlib import Path

import click

from gateway.cli import Failed
from gateway.replay.capture import Capture, CaptureError, read
from gateway.replay.play import Outcome, Target, play_all

_DIFFERENT = 3


@click.command("replay")
@click.argument("capture", metavar="CAPTURE.jsonl", type=click.Path(path_type=Path))
@click.option("--to", "url", required=True, metavar="URL", help="The CSMS, ws:// or wss://; {identity} or added to it.")
@click.option("--subprotocol", help="ocpp1.6, ocpp2.0.1 or ocpp2.1.  [default: the station's]")
@click.option(
    "--speed", type=click.FloatRange(0), default=1.0, show_default=True, help="2: twice as fast; 0: no pause."
)
@click.option("--id-tag", metavar="TAG", help="In the place of id tags that the capture hides.")
@click.option("--timeout", type=click.FloatRange(0.1), default=30.0, show_default=True, help="Seconds for an answer.")
@click.option("--ca", type=click.Path(path_type=Path), help="PEM of the CSMS's authority.  [default: the system's]")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    capture: Path,
    url: str,
    subprotocol: str | None,
    speed: float,
    id_tag: str | None,
    timeout: float,
    ca: Path | None,
    as_json: bool,
) -> int:
    """Play the station side of a capture (`tail --jsonl`) against a CSMS that is tried out, one connection for each
    station, and compare its answers with those captured.

    The exit code is 1 when it failed to do something, 3 when it only did something otherwise.
    """
    if not re.match(r"wss?://[^/]", url):
        raise Failed("ocpp-gateway: --to wants a URL such as ws://127.0.0.1:9000/ocpp", 2)
    found = _read(capture)
    if found.lost:
        click.echo(f"ocpp-gateway: the capture lacks {found.lost} frames", err=True)
    if found.hidden and id_tag is None:
        click.echo(f"ocpp-gateway: in {found.hidden} payloads something is hidden; --id-tag puts a tag in", err=True)
    target = Target(url, subprotocol, speed, id_tag, timeout, tls=_tls(ca) if url.startswith("wss:") else None)
    told = (lambda outcome: None) if as_json else _tell
    outcomes = asyncio.run(play_all(found.scripts, target, told))
    kinds = {finding.kind for outcome in outcomes for _, _, finding in outcome.findings}
    if as_json:
        click.echo(json.dumps([_document(outcome) for outcome in outcomes], indent=2))
    else:
        _sum_up(outcomes)
    return 1 if "error" in kinds else _DIFFERENT if kinds else 0


def _read(path: Path) -> Capture:
    try:
        with path.open(encoding="utf-8") as lines:
            found = read(lines)
    except OSError as error:
        raise Failed(f"ocpp-gateway: {path}: {error.strerror}", 2) from None
    except (CaptureError, UnicodeDecodeError) as error:
        raise Failed(f"ocpp-gateway: {path}: {error}", 2) from None
    if not any(script.calls for script in found.scripts):
        raise Failed(f"ocpp-gateway: {path}: no call of a station in it", 2)
    return found


def _tls(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise Failed(f"ocpp-gateway: {ca}: {error}", 2) from None


def _tell(outcome: Outcome) -> None:
    click.echo(f"{outcome.station}: {outcome.answered} of {outcome.made} calls answered")
    for line, action, finding in outcome.findings:
        place = f"line {line}: " if line else ""
        text = f"  {finding.kind}: {place}{action}: {finding.text}"
        click.echo("".join(sign if sign.isprintable() else "?" for sign in text))


def _sum_up(outcomes: list[Outcome]) -> None:
    kinds = [finding.kind for outcome in outcomes for _, _, finding in outcome.findings]
    made = sum(outcome.made for outcome in outcomes)
    errors, differences = kinds.count("error"), kinds.count("difference")
    click.echo(f"{len(outcomes)} stations, {made} calls: {errors} errors, {differences} differences")


def _document(outcome: Outcome) -> dict[str, object]:
    findings = [
        {"kind": finding.kind, "line": line or None, "action": action, "text": finding.text}
        for line, action, finding in outcome.findings
    ]
    return {"station": outcome.station, "made": outcome.made, "answered": outcome.answered, "findings": findings}
