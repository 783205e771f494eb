"""What is hidden in payloads, and what is not."""

import json
from typing import Any

import pytest

from gateway.config import Log
from gateway.redaction import redaction

hide = redaction(Log().redact)
X = "[redacted]"


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ({"idTag": "A", "connectorId": 1}, {"idTag": X, "connectorId": 1}),
        ({"idTagInfo": {"status": "Accepted", "parentIdTag": "A"}}, {"idTagInfo": {"status": "Accepted", "parentIdTag": X}}),
        (
            {"idToken": {"idToken": "A", "type": "eMAID", "additionalInfo": [{"additionalIdToken": "B", "type": "t"}]}},
            {"idToken": {"idToken": X, "type": "eMAID", "additionalInfo": [{"additionalIdToken": X, "type": "t"}]}},
        ),
        ({"idTokenInfo": {"status": "Accepted"}}, {"idTokenInfo": {"status": "Accepted"}}),
        ({"key": "AuthorizationKey", "value": "A"}, {"key": "AuthorizationKey", "value": X}),
        ({"key": "HeartbeatInterval", "value": "10"}, {"key": "HeartbeatInterval", "value": "10"}),
        (
            {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": "A"}]},
            {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": X}]},
        ),
        (
            {"setVariableData": [{"attributeValue": "A", "variable": {"name": "BasicAuthPassword"}}]},
            {"setVariableData": [{"attributeValue": X, "variable": {"name": "BasicAuthPassword"}}]},
        ),
        (
            {"reportData": [{"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"value": "A"}]}]},
            {"reportData": [{"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"value": X}]}]},
        ),
        ({"connectionData": {"apn": {"apnPassword": "A", "simPin": 1234}}}, {"connectionData": {"apn": {"apnPassword": X, "simPin": X}}}),
        ({"vpn": {"server": "s", "key": "A", "type": "IPSec"}}, {"vpn": {"server": X, "key": X, "type": "IPSec"}}),
        ({"location": "ftp://u:p@host/f?key=1"}, {"location": f"ftp://{X}@host/f?{X}"}),
        ({"data": '{"idTag":"A","n":1}'}, {"data": f'{{"idTag":"{X}","n":1}}'}),
        ({"data": '{ "n": 1 }'}, {"data": '{ "n": 1 }'}),
        ({"data": "{no json https://u:p@h/"}, {"data": f"{{no json https://{X}@h/"}),
        ({"data": "x" * 5000}, {"data": "x" * 5000}),
    ],
)  # fmt: skip
def test_secrets_are_hidden_and_the_rest_is_whole(payload: dict[str, Any], shown: dict[str, Any]) -> None:
    before = json.dumps(payload)
    assert hide(payload) == shown
    assert json.dumps(payload) == before


def test_whoever_empties_the_list_sees_id_tags_and_no_passwords() -> None:
    assert redaction(())({"idTag": "A", "idToken": {"idToken": "B"}, "password": "C"}) == {
        "idTag": "A",
        "idToken": {"idToken": "B"},
        "password": X,
    }
