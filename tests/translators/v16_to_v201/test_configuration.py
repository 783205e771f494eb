"""Variables asked of and set on a 1.6 station, by names that it can have."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translators.echo import ATTRIBUTES, VALUES, VARIABLES, Echo
from tests.translators.wire import SLOW
from translators.frames import Result
from translators.keys import Variable
from translators.options import Options
from translators.v16_to_v201.reports import MOST_BYTES, MOST_ROWS, _pages

STATION, CSMS = "ocpp1.6", "ocpp2.0.1"
OPTIONS = st.sampled_from(
    [Options(), Options(connectors={1: (1, 1), 2: (1, 2)}), Options(guard={"SetVariables": "forward"})]
)


@SLOW
@given(st.data(), OPTIONS)
def test_every_item_is_answered_in_its_place(data: st.DataObject, options: Options) -> None:
    wire = Echo(data, STATION, CSMS, options)
    for number in range(2):
        drawn = data.draw(st.lists(st.tuples(VARIABLES, ATTRIBUTES, VALUES), min_size=1, max_size=30))
        action = data.draw(st.sampled_from(["GetVariables", "SetVariables"]))
        items = [{**one.written(), **attribute} for one, attribute, _ in drawn]
        name = f"{action[0].lower()}{action[1:].removesuffix('s')}"
        if action == "SetVariables":
            items = [{**item, "attributeValue": value} for item, (_, _, value) in zip(items, drawn, strict=True)]
        answer = wire.call("csms", action, {f"{name}Data": items}, f"c{number}")
        if not isinstance(answer, Result):
            continue
        results = answer.payload[f"{name}Result"]
        assert [Variable.read(result) for result in results] == [Variable.read(item) for item in items]
        for item, result in zip(items, results, strict=True):
            assert result["attributeType"] == item.get("attributeType", "Actual")
            if action == "GetVariables":
                assert ("attributeValue" in result) == (result["attributeStatus"] == "Accepted")
                assert result["variable"]["name"] != "BasicAuthPassword" or "attributeValue" not in result


@SLOW
@given(st.data(), OPTIONS)
def test_a_report_ends_and_leaves_nothing(data: st.DataObject, options: Options) -> None:
    wire = Echo(data, STATION, CSMS, options)
    for number in range(2):
        base = data.draw(st.sampled_from(["FullInventory", "ConfigurationInventory", "SummaryInventory"]))
        named = [one.written() for one in data.draw(st.lists(VARIABLES, max_size=3))]
        criteria = data.draw(st.lists(st.sampled_from(["Active", "Available", "Enabled", "Problem"]), max_size=2))
        request = {"requestId": number}
        if data.draw(st.booleans()):
            wire.call("csms", "GetBaseReport", {**request, "reportBase": base}, f"c{number}")
        else:
            lists = {"componentVariable": named, "componentCriteria": criteria}
            given_lists = {name: value for name, value in lists.items() if value}
            wire.call("csms", "GetReport", {**request, **given_lists}, f"c{number}")
        assert "report" not in wire.stage.inner.memory  # type: ignore[attr-defined]


@pytest.mark.parametrize("length", [1, 900, 2500])
def test_no_page_is_too_big(length: int) -> None:
    row = {"component": {"name": "C"}, "variable": {"name": "V"}, "variableAttribute": [{"value": "€" * length}]}
    pages = list(_pages([row] * 130))
    assert sum(map(len, pages)) == 130
    assert all(len(page) <= MOST_ROWS for page in pages)
    assert all(
        len(json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()) <= MOST_BYTES for page in pages
    )
