"""Sockets as both ends of a link want them."""

from __future__ import annotations

import socket
import struct
from typing import Any

__all__ = ["prepared", "send_all"]

_JOINED = 1 << 14  # bytes below which one copy is cheaper than a list of buffers


def prepared(connection: socket.socket, seconds: float) -> socket.socket:
    """Set a blocking socket up: no delay of small frames, time-outs by the system, dead peers found out."""
    limit = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
    connection.setblocking(True)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A time-out of Python's own would cost a second system call for every one.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection


def send_all(connection: socket.socket, parts: list[Any]) -> None:
    """Send buffers one behind the other."""
    size = sum(map(len, parts))
    if size <= _JOINED:
        connection.sendall(b"".join(parts) if len(parts) > 1 else parts[0])
        return
    views = [memoryview(part).cast("B") for part in parts if len(part)]
    while views:
        sent = connection.sendmsg(views[:512])
        while views and sent >= len(views[0]):
            sent -= len(views.pop(0))
        if views:
            views[0] = views[0][sent:]
