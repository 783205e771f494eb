"""What a station has told of itself, for a CSMS that comes new to it: its boot, its connectors, what it is charging.

Read off the station's own connection and in its own version, whichever CSMS it talks to and whether frames are translated
or not. So it can be told again to any other CSMS, in the station's own words: `introduction`, and `carried` for what goes
on. Nothing is made up: a transaction whose beginning was not heard cannot be told.

Memory, which is the station's own and may be written after the frames that follow:

    story/boot                  {"call": its last BootNotification, "interval": seconds, as the last answer said}
    story/status/<evse>/<connector>   its last StatusNotification
    story/open/<transaction>    {"id", "began": its StartTransaction or Started event, None when that was not heard;
                                "left": backends that were told its end all the same;
                                in 2.x also "token": the first later event with an idToken, "state": the last event with
                                another chargingState, "seqNo": the highest seen with these}
"""

from collections import deque
from typing import Any, NamedTuple

from translators import schemas
from translators.effects import Effect, Forget, Remember
from translators.frames import CALL, BadFrame, Call, Frame, Payload, Result
from translators.meters import register_wh

KEYS = ("story/",)
INTRODUCED = "introduced"
"""Memory of the station on one backend: whether that has accepted its boot."""
_BOOT, STATUS, _OPEN = "story/boot", "story/status/", "story/open/"
_MOST_CONNECTORS, _MOST_OPEN, _ENDED_KEPT = 256, 64, 16
_READ = frozenset(
    {"BootNotification", "StatusNotification", "StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"}
)


class Open(NamedTuple):
    """A transaction that goes on. `calls`: what tells it from its beginning, as [action, payload]; empty when the
    beginning was not heard. `metered`: whether that has a reading of the energy register."""

    id: str | int
    calls: list[tuple[str, Payload]]
    metered: bool
    seq_no: int


class Story:
    """One station's, over the memory of its session. `version` is the station's."""

    __slots__ = ("_asked", "_ended", "_newest", "memory", "version")

    def __init__(self, version: str, memory: dict[str, Any]) -> None:
        self.version = version
        self.memory = memory
        self._asked: Call | None = None
        """What the station is to be answered, and is read with its answer: one call is outstanding at a time."""
        self._ended: deque[str] = deque(maxlen=_ENDED_KEPT)
        self._newest: dict[str, int] = {}

    # -- hearing ----------------------------------------------------------------------------------------------------

    def received(self, call: Call) -> list[Effect]:
        """A call of the station that is about to be carried on."""
        if call.action not in _READ or call.type != CALL:
            return []
        try:
            payload = call.payload
        except BadFrame:
            return []
        if call.action == "StatusNotification":
            return self._status(payload)
        if call.action in ("BootNotification", "StartTransaction", "StopTransaction"):
            self._asked = call
            return []
        if call.action == "MeterValues":
            number = payload.get("transactionId")
            return self._heard_of(number) if isinstance(number, int) and number else []
        return self._event(call, payload)

    def sent(self, frame: Frame) -> list[Effect]:
        """A frame on its way to the station: what it asked has its answer."""
        call = self._asked
        if call is None or call.key != frame.key or isinstance(frame, Call):
            return []
        self._asked = None
        if not isinstance(frame, Result):
            return []
        try:
            return self._answered(call.action, call.payload, frame.payload)
        except BadFrame:
            return []

    def _answered(self, action: str, payload: Payload, answer: Payload) -> list[Effect]:
        if action == "BootNotification":
            if answer.get("status") != "Accepted":
                return []
            kept = self._remember(_BOOT, {"call": payload, "interval": answer.get("interval")})
            return [kept, *self.is_introduced()]
        if action == "StartTransaction":
            number = answer.get("transactionId")
            if not isinstance(number, int) or _status_of(answer) not in ("Accepted", "ConcurrentTx"):
                return []
            superseded = [
                self._forget(key)
                for key, one in self._records()
                if one["began"] is not None and one["began"].get("connectorId") == payload.get("connectorId")
            ]
            return [*superseded, *self._opened(number, payload)]
        transaction = payload.get("transactionId", _event_id(payload))
        self._ended.append(str(transaction))
        self._newest.pop(str(transaction), None)
        key = f"{_OPEN}{transaction}"
        return [self._forget(key)] if key in self.memory else []

    def _status(self, payload: Payload) -> list[Effect]:
        key = f"{STATUS}{payload.get('evseId', 0)}/{payload.get('connectorId')}"
        if key not in self.memory and sum(1 for name in self.memory if name.startswith(STATUS)) >= _MOST_CONNECTORS:
            return []
        return [self._remember(key, payload)]

    def _event(self, call: Call, payload: Payload) -> list[Effect]:
        transaction = _event_id(payload)
        if transaction is None:
            return []
        self._newest[transaction] = max(_seq_no(payload), self._newest.get(transaction, 0))
        kind = payload.get("eventType")
        if kind == "Ended":
            self._asked = call
            return []
        key = f"{_OPEN}{transaction}"
        if kind == "Started":
            return self._opened(transaction, payload) if self.memory.get(key, {}).get("began") is None else []
        if key not in self.memory:
            return self._heard_of(transaction)
        return self._went_on(key, payload)

    def _went_on(self, key: str, event: Payload) -> list[Effect]:
        record = self.memory[key]
        began, token, state = record["began"], record.get("token"), record.get("state")
        if began is None:
            return []
        news: dict[str, Any] = {}
        if "idToken" in event and "idToken" not in began and token is None:
            news["token"] = event
        said = event["transactionInfo"].get("chargingState")
        before = (state or began)["transactionInfo"].get("chargingState")
        if said is not None and said != before:
            news["state"] = event
        if not news or not self._is_sound(event):
            return []
        return [self._remember(key, {**record, **news, "seqNo": _seq_no(event)})]

    def _heard_of(self, transaction: str | int) -> list[Effect]:
        """A transaction whose beginning went by unheard, or one that is over."""
        if f"{_OPEN}{transaction}" in self.memory or str(transaction) in self._ended:
            return []
        return self._opened(transaction, None)

    def _opened(self, transaction: str | int, began: Payload | None) -> list[Effect]:
        if len(self._records()) >= _MOST_OPEN:
            return []
        if began is not None and not self._is_sound(began):
            began = None
        record = {"id": transaction, "began": began, "seqNo": _seq_no(began or {})}
        return [self._remember(f"{_OPEN}{transaction}", record)]

    # -- telling ----------------------------------------------------------------------------------------------------

    @property
    def interval(self) -> int | None:
        """The HeartbeatInterval the station was told, in seconds."""
        interval = self.memory.get(_BOOT, {}).get("interval")
        return interval if isinstance(interval, int) else None

    def introduction(self) -> list[tuple[str, Payload]]:
        """The boot, then the last status of every connector; empty when no accepted boot is known."""
        boot = self.memory.get(_BOOT)
        if boot is None:
            return []
        call = boot["call"]
        if self.version != "ocpp1.6":
            # No reboot has happened, and 2.0.1 has no better word for that.
            call = {**call, "reason": "Unknown"}
        statuses = sorted((key, status) for key, status in self.memory.items() if key.startswith(STATUS))
        return [("BootNotification", call), *(("StatusNotification", status) for _, status in statuses)]

    @property
    def is_news(self) -> bool:
        """Whether the backend in charge has still to hear it: the station booted elsewhere."""
        return _BOOT in self.memory and INTRODUCED not in self.memory

    def open(self) -> list[Open]:
        """The transactions that go on, those first that began first."""
        return [
            _open(self.version, record, self._newest.get(str(record["id"]), record["seqNo"]))
            for _, record in self._records()
        ]

    def _is_sound(self, payload: Payload) -> bool:
        """Whether another CSMS could read it: what breaks its schema is not told again."""
        action = "StartTransaction" if self.version == "ocpp1.6" else "TransactionEvent"
        return schemas.valid(self.version, action, payload, answer=False)

    def left(self, transaction: str | int) -> list[str]:
        """The backends that were told the end of it although it goes on."""
        left: list[str] = self.memory.get(f"{_OPEN}{transaction}", {}).get("left", [])
        return left

    # -- what the gateway has done ----------------------------------------------------------------------------------

    def is_introduced(self) -> list[Remember]:
        """The backend in charge has accepted the boot."""
        return [] if INTRODUCED in self.memory else [self._remember(INTRODUCED, True)]

    def has_left(self, transaction: str | int, backend: str) -> list[Remember]:
        """This backend was told the end of a transaction that goes on elsewhere."""
        key = f"{_OPEN}{transaction}"
        record = self.memory.get(key)
        if record is None or backend in record.get("left", []):
            return []
        return [self._remember(key, {**record, "left": [*record.get("left", []), backend]})]

    def beats_every(self, seconds: int) -> list[Remember]:
        """The station was given another HeartbeatInterval."""
        boot = self.memory.get(_BOOT)
        return [self._remember(_BOOT, {**boot, "interval": seconds})] if boot is not None else []

    # -- inside -----------------------------------------------------------------------------------------------------

    def _records(self) -> "list[tuple[str, dict[str, Any]]]":
        return [(key, record) for key, record in self.memory.items() if key.startswith(_OPEN)]

    def _remember(self, key: str, value: Any) -> Remember:
        self.memory[key] = value
        return Remember(key, value, behind=True)

    def _forget(self, key: str) -> Forget:
        self.memory.pop(key, None)
        return Forget(key)


def farewell(version: str, transaction: Open, time: str) -> tuple[str, Payload]:
    """The end that a CSMS is told of a transaction that goes on at another one, which has it as a whole: with the reading
    of its beginning, for not one Wh of it is left here. `time`: RFC 3339."""
    began = transaction.calls[0][1]
    if version == "ocpp1.6":
        stop = {"transactionId": transaction.id, "meterStop": began["meterStart"], "timestamp": time, "reason": "Other"}
        return "StopTransaction", stop
    end: Payload = {
        "eventType": "Ended",
        "timestamp": time,
        "triggerReason": "AbnormalCondition",
        "seqNo": transaction.seq_no + 1,
        "transactionInfo": {"transactionId": transaction.id, "stoppedReason": "Other"},
    }
    register = register_wh(began.get("meterValue", []))
    if register is not None:
        sample = {"value": register.wh, "context": "Transaction.End", "unitOfMeasure": {"unit": "Wh"}}
        end["meterValue"] = [{"timestamp": register.timestamp, "sampledValue": [sample]}]
    return "TransactionEvent", end


def _open(version: str, record: dict[str, Any], seq_no: int) -> Open:
    began = record["began"]
    if began is None:
        return Open(record["id"], [], False, seq_no)
    if version == "ocpp1.6":
        return Open(record["id"], [("StartTransaction", began)], isinstance(began.get("meterStart"), int), seq_no)
    events = {_seq_no(event): event for event in (began, record.get("token"), record.get("state")) if event is not None}
    metered = register_wh(began.get("meterValue", [])) is not None
    return Open(record["id"], [("TransactionEvent", events[one]) for one in sorted(events)], metered, seq_no)


def _event_id(payload: Payload) -> str | None:
    info = payload.get("transactionInfo")
    transaction = info.get("transactionId") if isinstance(info, dict) else None
    return transaction if isinstance(transaction, str) else None


def _seq_no(event: Payload) -> int:
    number = event.get("seqNo", 0)
    return number if isinstance(number, int) else 0


def _status_of(answer: Payload) -> Any:
    info = answer.get("idTagInfo")
    return info.get("status") if isinstance(info, dict) else None
