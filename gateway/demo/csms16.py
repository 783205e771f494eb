"""A legacy management system that speaks OCPP 1.6 and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from ocpp.v16 import ChargePoint, call, call_result

from gateway.demo.csms import Csms
from gateway.demo.peer import ANSWER_SECONDS, QUIET, Clock, answers
from gateway.demo.wire import Tap

_FIRST_TRANSACTION = 5511


@dataclass(slots=True)
class Bill16:
    """One transaction as this CSMS would bill it. Registers in Wh, as StartTransaction and StopTransaction told them."""

    transaction_id: int
    identity: str
    connector_id: int
    id_tag: str
    meter_start: int
    meter_stop: int | None = None

    @property
    def kwh(self) -> float | None:
        """None while the transaction is open."""
        return None if self.meter_stop is None else (self.meter_stop - self.meter_start) / 1000


class Csms16(Csms):
    """Numbers transactions itself, with integers; `bills` by that number. Tags in `refused_tags` are Invalid."""

    subprotocol = "ocpp1.6"

    def __init__(
        self, clock: Clock, *, passwords: Mapping[str, str] | None = None, heartbeat_seconds: int = 300
    ) -> None:
        super().__init__(clock, passwords=passwords, heartbeat_seconds=heartbeat_seconds)
        self.bills: dict[int, Bill16] = {}
        self.refused_tags: set[str] = set()
        self._numbers = count(_FIRST_TRANSACTION)

    def open_bill(self, identity: str, connector_id: int, id_tag: str, meter_start: int) -> Bill16:
        """A transaction has started."""
        bill = Bill16(next(self._numbers), identity, connector_id, id_tag, meter_start)
        self.bills[bill.transaction_id] = bill
        return bill

    def tag_info(self, id_tag: str) -> dict[str, str]:
        """The idTagInfo of a tag, keys in snake case."""
        return {"status": "Invalid" if id_tag in self.refused_tags else "Accepted"}

    async def remote_start(self, identity: str, id_tag: str, connector_id: int) -> str:
        """The answer's status. Raises what `call` raises."""
        payload = call.RemoteStartTransaction(id_tag=id_tag, connector_id=connector_id)
        return str((await self.call(identity, payload)).status)

    async def remote_stop(self, identity: str, transaction_id: int) -> str:
        """The answer's status. Raises what `call` raises."""
        return str((await self.call(identity, call.RemoteStopTransaction(transaction_id=transaction_id))).status)

    def _peer(self, identity: str, tap: Tap) -> ChargePoint:
        return _Station(identity, tap, self)


class _Station(ChargePoint):  # type: ignore[misc]  # the package has no types
    def __init__(self, identity: str, tap: Tap, csms: Csms16) -> None:
        super().__init__(identity, tap, response_timeout=ANSWER_SECONDS, logger=QUIET)
        self._csms = csms

    @answers("BootNotification")
    def on_boot(self, **payload: Any) -> Any:
        return call_result.BootNotification(
            current_time=self._csms.clock.now(), interval=self._csms.heartbeat_seconds, status="Accepted"
        )

    @answers("Heartbeat")
    def on_heartbeat(self) -> Any:
        return call_result.Heartbeat(current_time=self._csms.clock.now())

    @answers("StatusNotification")
    def on_status(self, **payload: Any) -> Any:
        return call_result.StatusNotification()

    @answers("Authorize")
    def on_authorize(self, id_tag: str) -> Any:
        return call_result.Authorize(id_tag_info=self._csms.tag_info(id_tag))

    @answers("StartTransaction")
    def on_start(self, connector_id: int, id_tag: str, meter_start: int, **payload: Any) -> Any:
        bill = self._csms.open_bill(self.id, connector_id, id_tag, meter_start)
        return call_result.StartTransaction(transaction_id=bill.transaction_id, id_tag_info=self._csms.tag_info(id_tag))

    @answers("MeterValues")
    def on_meter_values(self, **payload: Any) -> Any:
        return call_result.MeterValues()

    @answers("StopTransaction")
    def on_stop(self, transaction_id: int, meter_stop: int, **payload: Any) -> Any:
        # An unknown transaction is answered all the same: the station would repeat it for ever (1.6 section 4.10).
        bill = self._csms.bills.get(transaction_id)
        if bill is not None:
            bill.meter_stop = meter_stop
        id_tag = payload.get("id_tag")
        return call_result.StopTransaction(id_tag_info=self._csms.tag_info(id_tag) if id_tag else None)

    @answers("DataTransfer")
    def on_data(self, **payload: Any) -> Any:
        return call_result.DataTransfer(status="UnknownVendorId")

    @answers("FirmwareStatusNotification")
    def on_firmware(self, **payload: Any) -> Any:
        return call_result.FirmwareStatusNotification()

    @answers("DiagnosticsStatusNotification")
    def on_diagnostics(self, **payload: Any) -> Any:
        return call_result.DiagnosticsStatusNotification()
