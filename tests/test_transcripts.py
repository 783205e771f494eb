"""Every transcript plays as it is written."""

from pathlib import Path

import pytest

from tests.transcript import TRANSCRIPTS, play

FILES = sorted(TRANSCRIPTS.rglob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TRANSCRIPTS)))
def test_transcript(path: Path) -> None:
    text, played = play(path)
    assert played == text
