"""What can stand behind a station that has come in: for every backend its dialler, its board and its observer."""

from typing import Any

import structlog

from gateway.admission import Admission
from gateway.adopter import adoption
from gateway.boards import board_for
from gateway.config import Backend
from gateway.node import Node
from gateway.observer import Observer
from gateway.prospects import NoProspectError, Prospect
from gateway.routing import route_for
from gateway.stations import Station
from gateway.switchboard import Switchboard
from gateway.upstream import Dialler, StationDialler
from translators.links import NoPathError, csms_version_for
from translators.story import Story


class Candidates:
    """Those of one admission. `log` knows the station."""

    __slots__ = ("_admission", "_host", "_log", "_named", "_node", "_station", "forwards")

    def __init__(
        self, node: Node, admission: Admission, station: Station, host: str, log: structlog.stdlib.BoundLogger
    ) -> None:
        """`station`: what the file says of it; `host`: where it has connected to."""
        self._node = node
        self._admission = admission
        self._station = station
        self._host = host
        self._log = log
        self._named: tuple[str, structlog.stdlib.BoundLogger] | None = None
        """The logger of the backend that was asked for last, which a session has twice."""
        self.forwards = admission.authorization is not None

    def dialler(self, backend: str, version: str) -> Dialler:
        """How to open this station's connection to a backend, now and whenever it is lost."""
        admission = self._admission
        return StationDialler(
            self._node.upstreams[backend],
            admission.csms_identity,
            (version,),
            admission.authorization,
            admission.csms_password,
        )

    def logger(self, backend: str) -> structlog.stdlib.BoundLogger:
        if self._named is None or self._named[0] != backend:
            named = self._log.bind(subprotocol=self._admission.subprotocol, backend=backend)
            self._named = (backend, named)
        return self._named[1]

    def observer(self, backend: str, version: str) -> Observer:
        return Observer(self._node.metrics, self.logger(backend), self._admission.subprotocol, version, backend)

    def board(
        self,
        backend: Backend,
        version: str,
        memory: dict[str, Any],
        story: Story | None = None,
        *,
        numbers: bool = False,
    ) -> Switchboard:
        """As `boards.board_for`."""
        admission = self._admission
        adopts = adoption(self._node, self._station, memory, backend, admission.profile, self._host)
        return board_for(self._node, admission, backend, version, memory, adopts, story, numbers=numbers)

    # -- Prospects --------------------------------------------------------------------------------------------------

    def home(self) -> str:
        admission = self._admission
        route = route_for(
            self._node.config.routes,
            admission.identity.key,
            admission.subprotocol,
            admission.tags,
            admission.listener,
        )
        if route is None:
            raise NoProspectError("no route for this station")
        return route.backend

    def version_on(self, name: str) -> str:
        backend = self._node.config.backends.get(name)
        if backend is None:
            raise NoProspectError(f"there is no backend {name}")
        try:
            return csms_version_for(self._admission.subprotocol, backend.subprotocols)
        except NoPathError as error:
            raise NoProspectError(str(error)) from None

    def of(self, name: str) -> Prospect:
        version = self.version_on(name)
        backend = self._node.config.backends[name]
        return Prospect(
            backend,
            version,
            self.dialler(name, version),
            lambda memory, numbers: self.board(backend, version, memory, numbers=numbers),
            self.observer(name, version),
        )
