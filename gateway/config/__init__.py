"""The configuration file: frozen, typed, and every mistake of a file at once with its place.

`load` reads the file for a process, `parse` reads a text for a test. What they give back is `Config`.
"""

from gateway.config.listeners import Listener, ListenerTls
from gateway.config.load import ConfigError, load, parse
from gateway.config.model import (
    Admin,
    Backend,
    BackendTls,
    Config,
    Credentials,
    Drain,
    Follower,
    Limits,
    Log,
    Match,
    Route,
    StationCa,
    Tracing,
)
from gateway.config.restart import needs_restart
from gateway.config.values import IDENTITY, SUBPROTOCOLS, Bind, Network, Store

__all__ = [
    "IDENTITY",
    "SUBPROTOCOLS",
    "Admin",
    "Backend",
    "BackendTls",
    "Bind",
    "Config",
    "ConfigError",
    "Credentials",
    "Drain",
    "Follower",
    "Limits",
    "Listener",
    "ListenerTls",
    "Log",
    "Match",
    "Network",
    "Route",
    "StationCa",
    "Store",
    "Tracing",
    "load",
    "needs_restart",
    "parse",
]
