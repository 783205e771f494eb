"""Proves from histories that the promises of docs/reliability.md held. PURE: events in, violations out.

Each invariant is a function; a violation carries the events that show it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.soak.history import Event

Said = tuple[str, str]
"""(identity, key): one transaction message, however often it was sent."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the checker is to allow."""

    buffered: bool = False
    """The gateway answers from its own durable store: a backend may have a message later than the station's answer."""
    recover_seconds: float = 30.0
    """From `healed` until every station is connected and its queue empty."""
    call_seconds: float = 60.0
    """A backend's call on a living connection is answered by then."""
    overlap_seconds: float = 0.25
    """How long a simulator may take to read what two sockets hold, in whichever order it comes to them."""
    whole: bool = True
    """Stations had time to finish: what they queued must all be acknowledged (I9)."""


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    identity: str
    what: str
    evidence: tuple[Event, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n    {event.line()}" for event in self.evidence[:6])
        return f"{self.invariant} {self.identity}: {self.what}{lines}"


class Book:
    """The events, laid out for the questions asked of them."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = list(events)
        self.kinds: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self.tx_of: dict[Said, str] = {}
        self.deliveries: dict[Said, list[Event]] = defaultdict(list)
        self.sends: dict[Said, list[Event]] = defaultdict(list)
        self.dropped: set[tuple[str, str]] = set()
        """(identity, tx) of transactions of which the station gave a message up."""
        for event in self.events:
            self.kinds[event.actor, event.kind].append(event)
            said = event.identity, event.key
            if event.actor == "fleet" and event.kind == "queued":
                self.tx_of[said] = event.tx
            elif event.actor == "fleet" and event.kind == "send":
                self.sends[said].append(event)
            elif event.actor == "fleet" and event.kind == "drop":
                self.dropped.add((event.identity, event.tx))
            elif event.actor == "backend" and event.kind == "recv" and event.key:
                self.deliveries[said].append(event)

    def of(self, actor: str, *kinds: str) -> list[Event]:
        return [event for kind in kinds for event in self.kinds[actor, kind]]


def check(events: Iterable[Event], limits: Limits | None = None) -> list[Violation]:
    """Every violation of I1 to I10 that the events show, none when the promises held."""
    limits, book = limits or Limits(), Book(events)
    return [violation for invariant in INVARIANTS for violation in invariant(book, limits)]


def i1_nothing_acknowledged_is_lost(book: Book, limits: Limits) -> Iterator[Violation]:
    """Every transaction message the station saw acknowledged is at a backend."""
    for ack in book.of("fleet", "ack"):
        if not book.deliveries[ack.identity, ack.key]:
            yield Violation("I1", ack.identity, f"{ack.key} was acknowledged and no backend has it", (ack,))


def i2_no_acknowledgement_out_of_thin_air(book: Book, limits: Limits) -> Iterator[Violation]:
    """A backend acknowledged it before the station heard so."""
    if limits.buffered:
        return
    first: dict[Said, Event] = {}
    for answer in book.of("backend", "answer"):
        first.setdefault((answer.identity, answer.key), answer)
    for ack in book.of("fleet", "ack"):
        said = ack.identity, ack.key
        answer = first.get(said)
        if book.deliveries[said] and (answer is None or answer.t > ack.t):
            evidence = (ack, *book.deliveries[said], *((answer,) if answer else ()))
            yield Violation("I2", ack.identity, f"{ack.key} was acknowledged before any backend did", evidence)


def i3_weather_is_no_error(book: Book, limits: Limits) -> Iterator[Violation]:
    """No CALLERROR to a transaction message that no backend refused."""
    refused = {(event.identity, event.key) for event in book.of("backend", "refuse")}
    for error in book.of("fleet", "error"):
        if (error.identity, error.key) not in refused:
            yield Violation("I3", error.identity, f"CALLERROR to {error.key} that no backend gave", (error,))


def i4_order_is_kept(book: Book, limits: Limits) -> Iterator[Violation]:
    """First deliveries come in the order in which the station queued them; 2.0.1 sequence numbers grow without holes."""
    order: dict[Said, int] = {}
    for place, queued in enumerate(book.of("fleet", "queued")):
        order.setdefault((queued.identity, queued.key), place)
    firsts: dict[str, list[Event]] = defaultdict(list)
    for deliveries in book.deliveries.values():
        if deliveries:
            firsts[deliveries[0].identity].append(deliveries[0])
    for identity, events in firsts.items():
        known = [event for event in sorted(events, key=lambda event: event.t) if (identity, event.key) in order]
        for before, after in pairwise(known):
            if order[identity, before.key] > order[identity, after.key]:
                yield Violation("I4", identity, f"{after.key} was overtaken by {before.key}", (before, after))
    numbered: dict[tuple[str, str], dict[int, Event]] = defaultdict(dict)
    for event in book.of("backend", "recv"):
        if event.about.get("seq") is not None:
            numbered[event.identity, event.number].setdefault(event.about["seq"], event)
    for (identity, number), by_seq in numbered.items():
        for (low, before), (high, after) in pairwise(by_seq.items()):
            tx = book.tx_of.get((identity, after.key), "")
            if high != low + 1 and (identity, tx) not in book.dropped:
                what = f"seqNo {high} follows {low} in transaction {number}"
                yield Violation("I4", identity, what, (before, after))


def i5_duplicates_are_explained_and_alike(book: Book, limits: Limits) -> Iterator[Violation]:
    """On one backend connection nothing comes more often than the station sent it, and a repetition says the same."""
    opened = {event.connection: event.t for event in book.of("backend", "open")}
    for (identity, key), deliveries in book.deliveries.items():
        if len(deliveries) < 2:
            continue
        alike = {(event.number, event.about.get("seq"), event.about.get("at")) for event in deliveries}
        if len(alike) > 1:
            yield Violation("I5", identity, f"{key} came in different words", tuple(deliveries))
        times: Counter[str] = Counter(event.connection for event in deliveries)
        for connection, count in times.items():
            sent = sum(event.t >= opened.get(connection, 0.0) for event in book.sends[identity, key])
            if count > max(1, sent):
                evidence = (*book.sends[identity, key], *deliveries)
                yield Violation("I5", identity, f"{key} came {count} times and was sent {sent} times", evidence)


def i6_one_owner(book: Book, limits: Limits) -> Iterator[Violation]:
    """Once a newer connection of a station has spoken to a backend, no older one is heard."""
    order = {event.connection: place for place, event in enumerate(book.of("backend", "open"))}
    newest: dict[str, Event] = {}
    for event in sorted(book.of("backend", "recv", "answered"), key=lambda event: event.t):
        current = newest.get(event.identity)
        if current is None or order.get(event.connection, 0) > order.get(current.connection, 0):
            newest[event.identity] = event
        elif event.connection != current.connection and event.t > current.t + limits.overlap_seconds:
            what = f"connection {event.connection} speaks after {current.connection} has"
            yield Violation("I6", event.identity, what, (current, event))


def i7_replies_find_their_requester(book: Book, limits: Limits) -> Iterator[Violation]:
    """No reply to what was not asked; every call of a backend ends in one reply or with its connection."""
    for stray in book.of("fleet", "stray") + book.of("backend", "stray"):
        yield Violation("I7", stray.identity, f"{stray.actor} got a reply it never asked for", (stray,))
    for called in book.of("fleet", "called"):
        if called.about.get("wanted", called.identity) != called.identity:
            yield Violation("I7", called.identity, "got a call for another station", (called,))
    calls = {event.id: event for event in book.of("backend", "call")}
    replies: dict[str, list[Event]] = defaultdict(list)
    for answered in book.of("backend", "answered"):
        replies[answered.id].append(answered)
        if answered.about.get("got") not in (None, answered.about.get("sent")):
            yield Violation("I7", answered.identity, "a call came back with another's answer", (answered,))
    gone = {event.connection for event in book.of("backend", "close")}
    killed = max((event.t for event in book.of("test", "killed") if event.about.get("who") == "backend"), default=0.0)
    end = book.events[-1].t if book.events else 0.0
    for message_id, call in calls.items():
        count = len(replies[message_id])
        if count > 1:
            yield Violation("I7", call.identity, f"a call got {count} replies", (call, *replies[message_id]))
        waited = end - call.t > limits.call_seconds
        if count == 0 and waited and call.connection not in gone and call.t > killed:
            yield Violation("I7", call.identity, "a call was never answered", (call,))


def i8_ids_are_one_to_one(book: Book, limits: Limits) -> Iterator[Violation]:
    """One transaction of a station is one transaction of the backend, and no two are the same one."""
    theirs: dict[tuple[str, str], dict[str, Event]] = defaultdict(dict)
    mine: dict[tuple[str, str], dict[str, Event]] = defaultdict(dict)
    told: dict[tuple[str, str], dict[str, Event]] = defaultdict(dict)
    for (identity, key), deliveries in book.deliveries.items():
        tx = book.tx_of.get((identity, key))
        for event in deliveries:
            if tx is None:
                yield Violation("I8", identity, f"a backend has {key} that no station sent", (event,))
            elif event.number and (identity, tx) not in book.dropped:
                theirs[identity, tx].setdefault(event.number, event)
                mine[identity, event.number].setdefault(tx, event)
    for ack in book.of("fleet", "ack"):
        if ack.number:
            told[ack.identity, ack.tx].setdefault(ack.number, ack)
    for (identity, tx), numbers in theirs.items():
        if len(numbers) > 1:
            what = f"transaction {tx} is {len(numbers)} transactions at the backend"
            yield Violation("I8", identity, what, tuple(numbers.values()))
    for (identity, number), txs in mine.items():
        if len(txs) > 1:
            yield Violation("I8", identity, f"{number} is {len(txs)} transactions of the station", tuple(txs.values()))
    for (identity, tx), numbers in told.items():
        if len(numbers) > 1:
            yield Violation("I8", identity, f"the station was told {len(numbers)} ids of {tx}", tuple(numbers.values()))


def i9_everybody_is_back(book: Book, limits: Limits) -> Iterator[Violation]:
    """In time after the fault: connected, nothing queued, nothing given up."""
    last: dict[str, Event] = {}
    for state in book.of("fleet", "state"):
        last[state.identity] = state
    for identity, state in last.items():
        if limits.whole and (state.about["queued"] or not state.about["connected"]):
            yield Violation("I9", identity, f"not back: {state.about}", (state,))
    healed = max((event.t for event in book.of("test", "healed")), default=None)
    for settled in book.of("test", "settled"):
        if healed is not None and settled.t - healed > limits.recover_seconds:
            what = f"recovery took {settled.t - healed:.1f} s"
            yield Violation("I9", "", what, (settled,))
    for drop in book.of("fleet", "drop"):
        yield Violation("I9", drop.identity, f"the station gave {drop.key} up", (drop,))


def i10_nothing_is_left_over(book: Book, limits: Limits) -> Iterator[Violation]:
    """Memory, descriptors and series are where they were; nothing secret is in any output."""
    for gauge in book.of("test", "gauge"):
        if gauge.about["value"] > gauge.about["limit"]:
            what = f"{gauge.about['name']} is {gauge.about['value']:g}, allowed {gauge.about['limit']:g}"
            yield Violation("I10", "", what, (gauge,))
    for leak in book.of("test", "leak"):
        yield Violation("I10", "", f"found in {leak.about.get('where')}: {leak.about.get('text', '')[:200]}", (leak,))


def the_scenario_itself(book: Book, limits: Limits) -> Iterator[Violation]:
    """What a scenario promised beyond the invariants."""
    for unmet in book.of("test", "unmet"):
        yield Violation("S", "", unmet.about["what"], (unmet,))


INVARIANTS = (
    i1_nothing_acknowledged_is_lost,
    i2_no_acknowledgement_out_of_thin_air,
    i3_weather_is_no_error,
    i4_order_is_kept,
    i5_duplicates_are_explained_and_alike,
    i6_one_owner,
    i7_replies_find_their_requester,
    i8_ids_are_one_to_one,
    i9_everybody_is_back,
    i10_nothing_is_left_over,
    the_scenario_itself,
)
