"""No secret in a log line, whatever its shape."""

import json
import subprocess
import sys

import pytest

from gateway.logs import Redact


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
    raise RuntimeError("a defect")
try:
    failing({{"idTag": "CANARY" + "-1"}})
except RuntimeError as error:
    structlog.get_logger("a").error("session_failed", exc_info=error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "a defect" in done.stderr
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
