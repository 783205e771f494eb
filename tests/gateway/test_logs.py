"""No secret in a log line, whatever its shape."""

import json
import os
import pty
import subprocess
import sys

import pytest

from gateway.logs import Redact, printable


def test_named_values_are_hidden_however_deep() -> None:
    clean = Redact(("idTag", "AuthorizationKey"))
    event = {
        "event": "x",
        "idtag": "04A1",
        "payload": {"list": [{"AuthorizationKey": "s3cret"}], "Authorization": "Basic x"},
    }
    assert clean(None, "info", event) == {
        "event": "x",
        "idtag": "[redacted]",
        "payload": {"list": [{"AuthorizationKey": "[redacted]"}], "Authorization": "[redacted]"},
    }


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_tells_where_and_never_with_what(form: str) -> None:
    program = f"""
import structlog
from gateway import logs
from gateway.config import Log
logs.configure(Log(format="{form}"))
def failing(payload):
    raise KeyError(payload["idTag"])
try:
    failing({{"idTag": "CANARY" + "-1"}})
except KeyError as error:
    structlog.get_logger("a").error("session_failed", exc_info=error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Traceback" in done.stderr
    assert "KeyError" in done.stderr
    assert "failing" in done.stderr
    assert "CANARY-1" not in done.stderr


def test_one_json_line_an_event_on_stderr() -> None:
    program = """
import logging, structlog
from gateway import logs
from gateway.config import Log
logs.configure(Log(level="info", format="json"))
structlog.get_logger("a").info("it_happened", station="CP-1", password="hunter2", text="line\\nbreak\\x1b[31m")
structlog.get_logger("a").debug("not_this")
logging.getLogger("b").warning("plain %s", "words")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second = [json.loads(line) for line in done.stderr.splitlines()]
    assert (first["event"], first["station"], first["password"]) == ("it_happened", "CP-1", "[redacted]")
    assert second["event"] == "plain words"
    assert "hunter2" not in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("ftp://user:hunter2@fw.example/a.bin?sig=s3cret", "ftp://[redacted]@fw.example/a.bin?[redacted]"),
        ("see https://fw.example/a.bin, or wss://x:y@z", "see https://fw.example/a.bin, or wss://[redacted]@z"),
        ("two\nlines\x1b[31m\x9b\u2028\ud800", "two\\u000alines\\u001b[31m\\u009b\\u2028\\ud800"),
        ("x" * 600, "x" * 500 + "[100 more]"),
        ("Grüße", "Grüße"),
    ],
)
def test_what_a_peer_wrote_is_fit_to_print(text: str, logged: str) -> None:
    assert printable(text) == logged
    assert Redact(())(None, "info", {"event": "x", "what": {"why": [text]}})["what"] == {"why": [logged]}


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_forges_a_line(form: str) -> None:
    program = f"""
import logging, structlog
from gateway import logs
from gateway.config import Log
logs.configure(Log(format="{form}"))
structlog.get_logger("a").info("it_happened", action='x\\n{{"event":"forged"}}\\x1b[2J')
logging.getLogger("b").warning("plain %s", 'x\\nforged ftp://u:hunter2@h')
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(done.stderr.splitlines()) == 2
    assert "\x1b" not in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured", "is_json"),
    [(True, {}, True, False), (True, {"NO_COLOR": "1"}, False, False), (False, {}, False, True)],
)
def test_colours_are_for_terminals(terminal: bool, environment: dict[str, str], coloured: bool, is_json: bool) -> None:
    program = """
import structlog
from gateway import logs
from gateway.config import Log
logs.configure(Log(format="auto"))
structlog.get_logger("a").info("it_happened", station="CP-1")
"""
    reading, writing = pty.openpty() if terminal else os.pipe()
    variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run([sys.executable, "-c", program], stderr=writing, env={**variables, **environment}, check=True)
    written = os.read(reading, 65536).decode()
    for descriptor in (reading, writing):
        os.close(descriptor)
    assert "it_happened" in written
    assert ("\x1b[" in written) == coloured
    assert written.startswith("{") == is_json
