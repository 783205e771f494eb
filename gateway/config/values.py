"""The scalar values of the configuration that have a form of their own: addresses, URLs, stores, files.

Every reader here takes the text of one scalar and raises ValueError with a sentence that fits after `path.to.key: `.
No sentence repeats a text that may hold a secret.
"""

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

IDENTITY = "{identity}"
"""The one placeholder of path patterns, backend URLs and backend usernames."""

DEFAULT_STORE = "sqlite:ocpp-gateway.db"

Subprotocol = Literal["ocpp2.1", "ocpp2.0.1", "ocpp1.6"]
SUBPROTOCOLS: tuple[Subprotocol, ...] = ("ocpp2.1", "ocpp2.0.1", "ocpp1.6")

_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?")
_PATH_PATTERN = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/\{identity\}")
_HOST_LIST = r"[^\s/,@]+(,[^\s/,@]+)*"
_USER = r"([^\s/@]*@)?"
_STORES = {
    "redis": re.compile(rf"rediss?://{_USER}[^\s/,@]+(/\d+)?"),
    "redis+sentinel": re.compile(rf"redis\+sentinel://{_USER}{_HOST_LIST}/[^\s/]+(/\d+)?"),
    "redis+cluster": re.compile(rf"redis\+cluster://{_USER}{_HOST_LIST}/?"),
}
_STORE_FORMS = (
    "memory or sqlite:PATH or redis://HOST:PORT/DB or rediss://HOST:PORT/DB"
    " or redis+sentinel://HOST,HOST/MASTER/DB or redis+cluster://HOST,HOST"
)


@dataclass(frozen=True, slots=True)
class Bind:
    """An address to listen on. `host` has no brackets; port 0 lets the system choose. `str()` gives the written form."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_bind(text: str) -> Bind:
    """`0.0.0.0:8443`, `[::]:8443`, `localhost:0`."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not host or (":" in host and not bracketed):
        raise ValueError("should be host:port such as 0.0.0.0:8443 or [::]:8443")
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError("the port should be a number from 0 to 65535")
    if bracketed:
        host = host[1:-1]
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError("what stands in brackets is not an IPv6 address") from None
    elif re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise ValueError(f"{host} is not an IPv4 address") from None
    elif not _HOST_NAME.fullmatch(host):
        raise ValueError(f"{host!r} is neither an address nor a host name")
    return Bind(host, int(port))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_network(text: str) -> Network:
    """`10.0.0.0/8`, `2001:db8::/32`, or one address."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("should be an address or a network such as 10.0.0.0/8, its host bits 0") from None


def read_path_pattern(text: str) -> str:
    """`/{identity}` after any literal prefix."""
    if not _PATH_PATTERN.fullmatch(text):
        raise ValueError("should be a literal path that ends in /{identity}, such as /ocpp/{identity}")
    return text


def read_backend_url(text: str) -> str:
    """A ws or wss URL, with or without `{identity}`, without credentials."""
    try:
        parts = urlsplit(text.replace(IDENTITY, "identity"))
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("ws", "wss"):
        raise ValueError("should be a URL that starts with ws:// or wss://")
    if not host:
        raise ValueError("names no host")
    if "@" in parts.netloc:
        raise ValueError("should hold no credentials; write them under `auth`")
    if "{identity}" in text.partition("://")[2].partition("/")[0]:
        raise ValueError("{identity} may stand in the path or the query, not in the host")
    if "#" in text or re.search(r"\s", text):
        raise ValueError("should hold neither blanks nor a #fragment")
    if re.search(r"[{}]", text.replace(IDENTITY, "")):
        raise ValueError("the only placeholder is {identity}")
    return text


def read_trace_endpoint(text: str) -> str:
    """An http or https URL without credentials."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("should be a URL that starts with http:// or https://")
    if not host:
        raise ValueError("names no host")
    if "@" in parts.netloc:
        raise ValueError("should hold no credentials; OTEL_EXPORTER_OTLP_HEADERS in the environment does")
    if "#" in text or re.search(r"\s", text):
        raise ValueError("should hold neither blanks nor a #fragment")
    return text


def url_template(url: str) -> str:
    """The backend URL with `{identity}` in it, appended to the path where the URL does not name it."""
    if IDENTITY in url:
        return url
    address, mark, query = url.partition("?")
    return f"{address.rstrip('/')}/{IDENTITY}{mark}{query}"


@dataclass(frozen=True, slots=True)
class Store:
    """Where state is kept. `path` is absolute and set for sqlite only; `url` is set for redis and may hold a password."""

    kind: Literal["memory", "sqlite", "redis", "redis+sentinel", "redis+cluster"]
    path: Path | None = None
    url: str | None = field(default=None, repr=False)
    tls: bool = False
    ca: Path | None = None
    """Whom to trust for TLS; None: whom the system trusts."""
    wait: int = 0
    """How many replicas must have a write before it is durable."""
    sentinel_auth: bool = False
    """Whether the Sentinels want the same credentials."""

    def __str__(self) -> str:
        if self.url is not None:
            return re.sub(r"//[^/@]*@", "//***@", self.url)
        return f"{self.kind}:{self.path or ''}"


def read_store(text: str, base: Path) -> Store:
    """A store's URL; a sqlite path is resolved from `base` and its folder must exist."""
    if text in ("memory:", "memory"):  # YAML wants quotes around a colon at the end
        return Store("memory")
    if text.startswith("sqlite:"):
        name = text.removeprefix("sqlite:")
        if not name or name.startswith(":") or re.match(r"//[^/]", name):
            raise ValueError("should be sqlite:PATH such as sqlite:ocpp-gateway.db; use memory to keep nothing")
        path = resolve(name, base)
        if not path.parent.is_dir():
            raise ValueError(f"the directory {path.parent} does not exist")
        if path.is_dir():
            raise ValueError(f"{path} is a directory")
        return Store("sqlite", path=path)
    address, mark, query = text.partition("?")
    kinds = (kind for kind, form in _STORES.items() if form.fullmatch(address))
    match next(kinds, None):
        case "redis" | "redis+sentinel" | "redis+cluster" as kind:
            _check_ports(address)
            options = _read_store_options(query, base) if mark else {}
            if kind == "redis":
                if "tls" in options:
                    raise ValueError("tls is for Sentinel and Cluster; write rediss:// for TLS")
                options["tls"] = text.startswith("rediss:")
            if "ca" in options and not options.get("tls"):
                raise ValueError("ca is for TLS: rediss://, or tls=true")
            if options.get("sentinel_auth") and kind != "redis+sentinel":
                raise ValueError("sentinel_auth is for redis+sentinel://")
            return Store(kind, url=text, **options)
        case _:
            raise ValueError(f"should be {_STORE_FORMS}")


def _check_ports(address: str) -> None:
    hosts = address.partition("://")[2].rpartition("@")[2].partition("/")[0]
    for host in hosts.split(","):
        read_bind(host if re.search(r":\d*$", host) and not re.fullmatch(r"\[[^\]]*\]", host) else f"{host}:1")


def _read_store_options(query: str, base: Path) -> dict[str, Any]:
    """`wait=1&ca=FILE&tls=true&sentinel_auth=true`. Raises ValueError."""
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        match name:
            case "wait" if re.fullmatch(r"[0-9]", value):
                options[name] = int(value)
            case "wait":
                raise ValueError("wait should be the number of replicas, from 0 to 9")
            case "ca":
                options[name] = read_file_name(value, base)
            case "tls" | "sentinel_auth" if value in ("true", "false"):
                options[name] = value == "true"
            case "tls" | "sentinel_auth":
                raise ValueError(f"{name} should be true or false")
            case _:
                raise ValueError("the options after ? are wait, ca, tls and sentinel_auth")
    return options


def resolve(text: str, base: Path) -> Path:
    """The absolute path that `text` means in a file of the folder `base`; `~` is the home folder."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # `~name` of nobody: a file's name like any other
        path = Path(text)
    return Path(_without_dots(base.absolute() / path))


def _without_dots(path: Path) -> str:
    # `..` is resolved by text so that a message names the path as the operator wrote it, symbolic links kept.
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != "..":
            parts.append(part)
    return str(Path(*parts))


def read_file_name(text: str, base: Path) -> Path:
    """The absolute path of a file that exists and may be read."""
    if not text:
        raise ValueError("is empty; name a file or leave the key out")
    path = resolve(text, base)
    try:
        path.stat()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    # Not opened: a pipe would wait for its writer.
    if not path.is_file():
        raise ValueError(f"{path} is not a regular file")
    if not os.access(path, os.R_OK):
        raise ValueError(f"{path}: Permission denied")
    return path
