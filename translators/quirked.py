"""The station's side of a stage: it mends what this vendor's stations get wrong in their own version.

Which quirks a station has is known from its BootNotification, kept in memory (`station/maker`) because a station does
not boot again for a new connection, or from configuration: `name` gives it to the station, `-name` keeps it away.

It wraps the stage behind it and is no member of a chain: it asks nothing by itself, and a call that would upset the
station is answered to that stage at once, so between the two nothing has to be paced.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from translators.around import Around
from translators.effects import Effect, Note, Remember, ToStation
from translators.frames import BadFrame, Call, Error, Frame, NoAnswer, Payload, Result
from translators.quirk import Maker, Mend, Quirk, Refusal
from translators.quirks import QUIRKS
from translators.stage import Stage

MAKER = "station/maker"
_KEPT = "station/quirk/"
_OFF = "-"
_LONGEST = 64
"""Vendors and models have at most 50 characters in any version."""
_ROUTES = ("calls", "answers", "calls_to", "answers_to")
_MAKERS_KEPT = 256

Mends = Mapping[str, Mapping[str, list[tuple[str, Mend]]]]
"""By route and action, with the names of their quirks."""
Refusals = Mapping[str, list[tuple[str, Refusal]]]
"""By action."""


def is_quirk(word: str) -> bool:
    """Whether configuration may name it: a quirk, or a quirk with a minus before it."""
    return word.removeprefix(_OFF) in QUIRKS


def needed(version: str, named: Iterable[str], *, translated: bool) -> bool:
    """Whether a session needs this stage. A translated one does as soon as any quirk of the version is known by maker;
    where both sides speak the same, frames are untouched but for quirks that are named and made for it."""
    if translated:
        return any(quirk.version == version for quirk in QUIRKS.values())
    return any(name in QUIRKS and QUIRKS[name].passthrough and QUIRKS[name].version == version for name in named)


def text_mend(version: str, named: Iterable[str]) -> Callable[[str], str] | None:
    """What to make of a text from this station that is not JSON; None where no quirk of such a kind is named."""
    found = [quirk.text for name in named if (quirk := QUIRKS.get(name)) and quirk.version == version and quirk.text]
    if not found:
        return None

    def mended(text: str) -> str:
        for one in found:
            text = one(text)
        return text

    return mended


class Quirked(Around):
    """A Stage around another: frames pass it on their way between the station and `inner`."""

    __slots__ = ("_asked", "_effects", "_memory", "_mends", "_named", "_now", "_refused", "_translated", "version")

    def __init__(
        self, inner: Stage, version: str, named: Iterable[str], memory: dict[str, Any], *, translated: bool
    ) -> None:
        super().__init__(inner)
        self.version = version
        self._memory = memory
        self._translated = translated
        self._named = tuple(named)
        self._now = 0.0
        self._effects: list[Effect] = []
        self._mends: Mends
        self._refused: Refusals
        self._asked: dict[tuple[str, str], str] = {}
        self._choose()

    # -- what quirks use --------------------------------------------------------------------------------------------

    @property
    def unix_time(self) -> float:
        return self._now + self.epoch

    @property
    def memory(self) -> Mapping[str, Any]:
        return self._memory

    def keep(self, name: str, value: Any) -> None:
        if self._memory.get(_KEPT + name) != value:
            self._remember(_KEPT + name, value)

    # -- Stage ------------------------------------------------------------------------------------------------------

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        self._now = now
        if isinstance(frame, Call) and frame.action == "BootNotification":
            self._met(frame)
        frame = self._mended(frame, "calls", "answers")
        before = self._effects
        if not before:
            return self._out(self.inner.from_station(frame, now), now)
        self._effects = []
        return before + self._out(self.inner.from_station(frame, now), now)

    def close(self) -> None:
        self._asked.clear()
        super().close()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _out(self, effects: list[Effect], now: float) -> list[Effect]:
        """What comes out of the inner stage, its frames to the station as that station needs them."""
        for effect in effects:
            # An answer is as good as it is unless it was waited for.
            if type(effect) is ToStation and (self._asked or isinstance(effect.frame, Call)):
                break
        else:
            return effects
        self._now = now
        work = deque(effects)
        while work:
            effect = work.popleft()
            if isinstance(effect, ToStation):
                refusal = self._refusal(effect.frame) if isinstance(effect.frame, Call) else None
                if refusal is not None:
                    work.extend(self.inner.from_station(refusal, now))
                    continue
                effect = ToStation(self._mended(effect.frame, "calls_to", "answers_to"))
            self._effects.append(effect)
        out, self._effects = self._effects, []
        return out

    def _refusal(self, call: Call) -> Result | None:
        """The answer in place of a station that this call would harm."""
        for name, refused in self._refused.get(call.action, ()):
            try:
                answer = refused(call.payload, self)
            except BadFrame:
                return None
            except Exception as bug:  # what cannot be judged goes on
                self._effects.append(Note("mapping_failed", {"action": call.action, "error": repr(bug), "at": name}))
                continue
            if answer is not None:
                self._effects.append(Note("spared", {"action": call.action, "quirk": name}))
                return Result(call.message_id, answer)
        return None

    def _mended(self, frame: Any, calls: str, answers: str) -> Any:
        """The frame as it is meant; the same frame, and so the same text, where nothing is wrong."""
        if isinstance(frame, Call):
            if frame.type != Call.type:
                return frame
            # The other direction's calls are answered here.
            back = "answers_to" if answers == "answers" else "answers"
            if frame.action in self._mends[back]:
                self._asked[back, frame.key] = frame.action
            mends = self._mends[calls].get(frame.action)
            payload = self._payload(frame, mends, frame.action) if mends is not None else None
            return frame if payload is None else Call(frame.message_id, frame.action, payload)
        if isinstance(frame, Result | Error | NoAnswer) and self._asked:
            action = self._asked.pop((answers, frame.key), None)
            if action is not None and isinstance(frame, Result):
                mends = self._mends[answers].get(action)
                payload = self._payload(frame, mends, action) if mends is not None else None
                return frame if payload is None else Result(frame.message_id, payload)
        return frame

    def _payload(self, frame: Call | Result, mends: list[tuple[str, Mend]], action: str) -> Payload | None:
        """The mended payload; None when it stays as it is."""
        try:
            payload = frame.payload
        except BadFrame:
            return None  # the link says what is wrong with it
        given, told = payload, []
        for name, mend in mends:
            try:
                meant = mend(payload, self)
            except Exception as bug:  # what a mend cannot read goes on as it came
                self._effects.append(
                    Note("mapping_failed", {"action": action, "error": type(bug).__name__, "at": name})
                )
                continue
            if meant is not payload:
                payload = meant
                told.append(f"quirk {name}")
        if payload is given:
            return None
        self._effects.append(Note("mended", {"version": self.version, "action": action, "what": told}))
        return payload

    def _met(self, call: Call) -> None:
        """Keep who made the station."""
        try:
            said = maker_of(call.payload)
        except BadFrame:
            return
        if said != self._memory.get(MAKER):
            self._remember(MAKER, said)
            self._choose()

    def _choose(self) -> None:
        """The mends of the quirks this station has, by route and action."""
        boot = self._memory.get("station/boot", {}).get("call", {})
        said = self._memory.get(MAKER) or maker_of(boot)
        maker = Maker(*(said[name].casefold() for name in ("vendor", "model", "firmware")))
        self._mends, self._refused = _chosen(self.version, self._named, maker, self._translated)

    def _remember(self, key: str, value: Any) -> None:
        self._memory[key] = value
        self._effects.append(Remember(key, value))


@lru_cache(_MAKERS_KEPT)
def _chosen(version: str, named: tuple[str, ...], maker: Maker, translated: bool) -> tuple[Mends, Refusals]:
    """What all stations share that have the same quirks for the same reasons."""
    mends: dict[str, dict[str, list[tuple[str, Mend]]]] = {route: {} for route in _ROUTES}
    refusals: dict[str, list[tuple[str, Refusal]]] = {}
    for name, quirk in QUIRKS.items():
        if quirk.version == version and _has(name, quirk, named, maker, translated):
            for action, refused in quirk.refused.items():
                refusals.setdefault(action, []).append((name, refused))
            for route in _ROUTES:
                for action, mend in getattr(quirk, route).items():
                    mends[route].setdefault(action, []).append((name, mend))
    return mends, refusals


def _has(name: str, quirk: Quirk, named: tuple[str, ...], maker: Maker, translated: bool) -> bool:
    if _OFF + name in named:
        return False
    if name in named:
        return translated or quirk.passthrough
    return translated and quirk.of is not None and quirk.of(maker)


def _text(value: object) -> str:
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def maker_of(boot: Payload) -> dict[str, str]:
    """`vendor`, `model`, `firmware` of a BootNotification of any version; empty texts for what it does not say."""
    about = boot.get("chargingStation")
    about = about if isinstance(about, dict) else boot
    return {
        "vendor": _text(about.get("vendorName", about.get("chargePointVendor"))),
        "model": _text(about.get("model", about.get("chargePointModel"))),
        "firmware": _text(about.get("firmwareVersion")),
    }
