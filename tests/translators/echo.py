"""A wire whose peers answer calls about configuration to the point: by the names they were asked for."""

from typing import Any

from hypothesis import strategies as st

from tests.translators.wire import Wire
from translators import keys
from translators.frames import Call, Error, NoAnswer, Result
from translators.keys import CONSTANTS, ROWS, Variable

CONFIGURATION = ("GetConfiguration", "ChangeConfiguration", "GetVariables", "SetVariables")

VALUES = st.sampled_from(
    [
        *("", "true", "FALSE", "0", "1", "60", "-1", "x" * 1000, "a,b," * 200, "Energy.Active.Import.Register,SoC"),
        *(
            "Voltage.L1,Temperature",
            "Current,Power",
            "A,W",
            "0.RST,1.STR,2.Unknown",
            "RST",
            "0.35",
            "Core,SmartCharging",
        ),
        *(
            '{"priceText":"x","chargingPrice":{"kWhPrice":1}}',
            "0123456789abcdef0123",
            "30313233343536373839616263646566",
        ),
    ]
)
KEY_NAMES = st.sampled_from(
    [*(key.name for key in ROWS), "DefaultPriceText,de", "AcmeMode", "BackendURL", "heartbeatinterval", "", "NoSuchKey"]
)
_PLACES = {1: (1, 1), 2: (2, 1)}
VARIABLES = st.sampled_from(
    [
        *(one for key in ROWS for one in keys.variables_of(key, _PLACES)),
        *CONSTANTS,
        *(Variable("OCPP16LegacyCtrlr", name) for name in ("AcmeMode", "NumberOfConnectors", "BackendURL", "x" * 50)),
        *(
            Variable("Connector", name, evse=2, connector=1)
            for name in ("AvailabilityState", "PhaseRotation", "Colour")
        ),
        Variable("EVSE", "AvailabilityState", evse=1),
        Variable("NoSuch", "NoSuch"),
    ]
)
ATTRIBUTES = st.sampled_from([{}, {}, {}, {"attributeType": "Actual"}, {"attributeType": "MaxSet"}])


class Echo(Wire):
    """Everything else is answered as `Wire` does."""

    def reply(self, side: str, call: Call) -> None:
        frame = self.to_the_point(call) if call.action in CONFIGURATION else None
        if frame is None:
            return super().reply(side, call)
        self.now += 0.5
        self.feed(side, frame)
        return None

    def to_the_point(self, call: Call) -> Result | Error | NoAnswer | None:
        how = self.draw(st.sampled_from(["result"] * 8 + ["other"]))
        if how == "other":
            return None
        payload: dict[str, Any] = {}
        match call.action:
            case "GetConfiguration":
                names = call.payload.get("key") or self.draw(st.lists(KEY_NAMES, max_size=70))
                payload["configurationKey"] = [self.entry(name) for name in names if self.draw(st.booleans())]
            case "ChangeConfiguration":
                status = st.sampled_from(["Accepted", "Accepted", "Rejected", "RebootRequired", "NotSupported"])
                payload["status"] = self.draw(status)
            case "GetVariables":
                statuses = st.sampled_from(["Accepted", "Accepted", "Rejected", "UnknownVariable", "UnknownComponent"])
                payload["getVariableResult"] = [
                    {**item, "attributeStatus": self.draw(statuses), "attributeValue": self.draw(VALUES)}
                    for item in call.payload["getVariableData"]
                ]
            case _:
                statuses = st.sampled_from(["Accepted", "Accepted", "Rejected", "RebootRequired", "UnknownVariable"])
                payload["setVariableResult"] = [
                    {
                        "component": item["component"],
                        "variable": item["variable"],
                        "attributeStatus": self.draw(statuses),
                    }
                    for item in call.payload["setVariableData"]
                ]
        return Result(call.message_id, payload)

    def entry(self, name: str) -> dict[str, Any]:
        value = self.draw(st.one_of(st.none(), VALUES, st.integers(-1, 5)))
        entry = {"key": name, "readonly": self.draw(st.booleans())}
        return entry if value is None else {**entry, "value": value}

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.data.draw(strategy)
