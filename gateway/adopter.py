"""Does for one session what `translators.warden` asks for: hashes secrets, looks at certificates, signs them."""

import asyncio
from urllib.parse import urlsplit

import structlog

from gateway.certified import Expected
from gateway.config import Backend
from gateway.identity import Identity
from gateway.issuing import CsrError, distrust, fingerprint, issue
from gateway.node import Node
from gateway.passwords import forms
from gateway.profiles import open_to
from gateway.proofs import CERTIFICATE, SECRET
from gateway.proving import judges_password
from gateway.stations import Station
from translators.effects import Work
from translators.frames import Payload
from translators.options import Adoption

_logger: structlog.stdlib.BoundLogger = structlog.get_logger("adopter")


def adoption(
    node: Node, station: Station, memory: dict[str, object], backend: Backend, profile: int, host: str
) -> Adoption:
    """What the gateway verifies of a station that came in with this profile, by this host."""
    listeners = node.config.listeners
    return Adoption(
        verifies_password=any(judges_password(listener, station) for listener in listeners),
        verifies_certificate=any("mtls" in listener.auth for listener in listeners),
        signs=backend.station_certificates == "gateway",
        profiles=open_to(node, station, memory, profile),
        host=host,
    )


def host_of(header: str) -> str:
    """The host in a Host header, without its port; empty for one that is none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


class Adopter:
    """One session's."""

    __slots__ = ("_identity", "_node", "_subprotocol")

    def __init__(self, node: Node, identity: Identity, subprotocol: str) -> None:
        self._node = node
        self._identity = identity
        self._subprotocol = subprotocol

    async def work(self, work: Work) -> Payload:
        """`hash`: `lines` and `over`. `certificate`: also `trusted` and `why` not; `lines` are empty where the file binds
        no certificate. `sign`: `leaf`, `chain`, `lines`, `over`, or `why` not."""
        # The file may have changed since the station came in.
        station = self._node.roster.get(self._identity.key) or Station()
        if work.kind == "hash":
            lines = await self._node.logins.hashes(forms(self._subprotocol, work.value))
            return {"lines": lines, "over": SECRET.over(station)}
        if work.kind == "certificate":
            return await asyncio.to_thread(self._looked_at, station, work.value)
        return await asyncio.to_thread(self._signed, station, work.value)

    def _looked_at(self, station: Station, chain: str) -> Payload:
        """It will do where one listener takes it."""
        listeners = [one.tls for one in self._node.config.listeners if "mtls" in one.auth and one.tls is not None]
        print_, subject = fingerprint(chain), station.certificate
        pinned = (print_,) if subject.sha256 and print_ is not None else ()
        told = [
            distrust(
                chain,
                Expected(self._identity.key, subject.cn, pinned, tls.client_organisation),
                (tls.client_ca,) if tls.client_ca is not None else (),
            )
            for tls in listeners
        ]
        why = None if None in told or not told else told[0]
        return {"lines": list(pinned), "over": CERTIFICATE.over(station), "trusted": why is None, "why": why}

    def _signed(self, station: Station, csr: str) -> Payload:
        config = self._node.config
        if config.station_ca is None:
            return {"why": "no station_ca"}
        listeners = [one.tls for one in config.listeners if one.tls is not None]
        organisations = [name for tls in listeners for name in tls.client_organisation]
        try:
            issued = issue(config.station_ca, csr, station.certificate.cn or self._identity.spelt, organisations)
        except CsrError as error:
            return {"why": str(error)}
        except (OSError, ValueError) as error:
            _logger.error("station_ca_unusable", station=self._identity.spelt, why=str(error))
            return {"why": "the authority cannot be used"}
        pinned = [issued.sha256] if station.certificate.sha256 else []
        return {"leaf": issued.leaf, "chain": issued.chain, "lines": pinned, "over": CERTIFICATE.over(station)}
