"""The command: what it plays, and what its exit code says."""

import subprocess
import sys
from pathlib import Path


def _soak(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.soak", *arguments], capture_output=True, text=True, timeout=100, check=False
    )


def test_one_scenario_in_one_mode_at_a_size_of_ones_own(tmp_path: Path) -> None:
    wanted = ("--scenario", "takeover", "--mode", "16", "--stations", "2", "--rounds", "1", "--seed", "5")
    done = _soak(*wanted, "--short", "--keep", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed 5,")
    assert "\nheld     takeover        16 " in done.stdout
    assert "| takeover | 16 | 2 |" in done.stdout
    assert (tmp_path / "000-takeover-16" / "history.jsonl").stat().st_size > 0


def test_a_scenario_nobody_knows() -> None:
    done = _soak("--scenario", "earthquake")
    assert done.returncode == 2
    assert "earthquake" in done.stderr
