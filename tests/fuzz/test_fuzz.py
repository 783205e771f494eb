"""The fuzz harnesses in short, by hypothesis, and over the kept corpus. `make fuzz MINUTES=10` goes on for longer."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.board import PAIRS, play
from tests.fuzz.harnesses import HARNESSES

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", sorted(HARNESSES))
def test_the_kept_corpus(name: str) -> None:
    kept = sorted((CORPUS / name).iterdir())
    assert kept
    for path in kept:
        HARNESSES[name](path.read_bytes())


@pytest.mark.parametrize("name", ["frames", "wire", "door"])
@given(octets=st.binary(max_size=300))
@settings(deadline=None, max_examples=150)
def test_any_octets(name: str, octets: bytes) -> None:
    HARNESSES[name](octets)


@pytest.mark.parametrize("pair", range(len(PAIRS)), ids=lambda place: "-to-".join(PAIRS[place]))
@given(octets=st.binary(min_size=20, max_size=800))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_conversation(pair: int, octets: bytes) -> None:
    play(bytes((pair,)) + octets)
