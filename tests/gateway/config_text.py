"""Configuration texts for tests, and what becomes of them."""

from pathlib import Path

import pytest

from gateway.config import Config, ConfigError, load, parse

MINIMAL = """\
listeners: [{bind: "127.0.0.1:0"}]
backends: {legacy: {url: "ws://10.0.0.5/ocpp", subprotocols: [ocpp1.6]}}
routes: [{backend: legacy}]
"""
REST = MINIMAL.partition("\n")[2]


def mistakes(text: str, env: dict[str, str] | None = None, path: Path = Path("g.yaml")) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, env or {}, path=path)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return list(caught.value.mistakes)


def with_backend(lines: str, env: dict[str, str] | None = None) -> Config:
    return parse(f"listeners: [{{bind: 'h:1'}}]\nroutes: [{{backend: b}}]\nbackends:\n  b:\n    {lines}\n", env or {})


def load_text(folder: Path, text: str) -> Config:
    (folder / "g.yaml").write_text(text)
    return load(folder / "g.yaml", {})
