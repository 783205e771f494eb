"""A 1.6 station on a 2.0.1 CSMS."""

from translators.tables import Link

LINK = Link("ocpp1.6", "ocpp2.0.1", {}, {})
