"""What can stand behind a station that has come in."""

import pytest

from gateway.candidates import Candidates
from gateway.prospects import NoProspectError
from tests.gateway.inside import inside
from tests.integration.test_switch import Books, Station
from tests.support import configuration


async def test_the_backends_that_a_station_could_have() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp2.0.1")
    config = configuration(("old", old), ("new", new))
    async with old.running(), new.running(), inside(config) as running:
        await (await Station("ocpp1.6").connect(running)).boots()
        prospects = running.session().prospects
        assert prospects is not None
        assert not prospects.forwards
        assert (prospects.home(), prospects.version_on("old"), prospects.version_on("new")) == (
            "old",
            "ocpp1.6",
            "ocpp2.0.1",
        )
        assert isinstance(prospects, Candidates)
        assert prospects.logger("old") is prospects.logger("old")
        assert prospects.logger("new") is not prospects.logger("old")
        found = prospects.of("new")
        assert (found.backend.name, found.version) == ("new", "ocpp2.0.1")
        leg = await found.dial(5.0)
        assert (leg.version, len(new.connections)) == ("ocpp2.0.1", 1)
        await leg.socket.close(1000, "")
        board = found.board({}, False)
        assert board.quiet()
        with pytest.raises(NoProspectError, match="no backend nobody"):
            prospects.of("nobody")
        # What the rules say is read when it is asked, and not when the station came.
        running.node.config = running.node.config.model_copy(update={"routes": ()})
        with pytest.raises(NoProspectError, match="no route"):
            prospects.home()
