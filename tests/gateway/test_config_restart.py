"""What of a configuration that is read again has to wait for a restart."""

import pytest

from gateway.config import needs_restart, parse
from tests.gateway.config_text import MINIMAL, REST


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ("", []),
        ("store: memory\n", ["store"]),
        ("log: {level: debug}\n", ["log"]),
        ("tracing: {endpoint: 'http://127.0.0.1:4318'}\nstore: memory\n", ["store", "tracing"]),
        ("admin: {bind: '127.0.0.1:9099'}\n", ["admin.bind"]),
        # Counts from the reload on.
        ("admin: {token: another}\n", []),
        ("drain: {seconds: 1}\nlimits: {max_connections: 3}\nvalidation: reject\n", []),
    ],
)
def test_keys(more: str, keys: list[str]) -> None:
    assert needs_restart(parse(MINIMAL, {}), parse(MINIMAL + more, {})) == keys


def test_listeners() -> None:
    runs = parse(MINIMAL, {})
    for listeners in ('[{bind: "127.0.0.1:1"}]', '[{bind: "127.0.0.1:0", auth: none}]'):
        assert needs_restart(runs, parse(f"listeners: {listeners}\n{REST}", {})) == ["listeners"]
