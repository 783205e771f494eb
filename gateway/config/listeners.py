"""Where stations connect: `listeners` of the configuration."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from gateway.config.parts import (
    BindText,
    NetworkText,
    Once,
    OneOrMore,
    PathPattern,
    ReadableFile,
    Section,
    Subprotocols,
    Text,
)
from gateway.config.values import SUBPROTOCOLS, Subprotocol

ListenerAuth = Literal["forward", "none", "basic", "mtls"]
TlsVersion = Literal["1.0", "1.1", "1.2", "1.3"]
Profile = Annotated[int, Field(ge=0, le=3)]
"""An OCPP security profile: 0 nothing, 1 a password, 2 a password within TLS, 3 a certificate."""


class ListenerTls(Section):
    """What the gateway shows to stations, and what it demands of theirs. `certificate` and `key` are parallel: several
    serve RSA and ECDSA, or names (SNI). `client_organisation` are the O that a station's certificate may have."""

    certificate: Annotated[tuple[ReadableFile, ...], OneOrMore, Field(min_length=1)]
    key: Annotated[tuple[ReadableFile, ...], OneOrMore, Field(min_length=1)]
    client_ca: ReadableFile | None = None
    client_crl: Annotated[tuple[ReadableFile, ...], OneOrMore] = ()
    client_organisation: Annotated[tuple[Text, ...], OneOrMore, Once] = ()
    min_version: TlsVersion = "1.2"


class Listener(Section):
    """Where stations connect. Without `tls` it is plain ws; `strict_part4` answers 101 and closes for no subprotocol;
    `compression` takes up permessage-deflate where a station offers it.

    `security_profiles` are those it takes, all when empty. Only what comes from `trusted_proxies` is believed about where
    a station is: a PROXY header with `proxy_protocol`, forwarding headers without.
    """

    bind: BindText
    name: Text | None = None
    paths: Annotated[tuple[PathPattern, ...], OneOrMore, Field(min_length=1), Once] = (
        "/{identity}",
        "/ocpp/{identity}",
    )
    subprotocols: Subprotocols = SUBPROTOCOLS
    default_subprotocol: Subprotocol | None = None
    tls: ListenerTls | None = None
    auth: Annotated[tuple[ListenerAuth, ...], OneOrMore, Field(min_length=1), Once] = ("forward",)
    strict_part4: bool = False
    compression: bool = True
    security_profiles: Annotated[tuple[Profile, ...], Once] = ()
    proxy_protocol: bool = False
    trusted_proxies: Annotated[tuple[NetworkText, ...], OneOrMore] = ()

    @cached_property
    def profiles(self) -> frozenset[int]:
        """The security profiles that a station may have here."""
        possible = {2 if self.tls is not None else 1} if {"basic", "forward"} & set(self.auth) else set[int]()
        if "mtls" in self.auth:
            possible.add(3)
        return frozenset(possible & set(self.security_profiles or possible))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What a route may call it."""
        return (str(self.bind),) if self.name is None else (self.name, str(self.bind))
