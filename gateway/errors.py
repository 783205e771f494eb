"""Failures that the command line tells as lines."""

from collections.abc import Iterable


class StartError(Exception):
    """The gateway cannot start: `lines` say why."""

    def __init__(self, lines: str | Iterable[str]) -> None:
        self.lines = (lines,) if isinstance(lines, str) else tuple(lines)
        super().__init__("; ".join(self.lines))
