"""Variables that a 2.0.1 CSMS expects of every station and 1.6 has no key for: what a 1.6 station does, told as a value.

`now`, `identity` and `present <key>` stand for what they name. Where a station has the key, its value is told instead.
"""

import re
from dataclasses import dataclass

from translators.keys.variable import Variable, variable

_TABLE = """
AlignedDataCtrlr.Enabled                       boolean       true
AuthCacheCtrlr.Available                       boolean       present AuthorizationCacheEnabled
AuthCtrlr.Enabled                              boolean       true
ClockCtrlr.DateTime                            dateTime      now
ClockCtrlr.TimeSource                          SequenceList  Heartbeat
DeviceDataCtrlr.BytesPerMessage[GetReport]     integer       60000
DeviceDataCtrlr.BytesPerMessage[GetVariables]  integer       60000
DeviceDataCtrlr.BytesPerMessage[SetVariables]  integer       60000
DeviceDataCtrlr.ItemsPerMessage[GetReport]     integer       50
DeviceDataCtrlr.ItemsPerMessage[GetVariables]  integer       50
DeviceDataCtrlr.ItemsPerMessage[SetVariables]  integer       50
OCPPCommCtrlr.MessageTimeout[Default]          integer       30
OCPPCommCtrlr.NetworkConfigurationPriority     SequenceList  1
OCPPCommCtrlr.NetworkProfileConnectionAttempts integer       3
OCPPCommCtrlr.OfflineThreshold                 integer       60
OCPPCommCtrlr.ResetRetries                     integer       0
SampledDataCtrlr.Enabled                       boolean       true
SampledDataCtrlr.TxStartedMeasurands           MemberList    Energy.Active.Import.Register
SecurityCtrlr.Identity                         string        identity
TxCtrlr.TxStartPoint                           MemberList    PowerPathClosed
TxCtrlr.TxStopPoint                            MemberList    EVConnected,Authorized
"""


@dataclass(frozen=True, slots=True)
class Constant:
    variable: Variable
    data_type: str
    text: str

    def value(self, identity: str, now: str, keys: frozenset[str]) -> str:
        """`keys`: those the station has, without case."""
        word, _, key = self.text.partition(" ")
        if word == "present":
            return str(key.casefold() in keys).lower()
        return {"identity": identity, "now": now}.get(self.text, self.text)

    @property
    def needs(self) -> str | None:
        """The key that has to be asked for."""
        word, _, key = self.text.partition(" ")
        return key if word == "present" else None


def _constant(line: str) -> Constant:
    name, data_type, text = re.split(r"\s+", line.strip(), maxsplit=2)
    return Constant(variable(name), data_type, text)


CONSTANTS: dict[Variable, Constant] = {
    one.variable: one for one in (_constant(line) for line in _TABLE.strip().splitlines())
}
