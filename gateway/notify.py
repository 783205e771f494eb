"""Tells systemd what state the process is in (sd_notify(3)): one datagram to the socket named in the environment."""

import socket
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"


def tell(state: str, environment: Mapping[str, str]) -> bool:
    """Send `state`; whether somebody took it. Without a service manager, or when it does not listen, nothing happens:
    a gateway that cannot report to it serves all the same."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # `@` stands for the NUL byte of an abstract socket's name.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        try:
            manager.connect(name)
            manager.send(state.encode())
        except OSError:
            return False
    return True
