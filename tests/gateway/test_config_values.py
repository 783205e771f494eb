"""Addresses, path patterns, URLs, stores and files of the configuration."""

import os
import re
from pathlib import Path

import pytest

from gateway.config import Bind, ConfigError, parse
from gateway.config.values import read_store, read_trace_endpoint
from tests.gateway.config_text import MINIMAL, mistakes, with_backend


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        ("0.0.0.0:8443", Bind("0.0.0.0", 8443)),
        ("[::]:8443", Bind("::", 8443)),
        ("localhost:0", Bind("localhost", 0)),
        ("gw-1.example.org:65535", Bind("gw-1.example.org", 65535)),
    ],
)
def test_binds(text: str, bind: Bind) -> None:
    found = parse(MINIMAL.replace("127.0.0.1:0", text), {}).listeners[0].bind
    assert found == bind
    assert str(found) == text


@pytest.mark.parametrize("text", [":80", "80", "h", "::1:80", "h:65536", "h:-1", "h:x", "[::g]:1", "1.2.3:4", "a b:1"])
def test_no_binds(text: str) -> None:
    (line,) = mistakes(MINIMAL.replace("127.0.0.1:0", text))
    assert line.startswith("g.yaml:1:20: listeners[0].bind: ")


def test_loopback() -> None:
    loopback = [Bind(host, 1).is_loopback for host in ("127.0.0.1", "127.8.8.8", "::1", "LocalHost")]
    others = [Bind(host, 1).is_loopback for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.example.org")]
    assert loopback == [True] * 4
    assert others == [False] * 4


@pytest.mark.parametrize("pattern", ["/{identity}", "/a/b.c/{identity}", "/%20/{identity}"])
def test_path_patterns(pattern: str) -> None:
    text = MINIMAL.replace('"127.0.0.1:0"', f'"127.0.0.1:0", paths: ["{pattern}"]')
    assert parse(text, {}).listeners[0].paths == (pattern,)


@pytest.mark.parametrize(
    "pattern", ["/", "", "{identity}", "/{id}", "/a", "/{identity}/a", "//{identity}", "/a?{identity}"]
)
def test_no_path_patterns(pattern: str) -> None:
    (line,) = mistakes(MINIMAL.replace('"127.0.0.1:0"', f'"127.0.0.1:0", paths: ["{pattern}"]'))
    assert line.endswith(
        "listeners[0].paths[0]: should be a literal path that ends in /{identity}, such as /ocpp/{identity}"
    )


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("ws://h", "ws://h/{identity}"),
        ("wss://h:9000/a/", "wss://h:9000/a/{identity}"),
        ("ws://h/a?x=1", "ws://h/a/{identity}?x=1"),
        ("ws://h/{identity}/ocpp", "ws://h/{identity}/ocpp"),
        ("ws://[::1]:80/x?id={identity}", "ws://[::1]:80/x?id={identity}"),
    ],
)
def test_backend_urls(url: str, template: str) -> None:
    assert with_backend(f'url: "{url}"').backends["b"].url_template == template


@pytest.mark.parametrize(
    "url",
    [
        "http://h/",
        "h",
        "ws://",
        "ws:///x",
        "ws://u:geheim@h/",
        "ws://h/{id}",
        "ws://{identity}/",
        "ws://h/#a",
        "ws://h:x/",
    ],
)
def test_no_backend_urls(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_backend(f'url: "{url}"')
    (line,) = caught.value.mistakes
    assert line.startswith("gateway.yaml:5:10: backends.b.url: ")
    assert "geheim" not in line


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("memory:", "memory", "memory:"),
        ("memory", "memory", "memory:"),
        ("sqlite:a.db", "sqlite", "sqlite:{here}/a.db"),
        ("sqlite:../x.db", "sqlite", "sqlite:{up}/x.db"),
        ("sqlite:///tmp/x.db", "sqlite", "sqlite:/tmp/x.db"),
        ("redis://h:6379/0", "redis", "redis://h:6379/0"),
        ("rediss://:geheim@h", "redis", "rediss://***@h"),
        ("redis+sentinel://h1:1,h2/mymaster/0", "redis+sentinel", "redis+sentinel://h1:1,h2/mymaster/0"),
        ("redis+cluster://h1,h2", "redis+cluster", "redis+cluster://h1,h2"),
        ("redis://u:geheim@h:1/0?wait=1", "redis", "redis://***@h:1/0?wait=1"),
        ("redis+cluster://[::1]:7000,h2:7001?tls=true", "redis+cluster", "redis+cluster://[::1]:7000,h2:7001?tls=true"),
    ],
)
def test_stores(text: str, kind: str, shown: str, tmp_path: Path) -> None:
    store = parse(MINIMAL + f"store: '{text}'\n", {}, path=tmp_path / "g.yaml").store
    assert store.kind == kind
    assert str(store) == shown.format(here=tmp_path, up=tmp_path.parent)
    assert "geheim" not in repr(store)


def test_store_options(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("")
    store = read_store("redis+sentinel://h1,h2/main?wait=2&ca=ca.crt&tls=true&sentinel_auth=true", tmp_path)
    assert (store.wait, store.ca, store.tls, store.sentinel_auth) == (2, tmp_path / "ca.crt", True, True)
    assert read_store("rediss://h", tmp_path).tls


@pytest.mark.parametrize(
    "text",
    [
        "memori:",
        "sqlite:",
        "sqlite::memory:",
        "sqlite://x.db",
        "sqlite:no/x.db",
        "redis://",
        "redis://h/x",
        "redis://h:99999",
        "redis://h?wait=all",
        "redis://h?tls=true",
        "redis://h?sentinel_auth=true",
        "redis+cluster://h?tls=perhaps",
        "redis+cluster://h?ca=g.yaml",
        "redis://h?ca=missing.crt",
        "redis://h?timeout=5",
        "mysql://h",
    ],
)
def test_no_stores(text: str, tmp_path: Path) -> None:
    (line,) = mistakes(MINIMAL + f"store: '{text}'\n", path=tmp_path / "g.yaml")
    assert ":4:8: store: " in line


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, why in (
        ("pipe", "T/pipe is not a regular file"),
        ("folder", "T/folder is not a regular file"),
        ("~nobody-has-this-name/x", "T/~nobody-has-this-name/x: No such file or directory"),
        ("a/../b", "T/b: No such file or directory"),
        ('""', "is empty; name a file or leave the key out"),
        ('"\\0"', "embedded null byte"),
    ):
        text = MINIMAL.replace("subprotocols:", f"tls: {{ca: {name}}}, subprotocols:")
        (line,) = mistakes(text, path=tmp_path / "g.yaml")
        assert line.replace(str(tmp_path), "T").endswith(f"g.yaml:2:58: backends.legacy.tls.ca: {why}")


@pytest.mark.parametrize(
    ("endpoint", "what"),
    [
        ("collector:4318", "should be a URL that starts with http:// or https://"),
        ("http://", "names no host"),
        ("http://user:pass@collector", "should hold no credentials"),
        ("http://collector/#x", "neither blanks nor a #fragment"),
        ("http://collector:port", "is not a URL"),
    ],
)
def test_where_traces_go_is_an_http_url_without_credentials(endpoint: str, what: str) -> None:
    with pytest.raises(ValueError, match=re.escape(what)):
        read_trace_endpoint(endpoint)
    assert read_trace_endpoint("https://collector:4318/v1/traces") == "https://collector:4318/v1/traces"
