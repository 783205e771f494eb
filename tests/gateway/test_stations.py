"""The stations file: what may stand in it, every mistake with its place, a large fleet, and reloads."""

import asyncio
import os
import time
from pathlib import Path

import pytest
import structlog

from gateway.config import ConfigError
from gateway.identity import Identity
from gateway.metrics import Metrics
from gateway.passwords import decoy, verify_password
from gateway.stations import NOBODY, Roster, Station, load, load_all, parse
from tests.gateway.config_text import MINIMAL

HASH = decoy()
EXAMPLE = Path(__file__).parents[2] / "deploy" / "stations.example.yaml"


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, {}, path=Path("s.yaml"))
    return list(caught.value.mistakes)


def test_every_key_and_the_defaults() -> None:
    found = parse(
        f"""\
BER-1:
  password_hash: {HASH}
  tags: [pilot, berlin]
  csms_identity: DE*ACM*E1
  quirks: [keba, -abl]
  subprotocol: ocpp1.6
  enabled: no
  connectors: {{1: [1, 1], 2: [2, 1]}}
ber-2: {{tags: one}}
BER-3: {{}}
BER-4:
BER-5: null
""",
        {},
    )
    assert found["ber-1"] == Station(
        HASH,
        frozenset({"pilot", "berlin"}),
        Identity("DE*ACM*E1", "de*acm*e1"),
        ("keba", "-abl"),
        "ocpp1.6",
        False,
        {1: (1, 1), 2: (2, 1)},
    )
    assert found["ber-2"].tags == frozenset({"one"})
    assert found["ber-3"] == found["ber-4"] == found["ber-5"] == Station()
    assert found["ber-3"].enabled
    assert HASH not in repr(found)


def test_the_example_shows_every_key() -> None:
    text = EXAMPLE.read_text()
    found = parse(text, {})
    for key in Station.__struct_fields__:
        assert f"  {key}:" in text, key
    assert len(found) == 3
    line = found["ber-0001"].password_hash
    assert line is not None
    assert verify_password(b"a password long enough", line)


def test_all_mistakes_of_a_run_with_their_places() -> None:
    text = f"""\
# a fleet
GOOD-1: {{password_hash: {HASH}}}

BER-1:
  password_hash: geheim
  tag: [pilot]
  subprotocol: ocpp1.7
"Ünter den":
  enabled: maybe
BER-2: pilot
GOOD-2: {{tags: [a]}}
good-2: {{}}
BER-3: {{csms_identity: "a b", quirks: [kebba], tags: [x, x]}}
..: {{}}
BER-4: {{connectors: {{1: [1], 0: [1, 1], 01: [1, 1], 2: [1, 0], x: y}}}}
BER-5: {{connectors: {{1: [1, 1], 2: [1, 1]}}, enabled: true, enabled: false}}
GOOD-3:
BER-1: {{}}
BER-6: {{tags: "${{NOWHERE}}"}}
"""
    identity = "should be 1 to 48 of the characters a-z A-Z 0-9 * - _ = + | @ . and not dots alone"
    number = "should be a whole number from 1, without a leading zero"
    assert mistakes(text) == [
        "s.yaml:5:18: BER-1.password_hash: should be scrypt$n$r$p$salt$hash, as `ocpp-gateway password hash` prints it",
        "s.yaml:6:3: BER-1.tag: unknown key; did you mean 'tags'?",
        "s.yaml:7:16: BER-1.subprotocol: should be ocpp2.1 or ocpp2.0.1 or ocpp1.6, not 'ocpp1.7'; did you mean 'ocpp1.6'?",
        f"s.yaml:8:1: Ünter den: {identity}",
        "s.yaml:9:12: Ünter den.enabled: should be true or false, not 'maybe'",
        "s.yaml:10:8: BER-2: should be a mapping (key: value), not text",
        "s.yaml:12:1: good-2: is the same station as GOOD-2 on line 11",
        f"s.yaml:13:24: BER-3.csms_identity: {identity}",
        "s.yaml:13:40: BER-3.quirks[0]: 'kebba' is not a quirk; did you mean 'keba'?",
        "s.yaml:13:54: BER-3.tags: names x more than once",
        f"s.yaml:14:1: ..: {identity}",
        "s.yaml:15:25: BER-4.connectors.1: should be [evse, connector], such as [1, 1]",
        f"s.yaml:15:33: BER-4.connectors.0: {number}",
        f"s.yaml:15:45: BER-4.connectors.01: {number}",
        f"s.yaml:15:56: BER-4.connectors.2: {number}",
        f"s.yaml:15:67: BER-4.connectors.x: {number}",
        "s.yaml:15:67: BER-4.connectors.x: should be [evse, connector], such as [1, 1]",
        "s.yaml:16:21: BER-5.connectors: connectors 1 and 2 have the same place [1, 1]",
        "s.yaml:16:60: BER-5.enabled: is also on line 16",
        "s.yaml:18:1: BER-1: is also on line 4",
        "s.yaml:19:15: BER-6.tags: the environment variable NOWHERE is not set",
    ]
    # Unusual YAML takes another way to the same lines.
    assert mistakes(text + "LAST: &anchor {}\n") == mistakes(text)


def test_texts_that_are_no_stations() -> None:
    assert mistakes("") == mistakes("# nothing\n") == ["s.yaml:1:1: (file): is empty; {} is no station"]
    assert mistakes("- a\n") == ["s.yaml:1:1: (file): should be a mapping (identity: what is known)"]
    (line,) = mistakes("A: {}\n---\nB: {}\n")
    assert line.startswith("s.yaml:2:1: (file): not valid YAML")
    (line,) = mistakes("A: {}\nB: {tags: [}\n")
    assert line.startswith("s.yaml:2:12: (file): not valid YAML")
    assert parse("{}", {}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "A: {tags: [x], enabled: false}\nB: {tags: [x]}\n",
        "A: &a {tags: [x], enabled: false}\nB: {<<: *a, enabled: true}\n",
        '{"A": {"tags": ["x"], "enabled": "false"}, "B": {"tags": "x"}}',
        "  A: {tags: [x], enabled: false}\n  B: {tags: [x]}\n",
        "%YAML 1.1\n---\nA:\n  tags:\n  - x\n  enabled: 'off'\n? B\n: tags: [\"x\"]\n...\n",
        "A: {tags: ['${X}'], enabled: \"${NO:-false}\"}\r\nB:\r\n  tags: |-\r\n    x\r\n",
    ],
)
def test_the_same_stations_in_other_words(text: str) -> None:
    tags = frozenset({"x"})
    assert parse(text, {"X": "x"}) == {"a": Station(tags=tags, enabled=False), "b": Station(tags=tags)}


def test_places_are_right_after_characters_of_any_width() -> None:
    text = "A: {tags: [é, '\U0001f50c']}  # ö\nB: {tags: ['\u2028']}\nC: {tags: [], enabled: x}\n"
    assert [line.partition(": ")[2] for line in mistakes(text)] == ["C.enabled: should be true or false, not 'x'"]


def fleet(size: int) -> str:
    return "".join(
        f"CP-{number:06}:\n  password_hash: {HASH}\n  tags: [pilot, berlin]\n  csms_identity: DE-{number}\n"
        f"  subprotocol: ocpp1.6\n  connectors: {{1: [1, 1], 2: [2, 1]}}\n"
        for number in range(size)
    )


def test_a_large_fleet_is_read_in_seconds() -> None:
    text = fleet(20_000)
    began = time.process_time()
    assert len(parse(text, {})) == 20_000
    assert time.process_time() - began < 5
    wrong = text.replace("CP-000007:", "CP-000003:").replace("ocpp1.6", "ocpp1.7", 1)
    began = time.process_time()
    assert [line.split(": ")[0] for line in mistakes(wrong)] == ["s.yaml:5:16", "s.yaml:43:1"]
    assert time.process_time() - began < 5


def test_the_mistakes_of_configuration_and_stations_together(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("A: {enabled: x}\n")
    path = tmp_path / "g.yaml"
    path.write_text(MINIMAL + "stations_file: s.yaml\nvalidation: x\n")
    with pytest.raises(ConfigError) as caught:
        load_all(path, {})
    assert [line.split(" ")[1] for line in caught.value.mistakes] == ["validation:", "A.enabled:"]
    path.write_text(MINIMAL + "stations_file: s.yaml\n")
    with pytest.raises(ConfigError) as caught:
        load_all(path, {})
    assert caught.value.mistakes == (f"{tmp_path}/s.yaml:1:14: A.enabled: should be true or false, not 'x'",)
    (tmp_path / "s.yaml").write_text("A: {}\n")
    config, stations = load_all(path, {})
    assert (config.stations_file, len(stations)) == (tmp_path / "s.yaml", 1)
    path.write_text(MINIMAL)
    assert load_all(path, {})[1] is NOBODY


class Watched:
    """A roster on a file, and what it said."""

    def __init__(self, path: Path) -> None:
        path.write_text("A: {}\n")
        self.path, self.metrics = path, Metrics()
        self.metrics.started("asyncio")
        self.roster = Roster(load(path, {}), self.metrics)

    def replace(self, text: str) -> None:
        other = self.path.with_suffix(".new")
        other.write_text(text)
        other.replace(self.path)

    @property
    def valid(self) -> float | None:
        return self.metrics.registry.get_sample_value("ocpp_gateway_stations_file_valid")


async def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stations.roster._LOOK_SECONDS", 0.1)
    watched = Watched(tmp_path / "s.yaml")
    with structlog.testing.capture_logs() as log:
        await watched.roster.look()
        assert (watched.roster.get("a"), watched.roster.get("b")) == (Station(), None)
        watched.replace("B: {tags: x}\n")
        await asyncio.sleep(0.15)
        await asyncio.gather(*(watched.roster.look() for _ in range(50)))
        assert (watched.roster.get("a"), watched.roster.get("b")) == (None, Station(tags=frozenset({"x"})))
        assert log == [{"event": "stations_file_read", "stations": 1, "log_level": "info"}]
        # Within the second nothing is looked at.
        watched.replace("C: {}\n")
        monkeypatch.setattr("gateway.stations.roster._LOOK_SECONDS", 60)
        await watched.roster.look()
        assert watched.roster.get("c") is None
        await watched.roster.reload()
        assert watched.roster.get("c") == Station()


async def test_a_bad_file_keeps_the_older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stations.roster._LOOK_SECONDS", 0.05)
    watched = Watched(tmp_path / "s.yaml")

    async def looked() -> None:
        await asyncio.sleep(0.06)
        await watched.roster.look()
        await asyncio.sleep(0.06)
        await watched.roster.look()

    with structlog.testing.capture_logs() as log:
        watched.replace("B: {enabled: x, taggs: x}\n")
        await looked()
        assert [(entry["event"], entry["why"].rpartition("/")[2]) for entry in log] == [
            ("stations_file_refused", "s.yaml:1:14: B.enabled: should be true or false, not 'x'"),
            ("stations_file_refused", "s.yaml:1:17: B.taggs: unknown key; did you mean 'tags'?"),
        ]
        assert (watched.roster.get("a"), watched.valid) == (Station(), 0)
        log.clear()
        watched.replace("".join(f"B{number}: {{enabled: x}}\n" for number in range(30)))
        await looked()
        assert len(log) == 21
        assert log[-1]["why"].endswith("10 mistakes more")
        log.clear()
        os.unlink(watched.path)
        await looked()
        assert [entry["why"].endswith("cannot be read: No such file or directory") for entry in log] == [True]
        assert (watched.roster.get("a"), watched.valid) == (Station(), 0)
        watched.replace("B: {}\n")
        await looked()
        assert (watched.roster.get("a"), watched.roster.get("b"), watched.valid) == (None, Station(), 1)
