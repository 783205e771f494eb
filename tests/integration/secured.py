"""A gateway with TLS, and stations with certificates and passwords that try to come in."""

import base64
import ssl
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from tests.pki import SERVER, Authority, Files
from tests.support import Csms, Gateway, configuration

PASSWORD = "a password long enough"


def basic(username: str = "CP-1", password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


class Site:
    """A folder with the operator's authority and the gateway's certificate, and configurations that use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder / "pki", "operator")
        self.server = self.authority.issue("server", "localhost", names=["localhost", "127.0.0.1"], purposes=(SERVER,))

    def tls(self, **more: Any) -> dict[str, Any]:
        return {"certificate": str(self.server.certificate), "key": str(self.server.key), **more}

    def mutual(self, **more: Any) -> dict[str, Any]:
        return self.tls(client_ca=str(self.authority.file), **more)

    def config(
        self, csms: Csms, *, tls: dict[str, Any] | None = None, auth: Any = "mtls", **more: Any
    ) -> dict[str, Any]:
        config = configuration(("legacy", csms), **more)
        config["listeners"][0] |= {"auth": auth, "tls": tls if tls is not None else self.mutual()}
        return config

    def context(self, station: Files | None = None) -> ssl.SSLContext:
        """What a station trusts and shows."""
        context = ssl.create_default_context(cafile=self.authority.file)
        if station is not None:
            context.load_cert_chain(*station.pair)
        return context

    async def connect(
        self, running: Gateway, path: str = "/CP-1", station: Files | None = None, **options: Any
    ) -> ClientConnection:
        options.setdefault("ssl", self.context(station))
        options.setdefault("subprotocols", [Subprotocol("ocpp1.6")])
        url = f"wss://localhost:{running.port}{path}"
        return await connect(url, compression=None, max_size=None, proxy=None, **options)

    async def enters(self, running: Gateway, path: str = "/CP-1", station: Files | None = None, **options: Any) -> int:
        """What a station gets: 101, an HTTP status, or 0 where the handshake of TLS ended it."""
        try:
            ws = await self.connect(running, path, station, **options)
        except InvalidStatus as refused:
            return refused.response.status_code
        except (ssl.SSLError, ConnectionError, ConnectionClosed, InvalidMessage, EOFError):
            return 0
        await ws.close()
        return 101


async def rejections(running: Gateway, reason: str) -> float:
    return await running.metric(f'ocpp_gateway_connections_rejected_total{{reason="{reason}"}}')


def why(running: Gateway) -> list[str]:
    """What the log tells of refusals, in order."""
    return [str(event["why"]) for name in ("connection_refused", "station_refused") for event in running.events(name)]
