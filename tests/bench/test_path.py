"""The path of a message without its connections does the work it is measured for."""

import pytest

from tests.bench import path
from translators.frames import decode


@pytest.mark.parametrize(("version", "action"), [("ocpp1.6", "MeterValues"), ("ocpp2.0.1", "TransactionEvent")])
async def test_a_round_trip_ends_at_the_station(version: str, action: str) -> None:
    one, meter, end = await path._path(version)
    for number in (1, 2):
        identifier, frame = meter.next(number)
        one.trip(frame)
        written = one.station_wire.last
        assert written[0] == 0x81
        assert decode(written[2:].decode()).message_id == identifier.decode()
    assert action.encode() in one.asked()
    end()


async def test_it_has_a_price() -> None:
    assert await path.cost("ocpp1.6", series=1) > 0


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_call_that_waits_for_its_answer_keeps_no_decoded_payload(version: str) -> None:
    one, meter, end = await path._path(version)
    one.station.data_received(meter.next(1)[1])
    waiting = one.bridge.primary.board._station.turnstile.inside
    assert waiting is not None
    assert waiting._payload is None
    assert waiting.payload["connectorId"] == 1
    end()
