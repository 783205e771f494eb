"""What is lost is what is declared to be, for every row, and everything declared is lost somewhere."""

from contextlib import suppress
from functools import cache
from itertools import count

import pytest

from tests.transcript import TRANSCRIPTS, Player, versions
from tests.translators.losses import assert_declared, rows
from tests.translators.witness import witnesses
from translators import schemas
from translators.effects import Effect, Note
from translators.frames import Call
from translators.links import LINKS
from translators.losses import Loss, declared_by, loses, lost
from translators.options import Options
from translators.session import Session
from translators.tables import Link

WITH_16 = [link for link in LINKS.values() if "ocpp1.6" in (link.station_version, link.csms_version)]


def _id(part: object) -> str:
    return part.name if isinstance(part, Link) else str(part)


class Losing(Player):
    """A player that keeps what was lost."""

    def told(self, effects: list[Effect]) -> None:
        LOST.update(
            (effect.facts["from"], effect.facts["to"], effect.facts["action"], effect.facts["field"])
            for effect in effects
            if isinstance(effect, Note) and effect.kind == "lost"
        )
        super().told(effects)


LOST: set[tuple[str, str, str, str]] = set()


@cache
def lost_in_transcripts() -> set[tuple[str, str, str, str]]:
    for file in sorted(TRANSCRIPTS.rglob("*.txt")):
        with suppress(AssertionError):  # whether it plays as it is written is not the question here
            Losing(*versions(file.relative_to(TRANSCRIPTS).parts[0])).play(file.read_text())
    return LOST


@pytest.mark.parametrize("link", WITH_16, ids=_id)
def test_every_declared_loss_with_16_is_in_a_transcript(link: Link) -> None:
    up = (link.station_version, link.csms_version)
    missing = [
        (*way, action, loss.field)
        for way, table in ((up, link.from_station), (up[::-1], link.from_csms))
        for action, row in table.items()
        for loss in row.losses()
        if loss.field != "customData" and (*way, action, loss.field) not in lost_in_transcripts()
    ]
    assert not missing


@pytest.mark.parametrize("action", sorted(schemas.STATION_ACTIONS["ocpp2.0.1"]))
def test_the_fields_of_a_vendor_are_lost_of_every_call_to_16(action: str) -> None:
    (link,) = (link for link in WITH_16 if link.csms_version == "ocpp1.6")
    ids = count(1)
    session = Session(link, Options(), {}, lambda: f"g{next(ids)}")
    call = next(witnesses("ocpp2.0.1", "ocpp2.1", action, answer=False))
    effects = session.from_station(Call("s1", action, {**call, "customData": {"vendorId": "acme"}}), 1.0)
    noted = [effect for effect in effects if isinstance(effect, Note) and effect.kind == "lost"]
    assert "customData" in [note.facts["field"] for note in noted]
    for note in noted:
        assert_declared(note)


def test_a_mapping_without_a_declaration_loses_nothing() -> None:
    (heartbeat,) = (row for row in rows("ocpp1.6", "ocpp2.0.1", "Heartbeat"))
    assert heartbeat.losses() == ()


def test_what_stands_over_a_mapping() -> None:
    @loses(call={"a": "left out"}, answer={"b": "cut"})
    def mapping() -> None: ...

    assert declared_by(mapping) == (Loss("a", "call", "left out"), Loss("b", "answer", "cut"))
    assert declared_by(lambda: None) == ()


def test_a_field_is_noted_once() -> None:
    assert [note.facts for note in lost("a", "b", "a") if isinstance(note, Note)] == [{"field": "a"}, {"field": "b"}]
    (late,) = lost("a", of="BootNotification")
    assert isinstance(late, Note)
    assert late.facts == {"action": "BootNotification", "field": "a"}
