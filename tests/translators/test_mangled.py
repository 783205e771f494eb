"""Whatever a peer does to its payloads: every call gets one answer, and only what fits the schema goes on."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.translators.generate import answers, calls
from tests.translators.mangle import mangled
from tests.translators.wire import Wire
from translators import schemas
from translators.frames import Call, Result
from translators.links import LINKS
from translators.options import Options

MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class MangledWire(Wire):
    """Peers whose answers are as odd as their calls."""

    fits_schema = False

    def reply(self, side: str, call: Call) -> None:
        if self.data.draw(st.integers(0, 3), label="sane") == 0:
            return super().reply(side, call)
        answer = self.data.draw(answers(self.versions[side], call.action))
        answer = self.data.draw(mangled(answer), label=call.action)
        self.now += 0.5
        self.feed(side, Result(call.message_id, answer))
        return None


@pytest.mark.parametrize("side", ["station", "csms"])
@pytest.mark.parametrize(("station", "csms"), LINKS)
def test_odd_payloads(station: str, csms: str, side: str) -> None:
    actions = schemas.STATION_ACTIONS[station] if side == "station" else schemas.csms_actions(csms)
    version = station if side == "station" else csms

    @MANY
    @given(st.data(), st.sampled_from(sorted(actions)))
    def holds(data: st.DataObject, action: str) -> None:
        wire = MangledWire(data, station, csms, Options(connectors={1: (1, 1)}))
        payload: dict[str, Any] = data.draw(mangled(data.draw(calls(version, action))), label="call")
        wire.call(side, action, payload, "m1")

    holds()
