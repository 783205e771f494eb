"""The dashboards keep the rules of Grafana's dashboard-linter (named in the tests), and a few of our own."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.boards import BOARDS
from tests.observe.boards import GRAFANA, files, filled, load, panels, queries, targets
from tests.observe.test_rules import series_of_a_process

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SELECTOR = re.compile(r"([a-z_:]+)\{([^}]*)\}")
_RANGED = re.compile(r"(rate|irate|increase|delta|changes)\((\w+)\{[^}]*\}\[([^\]]+)\]\)")
_each_board = pytest.mark.parametrize("path", files(), ids=lambda path: str(path.stem))


def test_the_files_are_what_the_boards_say() -> None:
    assert [board.path.name for board in BOARDS] == [
        "fleet.json",
        "translation.json",
        "backends.json",
        "migration.json",
        "node.json",
    ]
    assert files() == sorted(board.path for board in BOARDS)
    for board in BOARDS:
        assert board.path.read_text(encoding="utf-8") == board.json(), "run `make dashboards`"


@_each_board
def test_a_board_can_be_provisioned(path: Path) -> None:
    """uneditable, a fixed uid of at most 40 characters, none of the keys of an export for sharing."""
    board = load(path)
    assert re.fullmatch(r"ocpp-gateway-[a-z]+", board["uid"])
    assert len(board["uid"]) <= 40
    assert board["title"].startswith("OCPP gateway: ")
    assert board["description"]
    assert board["editable"] is False
    assert not {"__inputs", "__requires", "id"} & set(board)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    assert board["links"][0]["tags"] == board["tags"], "each board links to its sisters"
    assert board["links"][0]["includeVars"]
    assert board["links"][0]["keepTime"]


@_each_board
def test_template_rules(path: Path) -> None:
    """template-datasource, template-job, template-instance, template-on-time-change-reload."""
    variables = {one["name"]: one for one in load(path)["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    assert variables["datasource"]["label"] == "Data source"
    for name, one in variables.items():
        if name != "datasource":
            assert one["type"] == "query"
            assert one["datasource"] == _SOURCE
            assert one["multi"] is True
            assert one["includeAll"] is True
            assert one["allValue"] == ".+"
            assert one["refresh"] == 2
    assert {"job", "instance"} <= set(variables)
    text = path.read_text(encoding="utf-8")
    used = set(re.findall(r"\$(?!__)\{?(\w+)", text))
    assert used == set(variables), "a variable that nothing asks for, or one that is not there"


@_each_board
def test_panel_rules(path: Path) -> None:
    """panel-datasource, panel-title-description, panel-units, panel-no-targets."""
    board = load(path)
    titles = [panel["title"] for panel in panels(board)]
    assert len(titles) == len(set(titles))
    for panel in panels(board):
        title = panel["title"]
        assert panel["datasource"] == _SOURCE, title
        assert title
        assert panel["description"].endswith("."), title
        assert panel["fieldConfig"]["defaults"]["unit"], title
        assert panel["targets"], title
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs)), title


@_each_board
def test_panels_do_not_overlap(path: Path) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in load(path)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                assert other == panel["title"]


@_each_board
def test_target_rules(path: Path) -> None:
    """target-job, target-instance, target-rate-interval, target-counter-agg."""
    for panel, target in targets(load(path)):
        expr, title = target["expr"], panel["title"]
        assert target["datasource"] == _SOURCE, title
        assert target["legendFormat"], title
        selectors = _SELECTOR.findall(expr)
        assert selectors, title
        for _, matchers in selectors:
            assert 'job=~"$job"' in matchers, title
            assert 'instance=~"$instance"' in matchers, title
        ranged = _RANGED.findall(expr)
        for _, _, interval in ranged:
            whole = "$__range" if target["instant"] else "1h"
            assert interval in ("$__rate_interval", whole), title
        counters = {name for name, _ in selectors if name.endswith(("_total", "_bucket", "_count", "_sum"))}
        assert counters <= {name for _, name, _ in ranged}, title


def test_boards_ask_only_for_series_that_there_are() -> None:
    known = series_of_a_process()
    for asked in queries():
        names = {name for name, _ in _SELECTOR.findall(asked.expr)}
        assert names <= known, f"{asked.place}: {names - known}"


def test_every_series_is_on_a_board() -> None:
    """What the gateway counts can be seen. Histograms count through their parts."""
    shown = {name for asked in queries() for name, _ in _SELECTOR.findall(asked.expr)}
    ours = {name for name in series_of_a_process() if name.startswith("ocpp_gateway_")}
    hidden = {name for name in ours - shown if not name.endswith(("_count", "_sum", "_seconds"))}
    assert not hidden


def test_filling_in_leaves_no_variable() -> None:
    for asked in queries():
        assert "$" not in filled(asked.expr, "ocpp-gateway", "5s", "60s")


def test_provisioning_finds_data_source_and_boards() -> None:
    def read(name: str) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((GRAFANA / "provisioning" / name).read_text(encoding="utf-8"))
        return found

    (source,) = read("datasources/prometheus.yaml")["datasources"]
    assert source["type"] == "prometheus"
    assert source["isDefault"]
    (provider,) = read("dashboards/ocpp-gateway.yaml")["providers"]
    assert provider["type"] == "file"
    compose = yaml.safe_load((GRAFANA.parent / "compose.yaml").read_text(encoding="utf-8"))
    mounts = compose["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts
    assert "./grafana/provisioning:/etc/grafana/provisioning:ro" in mounts
