"""ZJ Beny, AEFA, Grizzl-E: what is not JSON."""

import pytest

from translators.frames import BadFrame, Call, Result, decode
from translators.quirks.aefa import without_empty_member
from translators.quirks.grizzl_e import closed
from translators.quirks.zj_beny import without_stray_comma


def test_the_stray_comma() -> None:
    text = '[2,"7","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[ ,{"value":"[,"}],"timestamp":"x"}]}]'
    with pytest.raises(BadFrame):
        decode(text)
    frame = decode(without_stray_comma(text))
    assert isinstance(frame, Call)
    assert frame.payload["meterValue"][0]["sampledValue"] == [{"value": "[,"}]


def test_the_empty_member() -> None:
    text = '[2,"7","MeterValues",{"connectorId":1,"transactionId": ,"meterValue":[]}]'
    with pytest.raises(BadFrame):
        decode(text)
    frame = decode(without_empty_member(text))
    assert isinstance(frame, Call)
    assert frame.payload == {"connectorId": 1, "meterValue": []}


@pytest.mark.parametrize("text", ['[3,"7",{"configurationKey":[]', '[3, "7", {"configurationKey": [ ]\n'])
def test_the_missing_brackets(text: str) -> None:
    with pytest.raises(BadFrame):
        decode(text)
    frame = decode(closed(text))
    assert isinstance(frame, Result)
    assert frame.payload == {"configurationKey": []}


@pytest.mark.parametrize(
    "text",
    ['[3,"7",{"configurationKey":[{"key":"a"', '[2,"7","GetConfiguration",{"configurationKey":[]', '[3,"7",{"key":['],
)
def test_what_is_cut_off_elsewhere_stays_cut_off(text: str) -> None:
    assert closed(text) == text
