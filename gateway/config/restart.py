"""Which parts of a configuration are read at the start only."""

from gateway.config.listeners import Listener
from gateway.config.model import Config


def needs_restart(runs: Config, read: Config) -> list[str]:
    """The keys of `read` that differ from those the process was started with and count only after a restart, sorted."""
    changed = [key for key in ("store", "log", "tracing") if getattr(read, key) != getattr(runs, key)]
    if read.admin.bind != runs.admin.bind:
        changed.append("admin.bind")
    if _without_certificates(read) != _without_certificates(runs):
        changed.append("listeners")
    return sorted(changed)


def _without_certificates(config: Config) -> list[Listener]:
    """TLS settings make a new context; whether there is TLS, and whose certificates prove a station, do not."""
    return [
        listener.model_copy(update={"tls": listener.tls and listener.tls.client_organisation})
        for listener in config.listeners
    ]
