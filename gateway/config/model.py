"""The shape of the configuration: one frozen model per section, with its defaults.

Values are checked one by one here; what two keys must have in common is in `checks`. Durations are seconds.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, IPvAnyAddress, PrivateAttr, Tag, model_validator

from gateway.config.listeners import Listener
from gateway.config.parts import (
    BackendUrl,
    BindText,
    Count,
    Once,
    OneOrMore,
    Rate,
    ReadableFile,
    Seconds,
    SecondsOrNone,
    Secret,
    Section,
    StoreText,
    Subprotocols,
    Text,
    TraceEndpoint,
)
from gateway.config.values import DEFAULT_STORE, IDENTITY, Bind, Subprotocol, url_template

IdTokenType = Literal[
    "auto", "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"
]
IdTag = Annotated[str, Field(min_length=1, max_length=20)]
Percent = Annotated[float, Field(gt=0, le=100)]
GuardRule = Literal["reject", "adopt", "forward"]


class Credentials(Section):
    """HTTP Basic credentials for a backend; `{identity}` in the username is the station's identity there."""

    username: Text = IDENTITY
    password: Secret


class BackendTls(Section):
    """Trust and own certificate towards a backend; without `ca` the system's authorities are trusted."""

    ca: ReadableFile | None = None
    certificate: ReadableFile | None = None
    key: ReadableFile | None = None


def _auth_kind(value: Any) -> str:
    return "credentials" if isinstance(value, Mapping | Credentials) else "word"


BackendAuth = Annotated[
    Annotated[Literal["forward", "none"], Tag("word")] | Annotated[Credentials, Tag("credentials")],
    Discriminator(_auth_kind),
]


class Backend(Section):
    """One upstream CSMS. `subprotocols` are in order of preference."""

    url: BackendUrl
    subprotocols: Subprotocols = ("ocpp1.6",)
    auth: BackendAuth = "forward"
    tls: BackendTls = BackendTls()
    upstream_source_addresses: Annotated[tuple[IPvAnyAddress, ...], Once] = ()
    when_down: Literal["hold", "close", "buffer"] = "hold"
    hold_seconds: Seconds = 10.0
    call_timeout_seconds: Seconds = 25.0
    answer_locally: Annotated[tuple[Text, ...], Once] = ()
    id_token_type: IdTokenType = "auto"  # noqa: S105
    no_authorization_id_tag: IdTag | None = None
    end_lost_transactions: bool = False
    clear_cache_for_customer: bool = False
    long_id_tokens: Literal["reject", "alias"] = "reject"
    immediate_reset: Literal["Hard", "Soft"] = "Hard"
    soft_reset: Literal["Immediate", "OnIdle"] = "Immediate"
    guard: Mapping[Text, GuardRule] = {}
    station_certificates: Literal["forward", "gateway"] = "forward"
    _name: str = PrivateAttr("")

    @cached_property  # read several times for each connection, and pydantic is slow at its own attributes
    def name(self) -> str:
        """The key under `backends`."""
        return self._name

    @property
    def url_template(self) -> str:
        """The URL with `{identity}` in it exactly where the station's percent-encoded identity belongs."""
        return url_template(self.url)

    @model_validator(mode="before")
    @classmethod
    def _empty_guard(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("guard", {}) is None:
            return {**value, "guard": {}}
        return value


class Match(Section):
    """What a route asks of a station; all that is given must hold. `identity` is a glob, any letter case, `listener` a
    listener's name or address, `percent` a share of all stations, always the same ones."""

    identity: Text | None = None
    subprotocol: Subprotocol | None = None
    tag: Text | None = None
    listener: Text | None = None
    percent: Percent | None = None

    @property
    def everything(self) -> bool:
        """Whether no station is left out."""
        return not self.model_dump(exclude_none=True)


class Follower(Section):
    """A backend that gets a copy; `allow` are the calls of its own that may reach the station."""

    backend: Text
    allow: Annotated[tuple[Text, ...], Once] = ()


class Route(Section):
    """Stations that match go to `backend`; the first matching route wins. `quirks` are what they get wrong."""

    match: Match = Match()
    backend: Text
    followers: tuple[Follower, ...] = ()
    quirks: Annotated[tuple[Text, ...], Once] = ()


class Admin(Section):
    """Admin API, metrics and console."""

    bind: BindText = Bind("127.0.0.1", 9090)
    token: Secret | None = None


class Limits(Section):
    """What one gateway process takes on before it refuses, and how long it waits."""

    max_connections: Count = 20000
    connections_per_source: Count | None = None
    max_handshakes: Count = 4096
    handshakes_per_source: Count = 1024
    accepts_per_second: Rate = 500.0
    failures_per_minute: Count = 10
    source_failures_per_minute: Count = 300
    max_frame_bytes: Count = 1048576
    handshake_seconds: Seconds = 10.0
    connects_per_second: Rate = 250.0
    frames_per_second: Rate = 50.0
    ping_seconds: Seconds = 30.0
    pong_seconds: Seconds = 10.0
    queue_calls: Count = 16
    write_seconds: Seconds = 10.0
    store_seconds: Seconds = 5.0


class Drain(Section):
    """How long a drain spreads the closing of connections; 0: all at once."""

    seconds: SecondsOrNone = 120.0


class Log(Section):
    """`auto` writes colours on a terminal, else JSON; `redact` are payload keys whose values are never written."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"
    redact: Annotated[tuple[Text, ...], OneOrMore] = ("idTag", "idToken", "AuthorizationKey", "BasicAuthPassword")


class Tracing(Section):
    """Where traces of calls go, and the share of calls that is traced."""

    endpoint: TraceEndpoint
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.01


class StationCa(Section):
    """The authority that signs stations' certificates here; `days` is how long they are valid."""

    certificate: ReadableFile
    key: ReadableFile
    days: Annotated[int, Field(ge=1, le=3650)] = 365


class Config(Section):
    """The whole file. `path` is where it was read, `warnings` are lines like a mistake's that stop nothing."""

    listeners: Annotated[tuple[Listener, ...], Field(min_length=1)]
    backends: Annotated[Mapping[Text, Backend], Field(min_length=1)]
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    unknown_stations: Literal["accept", "reject"] = "accept"
    unknown_status: Literal["404", "401"] = "404"
    stations_file: ReadableFile | None = None
    station_ca: StationCa | None = None
    profile_downgrade: Literal["never", "3_to_2", "any"] = "never"
    store: StoreText = Field(default=DEFAULT_STORE, validate_default=True)
    admin: Admin = Admin()
    limits: Limits = Limits()
    drain: Drain = Drain()
    validation: Literal["off", "count", "reject"] = "count"
    log: Log = Log()
    tracing: Tracing | None = None
    _path: Path = PrivateAttr(Path("gateway.yaml"))
    _warnings: tuple[str, ...] = PrivateAttr(())

    @property
    def path(self) -> Path:
        """The file it was read from, as given."""
        return self._path

    @property
    def warnings(self) -> tuple[str, ...]:
        """`file:line:column: path.to.key: what is odd`, sorted by place."""
        return self._warnings

    @model_validator(mode="after")
    def _name_backends(self) -> "Config":
        for name, backend in self.backends.items():
            backend._name = name
        return self
