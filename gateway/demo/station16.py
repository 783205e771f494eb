"""A simulated OCPP 1.6 station: one connector, an integer meter, a card reader."""

import asyncio
from typing import Any

from ocpp.v16 import ChargePoint, call, call_result

from gateway.demo.meter import Meter
from gateway.demo.peer import ANSWER_SECONDS, QUIET, Clock, SimulationError, afterwards, answers
from gateway.demo.wire import Tap

VENDOR, MODEL = "Ladewerk", "Wallbox 11"
CONNECTOR = 1

_CONFIGURATION = {
    # key -> (value, readonly)
    "AuthorizeRemoteTxRequests": ("true", True),
    "ConnectionTimeOut": ("60", False),
    "GetConfigurationMaxKeys": ("20", True),
    "HeartbeatInterval": ("300", False),
    "MeterValueSampleInterval": ("600", False),
    "MeterValuesSampledData": ("Energy.Active.Import.Register,Power.Active.Import,Current.Import", False),
    "NumberOfConnectors": ("1", True),
    "StopTransactionOnEVSideDisconnect": ("true", False),
    "SupportedFeatureProfiles": ("Core,RemoteTrigger", True),
    "TransactionMessageAttempts": ("3", False),
    "TransactionMessageRetryInterval": ("60", False),
}


class Station16(ChargePoint):  # type: ignore[misc]  # the package has no types
    """Runs one charge: `charge`, then `unplug`. `pace`: seconds between its steps.

    `transaction_id` is the integer that the CSMS gave, None before. Calls of the station raise ocpp's OCPPError for a
    CALLERROR, TimeoutError without an answer, SimulationError for a refusal.
    """

    def __init__(self, identity: str, tap: Tap, clock: Clock, meter: Meter, *, pace: float = 0.0) -> None:
        super().__init__(identity, tap, response_timeout=ANSWER_SECONDS, logger=QUIET)
        self.transaction_id: int | None = None
        self.meter = meter
        self._clock = clock
        self._pace = pace
        self._remote_stop = asyncio.Event()

    async def charge(self, id_tag: str, *, samples: int = 3, interval_seconds: int = 600) -> None:
        """Boot, a card, a cable, `samples` MeterValues, and on until the CSMS stops it from afar."""
        await self.boot()
        await self.begin_charge(id_tag)
        for _ in range(samples):
            await self.sample(interval_seconds)
        await self._remote_stop.wait()
        await self.end_charge("Remote")

    async def begin_charge(self, id_tag: str) -> None:
        """A card, a cable; energy flows."""
        answer = await self._call(call.Authorize(id_tag=id_tag))
        self._demand("Authorize", answer.id_tag_info["status"])
        await self.status("Preparing")
        self.meter.begin()
        answer = await self._call(
            call.StartTransaction(
                connector_id=CONNECTOR,
                id_tag=id_tag,
                meter_start=self.meter.register_wh,
                timestamp=self._clock.now(),
            )
        )
        self._demand("StartTransaction", answer.id_tag_info["status"])
        self.transaction_id = answer.transaction_id
        self._clock.skip(5)
        await self.status("Charging")

    async def sample(self, seconds: float) -> None:
        """The meter runs for so long, and is read."""
        self._clock.skip(seconds)
        self.meter.run(seconds)
        await self._call(
            call.MeterValues(
                connector_id=CONNECTOR, transaction_id=self.transaction_id, meter_value=[self._meter_value()]
            )
        )

    async def end_charge(self, reason: str) -> None:
        """The end of the transaction."""
        self._clock.skip(10)
        await self._call(
            call.StopTransaction(
                transaction_id=self.transaction_id,
                meter_stop=self.meter.register_wh,
                timestamp=self._clock.now(),
                reason=reason,
            )
        )
        await self.status("Finishing")

    def take_over(self, before: "Station16") -> None:
        """It is the station that this one was, on another connection: its transaction is still to be ended."""
        self.transaction_id = before.transaction_id

    async def unplug(self) -> None:
        """The driver takes the cable away."""
        self._clock.skip(60)
        await self.status("Available")

    async def heartbeat(self) -> None:
        await self._call(call.Heartbeat())

    async def boot(self) -> None:
        """What a station says first."""
        boot = call.BootNotification(
            charge_point_vendor=VENDOR,
            charge_point_model=MODEL,
            charge_point_serial_number=f"SN-{self.id}",
            firmware_version="3.1.7",
        )
        self._demand("BootNotification", (await self._call(boot)).status)
        await self.status("Available", connector=0)
        await self.status("Available")
        await self.heartbeat()

    async def status(self, status: str, connector: int = CONNECTOR, error_code: str = "NoError") -> None:
        """A connector's status, of the whole station for 0."""
        await self._call(
            call.StatusNotification(
                connector_id=connector, error_code=error_code, status=status, timestamp=self._clock.now()
            )
        )

    def _meter_value(self) -> dict[str, Any]:
        samples = [
            {
                "value": str(reading.value),
                "context": "Sample.Periodic",
                "measurand": reading.measurand,
                "unit": reading.unit,
                "phase": reading.phase,
            }
            for reading in self.meter.readings()
        ]
        return {"timestamp": self._clock.now(), "sampled_value": samples}

    async def _call(self, payload: Any) -> Any:
        await asyncio.sleep(self._pace)
        return await self.call(payload, suppress=False)

    def _demand(self, action: str, status: str) -> None:
        if status != "Accepted":
            raise SimulationError(f"{action} was answered {status}")

    # -- what the CSMS asks -----------------------------------------------------------------------------------------

    @answers("RemoteStartTransaction")
    def on_remote_start(self, **payload: Any) -> Any:
        # This driver uses a card.
        return call_result.RemoteStartTransaction(status="Rejected")

    @answers("RemoteStopTransaction")
    def on_remote_stop(self, transaction_id: int) -> Any:
        ours = transaction_id == self.transaction_id
        return call_result.RemoteStopTransaction(status="Accepted" if ours else "Rejected")

    @afterwards("RemoteStopTransaction")
    def after_remote_stop(self, transaction_id: int) -> None:
        if transaction_id == self.transaction_id:
            self._remote_stop.set()

    @answers("GetConfiguration")
    def on_get_configuration(self, key: list[str] | None = None) -> Any:
        wanted = key or list(_CONFIGURATION)
        found = [
            {"key": name, "value": _CONFIGURATION[name][0], "readonly": _CONFIGURATION[name][1]}
            for name in wanted
            if name in _CONFIGURATION
        ]
        unknown = [name for name in wanted if name not in _CONFIGURATION]
        return call_result.GetConfiguration(configuration_key=found, unknown_key=unknown)

    @answers("ChangeConfiguration")
    def on_change_configuration(self, key: str, value: str) -> Any:
        known = _CONFIGURATION.get(key)
        status = "NotSupported" if known is None else "Rejected" if known[1] else "Accepted"
        return call_result.ChangeConfiguration(status=status)

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

    @answers("UnlockConnector")
    def on_unlock(self, **payload: Any) -> Any:
        return call_result.UnlockConnector(status="Unlocked")

    @answers("ClearCache")
    def on_clear_cache(self) -> Any:
        return call_result.ClearCache(status="Accepted")

    @answers("Reset")
    def on_reset(self, **payload: Any) -> Any:
        return call_result.Reset(status="Rejected")

    @answers("DataTransfer")
    def on_data(self, **payload: Any) -> Any:
        return call_result.DataTransfer(status="UnknownVendorId")
