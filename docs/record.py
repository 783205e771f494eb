"""Records the demo as a picture that plays: `make pictures` writes `docs/pictures/demo.svg` from what a real demo printed."""

import asyncio
import re
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from gateway.demo import lanes, summary
from gateway.demo.run import Outcome, play

PICTURE = Path(__file__).parent / "pictures" / "demo.svg"
_WIDTH = 132
_LINE_SECONDS = 0.3
_PACE_SECONDS = 0.05
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_LINE = re.compile(r'<text (?P<rest>[^>]*clip-path="url\(#demo-line-(?P<number>\d+)\)")')
_PLAYED = """
    .played { animation: appear 0.15s both }
    @keyframes appear { from { opacity: 0 } to { opacity: 1 } }
    @media (prefers-reduced-motion: reduce) { .played { animation: none } }
"""


def record() -> list[Text]:
    """What the demo prints: its first act and its verdict."""
    console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True, highlight=False)
    outcomes: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        summary.show(outcome, console)

    asyncio.run(play(lanes.Lanes(console), done, None, pace=_PACE_SECONDS))
    if not outcomes or not outcomes[0].ok:
        sys.exit("the demo failed: " + console.export_text())
    acts = Text.from_ansi(console.export_text(styles=True)).split("\n", allow_blank=True)
    first = list(acts)[1:]
    end = next(place for place, line in enumerate(first) if not line.plain.strip())
    verdict = [line for line in first if line.plain.strip()][-1]
    return [Text.assemble(("$ ", "dim"), ("make demo", "bold")), Text(), *first[: end + 1], verdict]


def drawn(lines: list[Text]) -> str:
    """The lines as SVG, one after another; without what rich would fetch from elsewhere."""
    console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True, highlight=False)
    for line in lines:
        console.print(line, soft_wrap=True, crop=True)
    svg = console.export_svg(title="ocpp-gateway demo", theme=DIMMED_MONOKAI, unique_id="demo")
    svg = _FONT.sub("", svg).replace("Fira Code", "ui-monospace, Menlo, DejaVu Sans Mono")
    svg = svg.replace("</style>", f"{_PLAYED}</style>", 1)

    def timed(text: re.Match[str]) -> str:
        return f'<text style="animation-delay:{int(text["number"]) * _LINE_SECONDS:.1f}s" {text["rest"]}'

    return _LINE.sub(timed, svg).replace('class="demo-r', 'class="played demo-r')


if __name__ == "__main__":
    PICTURE.write_text(drawn(record()), encoding="utf-8")
