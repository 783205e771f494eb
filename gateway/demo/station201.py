"""A simulated OCPP 2.0.1 station: two direct-current EVSEs of one connector each."""

import asyncio
from itertools import count
from typing import Any
from uuid import uuid4

from ocpp.v201 import ChargePoint, call, call_result

from gateway.demo.device_model import DeviceModel
from gateway.demo.meter import ENERGY, Meter
from gateway.demo.peer import ANSWER_SECONDS, QUIET, Clock, SimulationError, afterwards, answers
from gateway.demo.wire import Tap

VENDOR, MODEL = "Ladewerk Nord Elektrotechnik", "HPC 150"
EVSE, CONNECTOR = 1, 1
_EVSES = (1, 2)


class Station201(ChargePoint):  # type: ignore[misc]  # the package has no types
    """Runs one charge: `charge`, then `unplug`. `pace`: seconds between its steps.

    `transaction_id` is the UUID that the station gave, None before. Calls of the station raise ocpp's OCPPError for a
    CALLERROR, TimeoutError without an answer, SimulationError for a refusal.
    """

    def __init__(self, identity: str, tap: Tap, clock: Clock, meter: Meter, *, pace: float = 0.0) -> None:
        super().__init__(identity, tap, response_timeout=ANSWER_SECONDS, logger=QUIET)
        self.transaction_id: str | None = None
        self.remote_start_id: int | None = None
        self.meter = meter
        self._clock = clock
        self._pace = pace
        self._plugged = False
        self._began_at: str | None = None
        self._token: dict[str, Any] | None = None
        self._seq_no = count()
        self._remote_start = asyncio.Event()
        self._remote_stop = asyncio.Event()
        self._device = DeviceModel()

    async def charge(
        self, *, token: dict[str, Any] | None = None, samples: int = 3, interval_seconds: int = 600
    ) -> None:
        """Boot, a cable, then a remote start or the card `token`, `samples` meter values, until the CSMS stops it.

        `token`: an idToken in snake case, `{"id_token": "04A1B2C3", "type": "ISO14443"}`.
        """
        await self.boot()
        await self.plug()
        if token is None:
            await self._remote_start.wait()
            token = self._token
        await self.begin_charge(token)
        for _ in range(samples):
            await self.sample(interval_seconds)
        await self._remote_stop.wait()
        await self.end_charge("RemoteStop", "Remote")

    async def plug(self) -> None:
        """A cable: a transaction begins."""
        self._plugged = True
        await self.status("Occupied")
        self.transaction_id = str(uuid4())
        self._seq_no, self._began_at = count(), None
        self.meter.begin()
        await self._event("Started", "CablePluggedIn", charging_state="EVConnected", registers=["Transaction.Begin"])

    async def begin_charge(self, token: dict[str, Any] | None) -> None:
        """Authorised; energy flows."""
        answer = await self._call(call.Authorize(id_token=token))
        self._demand("Authorize", answer.id_token_info["status"])
        self._clock.skip(15)
        trigger = "Authorized" if self.remote_start_id is None else "RemoteStart"
        answer = await self._event("Updated", trigger, charging_state="EVConnected", id_token=token)
        self._demand("TransactionEvent", (answer.id_token_info or {}).get("status", "nothing"))
        self._clock.skip(5)
        await self._event("Updated", "ChargingStateChanged", charging_state="Charging")

    async def sample(self, seconds: float) -> None:
        """The meter runs for so long, and is read."""
        self._clock.skip(seconds)
        self.meter.run(seconds)
        await self._event("Updated", "MeterValuePeriodic", samples=True)

    async def end_charge(self, trigger: str, reason: str) -> None:
        """The end of the transaction."""
        self._clock.skip(10)
        registers = ["Transaction.Begin", "Transaction.End"]
        await self._event("Ended", trigger, charging_state="EVConnected", registers=registers, stopped=reason)

    def take_over(self, before: "Station201") -> None:
        """It is the station that this one was, on another connection: its transaction is still to be ended."""
        self.transaction_id, self._seq_no, self._began_at = before.transaction_id, before._seq_no, before._began_at

    async def unplug(self) -> None:
        """The driver takes the cable away."""
        self._plugged = False
        self._clock.skip(60)
        await self.status("Available")

    async def heartbeat(self) -> None:
        await self._call(call.Heartbeat())

    async def boot(self) -> None:
        """What a station says first."""
        station = {
            "vendor_name": VENDOR,
            "model": MODEL,
            "serial_number": f"SN-{self.id}",
            "firmware_version": "9.0.2",
        }
        boot = call.BootNotification(charging_station=station, reason="PowerUp")
        self._demand("BootNotification", (await self._call(boot)).status)
        for evse in _EVSES:
            await self.status("Available", evse)
        await self.heartbeat()

    async def status(self, status: str, evse: int = EVSE) -> None:
        """A connector's status."""
        await self._call(
            call.StatusNotification(
                timestamp=self._clock.now(), connector_status=status, evse_id=evse, connector_id=CONNECTOR
            )
        )

    async def _event(
        self,
        kind: str,
        trigger: str,
        *,
        charging_state: str | None = None,
        id_token: dict[str, Any] | None = None,
        registers: list[str] | None = None,
        samples: bool = False,
        stopped: str | None = None,
    ) -> Any:
        now = self._clock.now()
        values = [self._register(context, now) for context in registers or ()]
        if samples:
            values.append({"timestamp": now, "sampled_value": self._samples()})
        info = {
            "transaction_id": self.transaction_id,
            "charging_state": charging_state,
            "stopped_reason": stopped,
            "remote_start_id": self.remote_start_id if id_token is not None else None,
        }
        # The EVSE is told once, the token is told once (E01.FR.16 and E03.FR.01 ask no more).
        event = call.TransactionEvent(
            event_type=kind,
            timestamp=now,
            trigger_reason=trigger,
            seq_no=next(self._seq_no),
            transaction_info=info,
            evse={"id": EVSE, "connector_id": CONNECTOR} if kind == "Started" else None,
            id_token=id_token,
            meter_value=values or None,
        )
        return await self._call(event)

    def _register(self, context: str, now: str) -> dict[str, Any]:
        begin = context == "Transaction.Begin"
        if begin and self._began_at is None:
            self._began_at = now
        register, at = (self.meter.begin_wh, self._began_at) if begin else (self.meter.register_wh, now)
        sample = {"value": register, "context": context, "measurand": ENERGY, "unit_of_measure": {"unit": "Wh"}}
        return {"timestamp": at, "sampled_value": [sample]}

    def _samples(self) -> list[dict[str, Any]]:
        return [
            {
                "value": reading.value,
                "context": "Sample.Periodic",
                "measurand": reading.measurand,
                "phase": reading.phase,
                "unit_of_measure": {"unit": reading.unit},
            }
            for reading in self.meter.readings()
        ]

    async def _call(self, payload: Any) -> Any:
        await asyncio.sleep(self._pace)
        return await self.call(payload, suppress=False)

    def _demand(self, action: str, status: str) -> None:
        if status != "Accepted":
            raise SimulationError(f"{action} was answered {status}")

    # -- what the CSMS asks -----------------------------------------------------------------------------------------

    @answers("RequestStartTransaction")
    def on_request_start(self, id_token: dict[str, Any], remote_start_id: int, **payload: Any) -> Any:
        if not self._plugged or self._token is not None or payload.get("evse_id", EVSE) != EVSE:
            return call_result.RequestStartTransaction(status="Rejected")
        self._token, self.remote_start_id = id_token, remote_start_id
        return call_result.RequestStartTransaction(status="Accepted", transaction_id=self.transaction_id)

    @afterwards("RequestStartTransaction")
    def after_request_start(self, **payload: Any) -> None:
        if self._token is not None:
            self._remote_start.set()

    @answers("RequestStopTransaction")
    def on_request_stop(self, transaction_id: str) -> Any:
        ours = transaction_id == self.transaction_id
        return call_result.RequestStopTransaction(status="Accepted" if ours else "Rejected")

    @afterwards("RequestStopTransaction")
    def after_request_stop(self, transaction_id: str) -> None:
        if transaction_id == self.transaction_id:
            self._remote_stop.set()

    @answers("SetVariables")
    def on_set_variables(self, set_variable_data: list[dict[str, Any]], **payload: Any) -> Any:
        return call_result.SetVariables(set_variable_result=[self._device.set(item) for item in set_variable_data])

    @answers("GetVariables")
    def on_get_variables(self, get_variable_data: list[dict[str, Any]], **payload: Any) -> Any:
        return call_result.GetVariables(get_variable_result=[self._device.get(item) for item in get_variable_data])

    @answers("GetBaseReport")
    def on_base_report(self, **payload: Any) -> Any:
        return call_result.GetBaseReport(status="Accepted")

    @afterwards("GetBaseReport")
    async def after_base_report(self, request_id: int, **payload: Any) -> None:
        await self._call(
            call.NotifyReport(
                request_id=request_id,
                generated_at=self._clock.now(),
                seq_no=0,
                tbc=False,
                report_data=self._device.report(),
            )
        )

    @answers("ChangeAvailability")
    def on_change_availability(self, **payload: Any) -> Any:
        return call_result.ChangeAvailability(status="Accepted")

    @answers("TriggerMessage")
    def on_trigger(self, requested_message: str, **payload: Any) -> Any:
        return call_result.TriggerMessage(status="Accepted" if requested_message == "Heartbeat" else "NotImplemented")

    @afterwards("TriggerMessage")
    async def after_trigger(self, requested_message: str, **payload: Any) -> None:
        if requested_message == "Heartbeat":
            await self.heartbeat()

    @answers("ClearCache")
    def on_clear_cache(self, **payload: Any) -> Any:
        return call_result.ClearCache(status="Accepted")

    @answers("Reset")
    def on_reset(self, **payload: Any) -> Any:
        return call_result.Reset(status="Rejected")

    @answers("DataTransfer")
    def on_data(self, **payload: Any) -> Any:
        return call_result.DataTransfer(status="UnknownVendorId")
