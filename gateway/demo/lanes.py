"""The exchange as it happens: the station's wire on the left, the CSMS's on the right, the gateway in between."""

from time import perf_counter

from rich.console import Console
from rich.text import Text

from gateway.demo.act import Act, Result
from gateway.demo.describe import details, title
from gateway.demo.pairs import Pairs, Row
from gateway.demo.wire import Frame, Side

_TIME = 7
_NARROW, _NARROW_ARROW, _ARROW = 120, 10, 14
_PLAIN_WIDTH = 140
_WIDEST = 150
_COLOURS: dict[Side, str] = {"station": "cyan", "csms": "magenta"}
_VERSIONS = {"ocpp1.6": "OCPP 1.6", "ocpp2.0.1": "OCPP 2.0.1"}


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, wide enough where there is none; colours as NO_COLOR and TERM will have it."""
    found = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not found.is_terminal:
        found = Console(stderr=stderr, highlight=False, soft_wrap=True, width=_PLAIN_WIDTH)
    return found


class Painter:
    """Lines of two lanes, behind a first column."""

    def __init__(self, to: Console, first: int = _TIME) -> None:
        """`first`: characters of the first column."""
        self.console = to
        self._first = first
        self._arrow = _NARROW_ARROW if to.width < _NARROW else _ARROW
        self._lane = (min(to.width, _WIDEST + first - _TIME) - first - self._arrow - 2) // 2

    def heading(self, station: str, csms: str) -> None:
        middle = Text("gateway".center(self._arrow))
        self.line("", Text(station, _COLOURS["station"]), middle, Text(csms, _COLOURS["csms"]))
        self.console.print(Text("─" * (self._first + 2 * self._lane + self._arrow + 2), "dim"))

    def row(self, first: str, row: Row) -> None:
        self.line(first, _cell(row.station), _middle(row, self._arrow), _cell(row.csms))

    def line(self, first: str, left: Text, middle: Text, right: Text) -> None:
        line = Text().append(first.ljust(self._first), "dim")
        left.truncate(self._lane, overflow="ellipsis", pad=True)
        right.truncate(self._lane, overflow="ellipsis")
        line.append_text(left).append(" ").append_text(middle).append(" ").append_text(right)
        line.rstrip()
        self.console.print(line)


class Lanes:
    """Prints an act; one line a call, one a pair of answers that say something."""

    def __init__(self, to: Console) -> None:
        self._console = to
        self._painter = Painter(to)
        self._began = perf_counter()
        self._pairs = Pairs(self._print)

    def act_begins(self, act: Act) -> None:
        self._began = perf_counter()
        self._pairs = Pairs(self._print)
        self._console.print()
        self._console.print(Text(act.title, "bold"))
        self._painter.heading(
            f"station {act.identity}, {_VERSIONS[act.station_version]}, wss",
            f"CSMS, {_VERSIONS[act.csms.subprotocol]}",
        )

    def frame(self, frame: Frame) -> None:
        self._pairs.feed(frame)

    def act_ends(self, result: Result) -> None:
        self._pairs.close()
        for check in result.checks:
            if not check.ok:
                self._console.print(Text(f"  missing: {check.what}" + (f" ({check.why})" if check.why else ""), "red"))
        if result.error is not None:
            self._console.print(Text(f"  stopped: {result.error}", "bold red"))

    def _print(self, row: Row) -> None:
        if "answer" in row.how and not any(details(frame) for frame in (row.station, row.csms) if frame is not None):
            return
        self._painter.row(f"{row.at - self._began:6.2f}", row)


def _cell(frame: Frame | None) -> Text:
    if frame is None:
        return Text()
    said = details(frame)
    if frame.kind == "call":
        return Text.assemble((title(frame), f"bold {_COLOURS[frame.side]}"), f" {said}" if said else "")
    if frame.kind == "error":
        return Text(f"  CALLERROR {said}", "bold red")
    return Text(f"  {said or '{}'}", "dim")


def _middle(row: Row, width: int) -> Text:
    """The arrow shows who asks whom; an answer's goes back."""
    if row.how in ("own", "own_answer", "here", "here_answer"):
        # One side only: the gateway asks of its own accord, or answers alone.
        left, call = row.station is not None, row.how in ("own", "here")
        to_gateway = (row.how == "here") if call else row.how == "own_answer"
        shaft = _shaft(width - 8, left == to_gateway, dim=not call)
        return Text(f"{shaft} gateway" if left else f"gateway {shaft}", "yellow" if call else "dim")
    rightwards = (row.asker == "station") == (row.how != "answer")
    if row.how == "answer":
        return Text(_shaft(width, rightwards, dim=True), "dim")
    if row.how == "further":
        shaft = _shaft(width - 4, rightwards)
        return Text(f"   └{shaft}" if rightwards else f"{shaft}┘   ", "green")
    return Text(_shaft(width, rightwards), "green")


def _shaft(width: int, rightwards: bool, *, dim: bool = False) -> str:
    line, left, right = ("╌", "◁", "▷") if dim else ("─", "◀", "▶")
    return line * (width - 1) + right if rightwards else left + line * (width - 1)
