"""What all connections are read into."""

import asyncio

_OCTETS = bytearray(64 * 1024)
"""It is taken out in the same step. uvloop would ask the system for 256 KiB, twice for each message that comes through TLS, and
give most of it back."""
_VIEW = memoryview(_OCTETS)


class ReadAtOnce(asyncio.BufferedProtocol):
    """A protocol that is given what came by `data_received`, as an asyncio.Protocol is, out of one buffer for all."""

    __slots__ = ()

    def get_buffer(self, sizehint: int) -> memoryview:
        return _VIEW

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(_OCTETS[:nbytes])

    def data_received(self, data: bytes | bytearray) -> None:
        """What came, to be kept or not: nobody else has it."""
        raise NotImplementedError
