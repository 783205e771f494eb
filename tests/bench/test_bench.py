"""The whole of it, in its smallest form, as the command that people run; and that nothing in it can hang."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench.__main__ import main, measure
from tests.bench.certificates import make
from tests.bench.figures import Figures
from tests.bench.lab import Lab, deadline
from tests.bench.machine import family
from tests.bench.peer import Peer, RowError
from tests.bench.rows import Row
from tests.bench.scale import SMALLEST

ROOT = Path(__file__).parents[2]


def test_the_smallest_run_measures_a_proxy_beside_its_peer(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    only = [word for proxy in ("direct", "haproxy", "gateway 1.6 to 2.0.1") for word in ("--only", proxy)]
    command = [
        sys.executable,
        "-m",
        "tests.bench",
        "--scale",
        "smallest",
        "--only-row",
        "load",
        *only,
        "--json",
        str(path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(path.read_text())
    figures = {figure["name"]: figure["values"] for figure in result["figures"]}
    assert result["failures"] == {}
    assert 0 < figures["full/5/gateway 1.6 to 2.0.1/of haproxy"][0] < 2
    assert figures["full/5/gateway 1.6 to 2.0.1/per core"][0] > 10
    assert "light/gateway 1.6 to 2.0.1/above haproxy" in figures
    assert result["machine"]["python"]
    assert "full/5/haproxy/per core" in done.stdout


def test_two_results_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = Figures()
    figures.add("full/500/x/of haproxy", 0.5, "x", "more")
    result = {"machine": {"cpu": "a"}, "failures": {}, "figures": figures.plain()}
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_text(json.dumps(result))
    result["figures"] = [{**figure, "values": [0.25]} for figure in figures.plain()]
    b.write_text(json.dumps(result))
    for first, second, code in ((a, a, 0), (a, b, 1), (b, a, 0)):
        monkeypatch.setattr(sys, "argv", ["bench", "--compare", str(first), str(second)])
        assert main() == code
    assert "worse   full/500/x/of haproxy: 0.5 -> 0.25 x (-50 %)" in capsys.readouterr().out


def test_a_row_that_hangs_or_breaks_costs_only_itself(tmp_path: Path) -> None:
    lab = Lab(SMALLEST, (None, None), make(tmp_path), tmp_path, frozenset(), lambda _: None)

    def hang(_: Lab) -> None:
        with Peer("csms", None) as csms:
            csms.heard()
            for _ in range(2):  # it has nothing more to say, however often one gives up
                with pytest.raises(RowError, match="not done"):
                    csms.heard()
            csms.heard()

    def broken(_: Lab) -> None:
        raise ZeroDivisionError("no rounds")

    def good(lab: Lab) -> None:
        lab.figures.add("good/x", 1.0, "s")

    rows = [
        Row("hang", "", hang, lambda _: 1.0),
        Row("broken", "", broken, lambda _: 9.0),
        Row("good", "", good, lambda _: 9.0),
    ]
    measure(lab, rows)
    assert lab.failures == {"hang": "not done after 1 s", "broken": "ZeroDivisionError: no rounds"}
    assert lab.figures.middle("good/x") == 1.0


def test_a_deadline_that_was_kept_leaves_nothing_behind() -> None:
    with deadline(0.05):
        pass
    time.sleep(0.1)
    with pytest.raises(RowError, match="not done after 0 s"), deadline(0.05):
        time.sleep(5)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", "squid"], "not known: squid (there are direct, haproxy,"),
        (["--only-row", "tea"], "not known: tea (there are starts,"),
        (["--scale", "quick", "--write-docs"], "--write-docs is for a whole run"),
    ],
)
def test_mistakes_in_the_command_are_told(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_bench_that_is_ended_leaves_no_proxy_behind(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.bench",
        "--only-row",
        "load",
        "--only",
        "haproxy",
        "--json",
        str(tmp_path / "x"),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    end = time.monotonic() + 60
    while not any("haproxy" in _command(pid) for pid in family(process.pid)[1:]):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    started = [pid for pid in family(process.pid) if pid != process.pid]
    process.terminate()
    assert process.wait(30) == 128 + 15
    process.stderr.close()
    while any(_command(pid) for pid in started):
        assert time.monotonic() < end
        time.sleep(0.05)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
