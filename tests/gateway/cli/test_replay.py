"""What `replay` says when it cannot. (What it plays: test_tail.py.)"""

from pathlib import Path

from tests.gateway.cli.test_tail import run


async def test_what_cannot_be_played_is_said(tmp_path: Path) -> None:
    odd = tmp_path / "odd.jsonl"
    odd.write_text("no\n")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    for path, why in ((odd, "line 1: "), (empty, "no call of a station"), (tmp_path / "none", "No such file")):
        code, _, errors = await run("replay", str(path), "--to", "ws://127.0.0.1:9")
        assert (code, why in errors) == (2, True), errors
    code, _, errors = await run("replay", str(odd), "--to", "http://127.0.0.1:9")
    assert (code, "wants a URL" in errors) == (2, True)
