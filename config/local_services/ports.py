"""Ports on the loopback address."""

import contextlib
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with contextlib.closing(_listener()) as listener:
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose(remembered: int) -> int:
    """The remembered port while it is free, so that addresses given out stay right; else another free one."""
    if remembered and is_free(remembered):
        return remembered
    with contextlib.closing(_listener()) as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def _listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # As the servers do: connections of an earlier run that linger in TIME_WAIT don't count.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return listener
