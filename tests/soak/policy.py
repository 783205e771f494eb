"""How simulated stations behave."""

from dataclasses import dataclass
from typing import Literal

CANARY = "SOAK"
"""Every id tag begins with it: it must not be found in any log or metric."""


@dataclass
class Policy:
    """How stations behave. Seconds throughout."""

    version: str
    pace: float = 0.2
    """Between two messages of a charge, give or take half."""
    meters: int = 6
    """Meter values in a charge."""
    attempts: int = 5
    attempt_interval: float = 1.0
    message_timeout: float = 60.0
    backoff: float = 0.2
    backoff_random: float = 0.3
    doublings: int = 3
    ids: Literal["same", "new"] = "same"
    """The message id of a retried message."""
    deaf_to_starts: int = 0
    """So many answers to each start are taken for lost; what happens then is `retry`."""
    retry: Literal["resend", "reconnect", "elsewhere"] = "resend"
    charges: int = 0
    """How many each station makes; 0: until told to finish."""
    password: str = ""
    connect_timeout: float = 20.0
    clock: float = 0.0
    """How far its clock is ahead of the true time."""
