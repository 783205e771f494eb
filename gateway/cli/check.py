"""`check`: whether a configuration can be used, and what it means."""

import json
import os
from pathlib import Path
from typing import Any

import click

from gateway.cli import Failed


@click.command("check")
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=Path("gateway.yaml"),
    show_default=True,
    help="The configuration file.",
)
@click.option("--online", is_flag=True, help="Dial the backends and the store as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, online: bool, as_json: bool) -> None:
    """Validates a configuration, the files it names, and its routes.

    Every mistake of the file and of its stations file is one line on stderr, FILE:LINE:COLUMN: PATH.TO.KEY: WHAT IS
    WRONG, and the exit code is 2; otherwise a summary is printed and the exit code is 0.
    """
    from gateway.config import ConfigError
    from gateway.runtime import raise_descriptors, too_few_descriptors
    from gateway.stations import load_all

    try:
        config, stations = load_all(path, os.environ)
    except ConfigError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "mistakes": error.mistakes}, indent=2))
        raise Failed(error.mistakes, 2) from None
    few = too_few_descriptors(raise_descriptors(), config.limits.max_connections)
    warnings = [*config.warnings, *([few] if few is not None else [])]
    if online:
        from gateway.cli.online import look

        mistakes, more = look(config)
        warnings += more
        if mistakes:
            if as_json:
                click.echo(json.dumps({"ok": False, "mistakes": mistakes}, indent=2))
            raise Failed(mistakes, 2)
    listeners = [
        {
            "bind": str(listener.bind),
            "tls": listener.tls is not None,
            "paths": listener.paths,
            "subprotocols": listener.subprotocols,
            "auth": listener.auth,
        }
        for listener in config.listeners
    ]
    backends = {
        name: {"url": backend.url_template, "subprotocols": backend.subprotocols, "when_down": backend.when_down}
        for name, backend in config.backends.items()
    }
    routes = [
        {
            "match": route.match.model_dump(exclude_none=True),
            "backend": route.backend,
            "followers": [follower.backend for follower in route.followers],
        }
        for route in config.routes
    ]
    summary: dict[str, Any] = {
        "ok": True,
        "mistakes": [],
        "warnings": warnings,
        "listeners": listeners,
        "backends": backends,
        "routes": routes,
        "unknown_stations": config.unknown_stations,
        "stations": {"file": str(stations.path), "count": len(stations)} if stations.path is not None else None,
        "store": str(config.store),
        "admin": str(config.admin.bind),
    }
    click.echo(json.dumps(summary, indent=2) if as_json else "\n".join([f"OK {path}", *_lines(summary)]))


def _lines(summary: dict[str, Any]) -> list[str]:
    lines = []
    for listener in summary["listeners"]:
        scheme = "wss" if listener["tls"] else "ws"
        lines.append(
            f"listener  {scheme}://{listener['bind']}  {' '.join(listener['paths'])}"
            f"  {' '.join(listener['subprotocols'])}  auth {' or '.join(listener['auth'])}"
        )
    for name, backend in summary["backends"].items():
        subprotocols = " ".join(backend["subprotocols"])
        lines.append(f"backend   {name}  {backend['url']}  {subprotocols}  when down: {backend['when_down']}")
    for route in summary["routes"]:
        match = ", ".join(f"{key} {value}" for key, value in route["match"].items()) or "every station"
        followers = f" (+ {', '.join(route['followers'])})" if route["followers"] else ""
        lines.append(f"route     {match} -> {route['backend']}{followers}")
    if summary["stations"] is not None:
        count, others = summary["stations"]["count"], summary["unknown_stations"]
        lines.append(f"stations  {count} in {summary['stations']['file']}, others: {others}")
    lines += [f"store     {summary['store']}", f"admin     http://{summary['admin']}"]
    return lines + [f"warning   {warning}" for warning in summary["warnings"]]
