"""TLS for the stations of the bench: what a handshake costs here is missing from the measurement, so the certificate's
names and chain are not looked at. (Its signature is: TLS 1.3 cannot do without.)"""

import ssl
from typing import Any


class Context(ssl.SSLContext):
    """TLS 1.3. With `resumes`, a connection offers the session of one that was kept."""

    resumes: bool
    _kept: ssl.SSLSession | None

    def __new__(cls) -> "Context":
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        made.minimum_version = ssl.TLSVersion.TLSv1_3
        made.resumes = False
        made._kept = None
        return made

    def keep(self, connection: Any) -> None:
        """The session of this connection, for later ones. The server sends it after the handshake, so it is there once
        anything else has been read."""
        if self.resumes and connection.session is not None:
            self._kept = connection.session

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        """ssl's, which uvloop calls for each connection."""
        if self.resumes and self._kept is not None:
            named["session"] = self._kept
        return super().wrap_bio(*arguments, **named)
