"""Every address of a process opened, or every one named that cannot be."""

import ssl

import structlog

from gateway.admin.server import AdminServer
from gateway.errors import StartError
from gateway.listener import ListenerServer
from gateway.node import Node
from gateway.workers.worker import Worker


async def open_all(admin: AdminServer, node: Node, listeners: list[ListenerServer], worker: Worker | None) -> None:
    """Puts the listeners that are open into `listeners`, also when it raises. A worker's sockets are there already.
    Raises StartError."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("app")
    wrong: list[str] = []
    try:
        host, port = await admin.open(worker.admin_path if worker is not None else None)
    except OSError as error:
        wrong.append(f"admin {node.config.admin.bind}: {error.strerror or error}")
    else:
        if worker is None:
            logger.info("admin_listens", address=f"{host}:{port}")
    for place, listener in enumerate(node.config.listeners):
        try:
            server = ListenerServer(node, listener)
            await server.open(worker.listener(place) if worker is not None else None)
        except ssl.SSLError as error:
            wrong.append(f"listener {listener.bind}: {error}")
        except (OSError, ValueError) as error:
            wrong.append(f"listener {listener.bind}: {getattr(error, 'strerror', None) or error}")
        else:
            listeners.append(server)
            if worker is None:
                logger.info("listener_listens", address=server.address, tls=server.context is not None)
    if wrong:
        raise StartError(wrong)
