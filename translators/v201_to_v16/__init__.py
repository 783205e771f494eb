"""A 2.0.1 station on a 1.6 CSMS."""

from translators.tables import Link, Table

FROM_STATION: Table = {}
FROM_CSMS: Table = {}

LINK = Link("ocpp2.0.1", "ocpp1.6", FROM_STATION, FROM_CSMS)
