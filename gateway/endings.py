"""What a session knows of its connection from the start, and why it ended."""

from dataclasses import dataclass

from gateway.framing import Gone


def end_of_station(gone: Gone) -> str:
    """The metric's reason where the station's connection ended."""
    if gone.refused:
        return "protocol"
    return "station_closed" if gone.code != 1006 else "station_lost"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a connection from the start: the versions of both sides, the station's address, Unix time."""

    subprotocol: str
    version: str
    source: str
    connected_at: float


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session ended: `code` and `text` go to the station, `reason` to the metric."""

    code: int
    text: str
    reason: str
