"""The proxy one writes in an afternoon: the `ocpp` package's ChargePoint on both sides, over `websockets`.

A 1.6 station on a 2.0.1 CSMS. It is here to be measured beside the gateway and does the same work for the messages of the
bench (boot, status, start, meter values of a transaction as TransactionEvent), with the packages' defaults: schema
validation on, asyncio's own loop. It forgets everything when the station goes, which the gateway must not.
"""

import argparse
import asyncio
import ssl
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as answer16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.bench.machine import raise_file_limit

_STATUS = {"Available": "Available", "Reserved": "Reserved", "Unavailable": "Unavailable", "Faulted": "Faulted"}


@dataclass
class Transaction:
    """One open transaction: its 2.0.1 id and how many events it had."""

    identifier: str
    events: int = 1


class StationSide(ChargePoint16):  # type: ignore[misc]  # the package is untyped
    """What the station talks to."""

    def __init__(self, identity: str, connection: Any, csms: ChargePoint201) -> None:
        super().__init__(identity, connection)
        self.csms = csms
        self.transactions: dict[int, Transaction] = {}

    @on("BootNotification")  # type: ignore[untyped-decorator]
    async def boot(self, charge_point_vendor: str, charge_point_model: str, **more: Any) -> Any:
        """Boot as boot."""
        station = {
            "vendor_name": charge_point_vendor,
            "model": charge_point_model,
            "serial_number": more.get("charge_point_serial_number"),
            "firmware_version": more.get("firmware_version"),
        }
        got = await self.csms.call(call201.BootNotification(charging_station=station, reason="PowerUp"), suppress=False)
        return answer16.BootNotification(current_time=got.current_time, interval=got.interval, status=got.status)

    @on("Heartbeat")  # type: ignore[untyped-decorator]
    async def heartbeat(self) -> Any:
        """Heartbeat as heartbeat."""
        got = await self.csms.call(call201.Heartbeat(), suppress=False)
        return answer16.Heartbeat(current_time=got.current_time)

    @on("StatusNotification")  # type: ignore[untyped-decorator]
    async def status(self, connector_id: int, status: str, **more: Any) -> Any:
        """Many states become few."""
        event = call201.StatusNotification(
            timestamp=more.get("timestamp") or datetime.now(UTC).isoformat(),
            connector_status=_STATUS.get(status, "Occupied"),
            evse_id=connector_id,
            connector_id=1,
        )
        await self.csms.call(event, suppress=False)
        return answer16.StatusNotification()

    @on("StartTransaction")  # type: ignore[untyped-decorator]
    async def start_transaction(
        self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_more: Any
    ) -> Any:
        """The first event of a transaction whose id is made here."""
        number = len(self.transactions) + 1
        transaction = self.transactions[number] = Transaction(str(uuid.uuid4()))
        register = {"value": meter_start, "context": "Transaction.Begin", "measurand": "Energy.Active.Import.Register"}
        event = call201.TransactionEvent(
            event_type="Started",
            timestamp=timestamp,
            trigger_reason="Authorized",
            seq_no=0,
            transaction_info={"transaction_id": transaction.identifier, "charging_state": "Charging"},
            evse={"id": connector_id, "connector_id": 1},
            id_token={"id_token": id_tag, "type": "Central"},
            meter_value=[{"timestamp": timestamp, "sampled_value": [register]}],
        )
        got = await self.csms.call(event, suppress=False)
        return answer16.StartTransaction(transaction_id=number, id_tag_info={"status": got.id_token_info["status"]})

    @on("MeterValues")  # type: ignore[untyped-decorator]
    async def meter_values(self, connector_id: int, meter_value: list[dict[str, Any]], transaction_id: int) -> Any:
        """A further event of the transaction."""
        transaction = self.transactions[transaction_id]
        readings = [
            {"timestamp": reading["timestamp"], "sampled_value": [_sample(value) for value in reading["sampled_value"]]}
            for reading in meter_value
        ]
        event = call201.TransactionEvent(
            event_type="Updated",
            timestamp=readings[-1]["timestamp"],
            trigger_reason="MeterValuePeriodic",
            seq_no=transaction.events,
            transaction_info={"transaction_id": transaction.identifier},
            meter_value=readings,
        )
        transaction.events += 1
        await self.csms.call(event, suppress=False)
        return answer16.MeterValues()


def _sample(value: dict[str, Any]) -> dict[str, Any]:
    """A 1.6 sampled value, as 2.0.1 has it: a number, the unit in an object, no `format`."""
    sample: dict[str, Any] = {key: value[key] for key in ("context", "measurand", "phase", "location") if key in value}
    return {**sample, "value": float(value["value"]), "unit_of_measure": {"unit": value.get("unit", "Wh")}}


async def relay(station: ServerConnection, csms_url: str) -> None:
    """One station's life: dial the CSMS, run both ends until one of them goes."""
    identity = station.request.path.rpartition("/")[2] if station.request else ""
    async with connect(f"{csms_url}/{identity}", subprotocols=[websockets.Subprotocol("ocpp2.0.1")]) as upstream:
        csms_side = ChargePoint201(identity, upstream)
        ends = [asyncio.ensure_future(end.start()) for end in (StationSide(identity, station, csms_side), csms_side)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def run(port: int, csms_url: str, certificate: str, key: str) -> None:
    """Serve wss on `port` until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    subprotocols = [websockets.Subprotocol("ocpp1.6")]
    async with serve(
        lambda station: relay(station, csms_url), "127.0.0.1", port, ssl=context, subprotocols=subprotocols
    ) as server:
        await server.serve_forever()


def main() -> None:
    """`python -m tests.bench.naive`."""
    parser = argparse.ArgumentParser(prog="tests.bench.naive", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--csms", required=True, help="ws:// url, without the identity")
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    options = parser.parse_args()
    raise_file_limit()
    asyncio.run(run(options.port, options.csms, options.certificate, options.key))


if __name__ == "__main__":
    main()
