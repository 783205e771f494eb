"""What keys must have in common, read from the document so that a mistake elsewhere hides nothing here.

Values of the wrong shape are skipped: the model has told about them.
"""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any

from gateway.config import tls
from gateway.config.document import Document, Mistake, Steps, dotted
from gateway.config.model import BackendTls, Config
from gateway.config.values import SUBPROTOCOLS, Bind, read_bind
from gateway.config.wording import suggestion


def mistakes(document: Document) -> Iterator[Mistake]:
    """Everything that makes the file unusable beyond the shape of single values."""
    yield from _binds(document)
    for listener in document.steps("listeners"):
        yield from _listener(document, listener)
    for backend in document.steps("backends"):
        yield from _backend(document, backend)
    for route in document.steps("routes"):
        yield from _route(document, route)
    certificate, key = document.get("station_ca", "certificate"), document.get("station_ca", "key")
    yield from tls.pairs(document, ("station_ca",), _texts(certificate), _texts(key))
    if document.get("tracing") is not None and not _can_trace():
        yield document.mistake(("tracing",), "needs more packages: install ocpp-gateway[tracing]")
    if document.get("unknown_stations") == "reject" and not document.get("stations_file"):
        what = "reject refuses every station while there is no stations_file"
        yield document.mistake(("unknown_stations",), what)


def _can_trace() -> bool:
    try:
        return None not in (find_spec("opentelemetry.sdk"), find_spec("opentelemetry.exporter.otlp.proto.http"))
    except ModuleNotFoundError:
        return False


def warnings(document: Document, config: Config) -> Iterator[Mistake]:
    """What is odd in a configuration that can be used."""
    open_routes = [index for index, route in enumerate(config.routes) if route.match.everything]
    spoken = {name for listener in config.listeners for name in listener.subprotocols}
    named = {name for listener in config.listeners for name in listener.names}
    for index, route in enumerate(config.routes):
        here: Steps = ("routes", index)
        if open_routes and index > open_routes[0]:
            yield document.mistake(here, f"never used: {dotted(('routes', open_routes[0]))} matches every station")
        elif route.match.subprotocol is not None and route.match.subprotocol not in spoken:
            what = f"never used: no listener accepts {route.match.subprotocol}"
            yield document.mistake((*here, "match", "subprotocol"), what)
        elif route.match.listener is not None and route.match.listener not in named:
            what = f"never used: no listener is called {route.match.listener}"
            yield document.mistake((*here, "match", "listener"), what)
        elif route.match.tag is not None and config.stations_file is None:
            yield document.mistake((*here, "match", "tag"), "never used: tags come from a stations_file")
    for index, listener in enumerate(config.listeners):
        here = ("listeners", index)
        if "none" in listener.auth and len(listener.auth) > 1:
            yield document.mistake((*here, "auth"), "none lets every station in, whatever else is named")
        if listener.tls is None and not listener.bind.is_loopback and listener.auth != ("none",):
            yield document.mistake(here, "has no tls: the passwords of stations travel in the clear")
        if listener.tls is not None:
            if listener.tls.min_version in ("1.0", "1.1"):
                what = f"TLS {listener.tls.min_version} is broken; keep such stations on a listener of their own"
                yield document.mistake((*here, "tls", "min_version"), what)
            yield from tls.expiries(document, (*here, "tls", "certificate"), listener.tls.certificate)
            if listener.tls.client_ca is not None:
                yield from tls.expiries(document, (*here, "tls", "client_ca"), (listener.tls.client_ca,))
    if config.station_ca is not None:
        yield from tls.expiries(document, ("station_ca", "certificate"), (config.station_ca.certificate,))
    for index, route in enumerate(config.routes):
        for place, follower in enumerate(route.followers):
            if config.backends[follower.backend].auth == "forward":
                what = f"{follower.backend} has auth: forward, but a follower is never sent a station's own credentials"
                yield document.mistake(("routes", index, "followers", place, "backend"), what)
    no_secret = all("forward" not in listener.auth for listener in config.listeners)
    for name, backend in config.backends.items():
        here = ("backends", name)
        if document.get(*here, "subprotocols") is None:
            yield document.mistake((*here, "subprotocols"), "not given: the backend is taken to speak ocpp1.6 only")
        if backend.auth == "forward" and backend.when_down == "buffer" and not no_secret:
            what = "with forward, what buffer keeps is delivered only while its station is connected"
            yield document.mistake((*here, "when_down"), what)
        if backend.auth == "forward" and no_secret:
            what = "forward has nothing to pass on: no listener's auth is forward"
            yield document.mistake((*here, "auth"), what + "; write none, or the backend's own username and password")
        if backend.tls != BackendTls() and backend.url.startswith("ws:"):
            yield document.mistake((*here, "tls"), "not used: the url is ws://, without TLS")
        if backend.tls.certificate is not None:
            yield from tls.expiries(document, (*here, "tls", "certificate"), (backend.tls.certificate,))


def _binds(document: Document) -> Iterator[Mistake]:
    seen: dict[Bind, Steps] = {}
    for steps in [(*listener, "bind") for listener in document.steps("listeners")] + [("admin", "bind")]:
        try:
            bind = read_bind(document.get(*steps))
        except (ValueError, AttributeError):
            continue
        if bind.port and bind in seen:
            yield document.mistake(steps, f"is also the address of {dotted(seen[bind][:-1])}")
        seen.setdefault(bind, steps)
        if steps[0] == "admin" and not bind.is_loopback and not document.get("admin", "token"):
            yield document.mistake(steps, "an address other than loopback needs a token")


def _listener(document: Document, here: Steps) -> Iterator[Mistake]:
    if (*here, "tls") in document.blank:
        yield document.mistake((*here, "tls"), "is empty; give certificate and key, or leave the key out for plain ws")
    spoken = document.get(*here, "subprotocols") or SUBPROTOCOLS
    default = document.get(*here, "default_subprotocol")
    if isinstance(default, str) and default not in (spoken if isinstance(spoken, list | tuple) else _texts(spoken)):
        what = f"{default} is not one of the listener's subprotocols"
        yield document.mistake((*here, "default_subprotocol"), what)
    auth = document.get(*here, "auth")
    for steps in document.steps(*here, "auth") if isinstance(auth, list) else [(*here, "auth")]:
        way = document.get(*steps)
        if way == "mtls" and not document.get(*here, "tls", "client_ca"):
            yield document.mistake(steps, "mtls needs tls.client_ca")
        if way == "basic" and not document.get("stations_file"):
            yield document.mistake(steps, "basic needs a stations_file with password hashes")
    certificates, keys = document.get(*here, "tls", "certificate"), document.get(*here, "tls", "key")
    yield from tls.pairs(document, (*here, "tls"), _texts(certificates), _texts(keys))
    yield from tls.authorities(document, (*here, "tls", "client_ca"))
    yield from tls.revocations(document, (*here, "tls", "client_crl"))
    for name in ("client_crl", "client_organisation"):
        if document.get(*here, "tls", name) and not document.get(*here, "tls", "client_ca"):
            yield document.mistake((*here, "tls", name), f"{name} needs a client_ca")
    if document.get(*here, "proxy_protocol") in ("true", "yes", "on") and not document.get(*here, "trusted_proxies"):
        what = "needs trusted_proxies: from anybody else the header is a stranger's word"
        yield document.mistake((*here, "proxy_protocol"), what)
    yield from _profiles(document, here)


def _profiles(document: Document, here: Steps) -> Iterator[Mistake]:
    """Profiles that this listener can never see."""
    possible = {"2", "3"} if document.get(*here, "tls") else {"1"}
    ways = _texts(document.get(*here, "auth")) or ["forward"]
    if not {"forward", "basic"} & set(ways):
        possible -= {"1", "2"}
    if "mtls" not in ways:
        possible -= {"3"}
    if {"forward", "none"} & set(ways):
        possible |= {"0"}
    for steps in document.steps(*here, "security_profiles"):
        profile = document.get(*steps)
        if profile in ("0", "1", "2", "3") and profile not in possible:
            what = f"no station can have profile {profile} here, with this tls and auth"
            yield document.mistake(steps, what)


def _backend(document: Document, here: Steps) -> Iterator[Mistake]:
    certificate, key = document.get(*here, "tls", "certificate"), document.get(*here, "tls", "key")
    yield from tls.pairs(document, (*here, "tls"), _texts(certificate), _texts(key))
    yield from tls.authorities(document, (*here, "tls", "ca"))
    store = document.get("store")
    if document.get(*here, "when_down") == "buffer" and isinstance(store, str) and store.startswith("memory"):
        what = "buffer needs a store that survives a crash: what was answered would be lost with it"
        yield document.mistake((*here, "when_down"), what)
    if document.get(*here, "answer_locally"):
        from translators.local import ANSWERABLE

        allowed = sorted(ANSWERABLE)
        for child in document.steps(*here, "answer_locally"):
            name = document.get(*child)
            if isinstance(name, str) and name not in ANSWERABLE:
                near = suggestion(name, allowed) or "."
                what = f"{name!r} cannot be answered here{near} Allowed are {', '.join(allowed)}"
                yield document.mistake(child, what)
    if document.get(*here, "guard"):
        from translators import guard

        for child in document.steps(*here, "guard"):
            name = str(child[-1])
            if not guard.is_known(name):
                what = f"{name!r} is not a call, key or variable that is guarded"
                yield document.mistake(child, what + suggestion(name, list(guard.NAMES)), at_key=True)
            elif document.get(*child) == "adopt" and not guard.is_adoptable(name):
                says = "may carry anything" if name == guard.TRANSFER else "says where a station connects or as whom"
                what = f"{name} {says}; that cannot be adopted, use reject or forward"
                yield document.mistake(child, what)
    if document.get(*here, "station_certificates") == "gateway" and not document.get("station_ca"):
        yield document.mistake((*here, "station_certificates"), "gateway needs a station_ca")


def _route(document: Document, here: Steps) -> Iterator[Mistake]:
    primary = document.get(*here, "backend")
    yield from _backend_name(document, (*here, "backend"))
    seen = [primary]
    for follower in document.steps(*here, "followers"):
        yield from _backend_name(document, (*follower, "backend"))
        name = document.get(*follower, "backend")
        if name is not None and name in seen:
            what = f"{name} is already {'the backend' if name == primary else 'a follower'} of this route"
            yield document.mistake((*follower, "backend"), what)
        seen.append(name)
        if document.get(*follower, "allow"):
            from translators.schemas import VERSIONS, csms_actions

            known = frozenset[str]().union(*map(csms_actions, VERSIONS))
            yield from _actions(document, (*follower, "allow"), known, "an action that a CSMS calls")
            spoken = document.get("backends", str(name), "subprotocols")
            versions = [one for one in _texts(spoken) if one in VERSIONS] if spoken is not None else ["ocpp1.6"]
            calls = frozenset[str]().union(*map(csms_actions, versions))
            for child in document.steps(*follower, "allow"):
                action = document.get(*child)
                if versions and action in known and action not in calls:
                    what = f"{name} speaks {', '.join(versions)}, which has no {action}"
                    yield document.mistake(child, what)
    if document.get(*here, "quirks"):
        from translators.quirked import is_quirk
        from translators.quirks import QUIRKS

        for child in document.steps(*here, "quirks"):
            name = document.get(*child)
            if isinstance(name, str) and not is_quirk(name):
                what = f"{name!r} is not a quirk" + suggestion(name.removeprefix("-"), sorted(QUIRKS))
                yield document.mistake(child, what)


def _backend_name(document: Document, steps: Steps) -> Iterator[Mistake]:
    backends, name = document.get("backends"), document.get(*steps)
    if isinstance(backends, dict) and isinstance(name, str) and name and name not in backends:
        yield document.mistake(steps, f"no backend is named {name!r}" + suggestion(name, list(backends)))


def _actions(document: Document, steps: Steps, known: Iterable[str], what: str) -> Iterator[Mistake]:
    for child in document.steps(*steps):
        name = document.get(*child)
        if isinstance(name, str) and name not in known:
            yield document.mistake(child, f"{name!r} is not {what}" + suggestion(name, sorted(known)))


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]
