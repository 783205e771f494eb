"""A management system that speaks OCPP 2.0.1."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ocpp.v201 import ChargePoint, call, call_result

from gateway.demo.csms import Csms
from gateway.demo.meter import ENERGY
from gateway.demo.peer import ANSWER_SECONDS, QUIET, Clock, answers
from gateway.demo.wire import Tap


@dataclass(slots=True)
class Bill201:
    """One transaction as this CSMS would bill it: the registers marked Transaction.Begin and Transaction.End, in Wh."""

    transaction_id: str
    identity: str
    begin_wh: float | None = None
    end_wh: float | None = None
    ended: bool = False
    seq_nos: list[int] = field(default_factory=list)

    @property
    def kwh(self) -> float | None:
        """None while a register is missing."""
        if self.begin_wh is None or self.end_wh is None:
            return None
        return (self.end_wh - self.begin_wh) / 1000

    def read(self, meter_values: list[dict[str, Any]]) -> None:
        """Takes the registers out of an event's `meter_value`, keys in snake case."""
        for sample in (sample for value in meter_values for sample in value["sampled_value"]):
            if sample.get("measurand", ENERGY) != ENERGY or "phase" in sample:
                continue
            unit = sample.get("unit_of_measure", {})
            factor = 10 ** unit.get("multiplier", 0) * (1000 if unit.get("unit", "Wh") == "kWh" else 1)
            if sample.get("context") == "Transaction.Begin":
                self.begin_wh = sample["value"] * factor
            elif sample.get("context") == "Transaction.End":
                self.end_wh = sample["value"] * factor


class Csms201(Csms):
    """`bills` by the transaction id that the station gave. Tokens in `refused_tokens` are Invalid, boots of
    `refused_stations` Rejected."""

    subprotocol = "ocpp2.0.1"

    def __init__(
        self, clock: Clock, *, passwords: Mapping[str, str] | None = None, heartbeat_seconds: int = 300
    ) -> None:
        super().__init__(clock, passwords=passwords, heartbeat_seconds=heartbeat_seconds)
        self.bills: dict[str, Bill201] = {}
        self.refused_tokens: set[str] = set()
        self.refused_stations: set[str] = set()
        self._remote_starts = count(1)

    def token_info(self, id_token: Mapping[str, Any]) -> dict[str, str]:
        """The idTokenInfo of a token, keys in snake case."""
        return {"status": "Invalid" if id_token["id_token"] in self.refused_tokens else "Accepted"}

    async def remote_start(self, identity: str, id_token: str, evse_id: int) -> str:
        """The answer's status. Raises what `call` raises."""
        payload = call.RequestStartTransaction(
            id_token={"id_token": id_token, "type": "Central"},
            remote_start_id=next(self._remote_starts),
            evse_id=evse_id,
        )
        return str((await self.call(identity, payload)).status)

    async def remote_stop(self, identity: str, transaction_id: str) -> str:
        """The answer's status. Raises what `call` raises."""
        return str((await self.call(identity, call.RequestStopTransaction(transaction_id=transaction_id))).status)

    def _peer(self, identity: str, tap: Tap) -> ChargePoint:
        return _Station(identity, tap, self)


class _Station(ChargePoint):  # type: ignore[misc]  # the package has no types
    def __init__(self, identity: str, tap: Tap, csms: Csms201) -> None:
        super().__init__(identity, tap, response_timeout=ANSWER_SECONDS, logger=QUIET)
        self._csms = csms

    @answers("BootNotification")
    def on_boot(self, **payload: Any) -> Any:
        status = "Rejected" if self.id in self._csms.refused_stations else "Accepted"
        return call_result.BootNotification(
            current_time=self._csms.clock.now(), interval=self._csms.heartbeat_seconds, status=status
        )

    @answers("Heartbeat")
    def on_heartbeat(self, **payload: Any) -> Any:
        return call_result.Heartbeat(current_time=self._csms.clock.now())

    @answers("StatusNotification")
    def on_status(self, **payload: Any) -> Any:
        return call_result.StatusNotification()

    @answers("NotifyEvent")
    def on_event(self, **payload: Any) -> Any:
        return call_result.NotifyEvent()

    @answers("NotifyReport")
    def on_report(self, **payload: Any) -> Any:
        return call_result.NotifyReport()

    @answers("Authorize")
    def on_authorize(self, id_token: dict[str, Any], **payload: Any) -> Any:
        return call_result.Authorize(id_token_info=self._csms.token_info(id_token))

    @answers("TransactionEvent")
    def on_transaction(self, event_type: str, seq_no: int, transaction_info: dict[str, Any], **payload: Any) -> Any:
        number = transaction_info["transaction_id"]
        bill = self._csms.bills.setdefault(number, Bill201(number, self.id))
        bill.seq_nos.append(seq_no)
        bill.read(payload.get("meter_value", []))
        bill.ended = bill.ended or event_type == "Ended"
        id_token = payload.get("id_token")
        return call_result.TransactionEvent(id_token_info=self._csms.token_info(id_token) if id_token else None)

    @answers("MeterValues")
    def on_meter_values(self, **payload: Any) -> Any:
        return call_result.MeterValues()

    @answers("DataTransfer")
    def on_data(self, **payload: Any) -> Any:
        return call_result.DataTransfer(status="UnknownVendorId")

    @answers("FirmwareStatusNotification")
    def on_firmware(self, **payload: Any) -> Any:
        return call_result.FirmwareStatusNotification()

    @answers("LogStatusNotification")
    def on_log(self, **payload: Any) -> Any:
        return call_result.LogStatusNotification()

    @answers("SecurityEventNotification")
    def on_security(self, **payload: Any) -> Any:
        return call_result.SecurityEventNotification()
