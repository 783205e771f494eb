"""Every Prometheus series, declared here. No label ever holds an identity, an id tag or a message id.

Label values come from bounded sets: configured names, subprotocols, the schemas' actions (others are `other`), HTTP and
CALLERROR codes. Children are looked up once and kept: a look-up costs five times an increment.
"""

import platform
from functools import lru_cache
from importlib.metadata import version
from typing import Generic, Protocol, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest
from prometheus_client.process_collector import ProcessCollector

from gateway.tallies import Spread, Spreads, Tallies, Tally
from translators import errors, schemas

disable_created_metrics()  # type: ignore[no-untyped-call]

_INSIDE = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_PAUSES = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_WAITING = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0)

OTHER = "other"


@lru_cache(maxsize=1)
def _actions() -> frozenset[str]:
    return frozenset(name for known in schemas.VERSIONS for name in schemas.actions(known))


def action_label(action: str) -> str:
    """The action, when any version knows it."""
    return action if action in _actions() else OTHER


def code_label(code: str) -> str:
    """The CALLERROR code, when any version knows it."""
    return code if code in errors.CODES_16 or code in errors.CODES_2X else OTHER


_M = TypeVar("_M")


_Child = TypeVar("_Child", covariant=True)


class _Labelled(Protocol[_Child]):
    def labels(self, *values: str) -> _Child: ...


class Kept(Generic[_M]):
    """A metric's children by their labels. To look them up in the metric itself takes a lock, and longer than to count."""

    def __init__(self, metric: _Labelled[_M]) -> None:
        self.metric: _Labelled[_M] = metric
        self._children: dict[tuple[str, ...], _M] = {}

    def labels(self, *values: str) -> _M:
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self.metric.labels(*values)
        return child


class Capped(Kept[_M]):
    """A metric with an `action` among its labels. The pages of one process stay small whoever calls what: when it has
    `most` children, labels that are new to it get `other` for the action, and for the field where there is one."""

    def __init__(self, metric: _Labelled[_M], names: tuple[str, ...], most: int) -> None:
        super().__init__(metric)
        self._blank = [name in ("action", "field", "code") for name in names]
        self._most = most

    def labels(self, *values: str) -> _M:
        child = self._children.get(values)
        if child is None:
            if len(self._children) >= self._most:
                values = tuple(OTHER if blank else value for blank, value in zip(self._blank, values, strict=True))
            child = super().labels(*values)
        return child


class Metrics:
    """One process's series, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"ocpp_gateway_{name}", text, labels, registry=registry)

        def capped(most: int, name: str, text: str, *labels: str) -> Capped[Counter]:
            return Capped(counter(name, text, *labels), labels, most)

        def tally(name: str, text: str, *labels: str) -> Tallies:
            return Tallies(f"ocpp_gateway_{name}", text, labels, registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"ocpp_gateway_{name}", text, labels, registry=registry)

        def often(most: int, name: str, text: str, *labels: str) -> Capped[Tally]:
            return Capped(tally(name, text, *labels), labels, most)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Spreads:
            return Spreads(f"ocpp_gateway_{name}", text, buckets, labels, registry)

        build = gauge("build_info", "What runs here; always 1", "version", "python", "loop")
        self._build = build
        self.stations_connected = Kept(gauge("stations_connected", "Stations connected now", "subprotocol", "backend"))
        self.transactions_open = Kept(
            gauge("transactions_open", "Transactions under way at the stations connected now", "backend")
        )
        self.connections = tally("connections_total", "Station connections accepted", "subprotocol")
        self.connections_rejected = tally("connections_rejected_total", "Station connections refused", "reason")
        self.connections_closed = tally("connections_closed_total", "Station connections ended", "reason")
        self.messages = often(400, "messages_total", "Messages received", "direction", "subprotocol", "action", "type")
        self.bad_frames = often(40, "bad_frames_total", "Texts that are no OCPP-J frame", "peer", "kind")
        self.schema_violations = capped(
            60, "schema_violations_total", "Same-version messages that break their schema", "subprotocol", "action"
        )
        self.mended = capped(
            60, "mended_messages_total", "Messages read in spite of breaking their schema", "subprotocol", "action"
        )
        self.unmatched = often(10, "unmatched_answers_total", "Answers nobody waits for", "peer", "reason")
        self.translations = often(
            200, "translations_total", "Calls translated, by what became of them", "from", "to", "action", "outcome"
        )
        self.losses = capped(
            200, "translation_losses_total", "Values the far version cannot hold", "from", "to", "action", "field"
        )
        self.translation_failures = capped(
            60, "translation_failures_total", "Messages this gateway failed to translate: a defect here", "action"
        )
        self.withheld = capped(
            20,
            "withheld_answers_total",
            "Transaction messages left unanswered, their station disconnected, for want of a backend's answer",
            "action",
        )
        self.poison = capped(
            20,
            "poison_messages_total",
            "Refusals of a transaction message that a backend never takes although it is well",
            "action",
            "passed_on",
        )
        self.guarded_calls = capped(
            30, "guarded_calls_total", "Calls that could take a station away, whatever became of them", "action"
        )
        self.forward_duration = histogram("forward_duration_seconds", "Time inside the gateway", _INSIDE, "direction")
        waiting = histogram("call_duration_seconds", "Time waiting for the peer's answer", _WAITING, "peer", "action")
        self.call_duration = Capped(waiting, ("peer", "action"), 40)
        self._waited: dict[tuple[str, str], Spread] = {}
        self._counters: dict[tuple[str, str], dict[tuple[str, str, str], Tally]] = {}
        self.call_errors = capped(100, "call_errors_total", "Calls answered with a CALLERROR", "peer", "action", "code")
        self.call_timeouts = capped(
            60, "call_timeouts_total", "Calls the peer did not answer in time", "peer", "action"
        )
        self.backend_up = Kept(gauge("backend_up", "Whether the last dial of the backend reached it", "backend"))
        self.switches = counter(
            "switches_total", "Changes of a connected station's backend, by what came of them", "backend", "outcome"
        )
        self.migration_stations = gauge(
            "migration_stations", "Stations of a migration, told by the node that runs it", "migration", "state"
        )
        self.backend_connections = Kept(gauge("backend_connections", "Connections to the backend now", "backend"))
        self.backend_dials = tally("backend_dials_total", "Dials of the backend", "backend", "outcome")
        self.follower_answers = capped(
            100, "follower_answers_total", "Answers of followers to copies of calls", "backend", "action"
        )
        self.follower_differences = capped(
            100, "follower_differences_total", "Copies a follower answered otherwise, or not", "backend", "action"
        )
        self.follower_dropped = counter("follower_dropped_total", "Copies that a follower never got", "backend")
        self.follower_calls = capped(
            60, "follower_calls_total", "Calls of followers to stations", "backend", "action", "outcome"
        )
        self.buffered = Kept(
            gauge("buffered_messages", "Messages of connected stations that wait for the backend", "backend")
        )
        self.outbox_stations = gauge(
            "outbox_stations", "Stations, connected or not, whose messages wait in the store for the backend", "backend"
        )
        self.outbox_events = counter(
            "outbox_events_total", "What became of messages for backends that were away", "event"
        )
        self.takeovers = counter("takeovers_total", "Sessions replaced by a newer connection", "reason")
        self.takeover_wars = counter("takeover_wars_total", "Times a station was held because two connected as it")
        self.rate_limited = counter("rate_limited_total", "Times somebody was slowed down or refused", "reason")
        self.store_up = gauge("store_up", "Whether the store worked when it was last used")
        self.store_bypassed = counter("store_bypassed_total", "Connections accepted without the store, which was away")
        self.store_duration = histogram(
            "store_duration_seconds", "Time until the store had done it", _INSIDE, "operation"
        )
        self.certificate_expiry = gauge(
            "certificate_expiry_timestamp_seconds", "When a certificate or CRL in use expires, Unix time", "certificate"
        )
        self.certificate_reload_failed = gauge(
            "certificate_reload_failed", "Whether certificate files on disk cannot be used, and older ones are", "place"
        )
        self.stations_file_valid = gauge(
            "stations_file_valid", "Whether the stations file in use is the one on disk; 1 without one"
        )
        self.log_lines_dropped = counter("log_lines_dropped_total", "Log lines that nobody read in time")
        self.loop_lag = histogram(
            "event_loop_lag_seconds", "How late the event loop is, looked at ten times a second", _LAG
        )
        self.draining = gauge("draining", "Whether the gateway lets its stations go")
        self.collector_pause = histogram(
            "collector_pause_seconds", "Time the garbage collector kept everybody waiting", _PAUSES, "generation"
        )

        self.forward_from_station = self.forward_duration.labels("from_station")
        self.forward_from_csms = self.forward_duration.labels("from_csms")
        self.forwarded = {"station": self.forward_from_station, "csms": self.forward_from_csms}
        """The same by where a frame came from."""
        self.store_write = self.store_duration.labels("write")
        self.store_claim = self.store_duration.labels("claim")

    def started(self, loop: str) -> None:
        """`loop`: `uvloop` or `asyncio`."""
        self._build.labels(version("ocpp-gateway"), platform.python_version(), loop).set(1)
        self.store_up.set(1)
        self.stations_file_valid.set(1)
        self.draining.set(0)

    def message(self, direction: str, subprotocol: str, action: str, kind: str) -> Tally:
        """The counter of such messages. `direction`: from_station | from_csms; `kind`: call | result | error | send."""
        return self.messages.labels(direction, subprotocol, action_label(action), kind)

    def counters(self, station: str, csms: str) -> dict[tuple[str, str, str], Tally]:
        """Where sessions between these versions keep their counters: by peer, action (one that a version knows) and kind.
        They share it: with one each, every message would find its own out of the caches."""
        return self._counters.setdefault((station, csms), {})

    def waited(self, peer: str, action: str, seconds: float) -> None:
        """A call of ours to a peer came back after this long."""
        spread = self._waited.get((peer, action))
        if spread is None:
            spread = self.call_duration.labels(peer, action_label(action))
            if action in _actions():
                self._waited[peer, action] = spread
        spread.observe(seconds)

    def page(self) -> bytes:
        """The text exposition."""
        return generate_latest(self.registry)
