"""Who makes a request, as far as the connection tells."""

from typing import NamedTuple


class Caller(NamedTuple):
    """`source` is an address, `network` what is counted as one sender. `certificate` (DER) has been verified against the
    listener's authorities, and has not been compared with anything."""

    source: str
    network: str
    is_encrypted: bool
    certificate: bytes | None
