"""Sockets as both ends of a link want them."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

__all__ = ["prepared", "receiver", "send_all"]

SPIN = 2e-4  # seconds
# A peer that is gone is an error here, whatever the process has made of SIGPIPE.
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)
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


def receiver(connection: socket.socket, spin: float = SPIN) -> Callable[[Any], int]:
    """Return ``recv_into`` of a socket, which looks again and again for a while before it lets itself be put to sleep.

    An answer over loopback is there after some 20 µs; to be woken up takes longer than that.
    """
    recv_into, at_once = connection.recv_into, getattr(socket, "MSG_DONTWAIT", 0)
    give_way = getattr(os, "sched_yield", int)
    if not at_once:
        return recv_into

    def receive(view: Any) -> int:
        until = time.perf_counter() + spin
        while True:
            try:
                return recv_into(view, 0, at_once)
            except BlockingIOError:
                if time.perf_counter() > until:
                    return recv_into(view)
                give_way()

    return receive


def send_all(connection: socket.socket, parts: list[Any]) -> None:
    """Send buffers one behind the other."""
    size = sum(map(len, parts))
    if size <= _JOINED:
        connection.sendall(b"".join(parts) if len(parts) > 1 else parts[0], _NO_SIGNAL)
        return
    views = [memoryview(part).cast("B") for part in parts if len(part)]
    while views:
        sent = connection.sendmsg(views[:512], (), _NO_SIGNAL)
        while views and sent >= len(views[0]):
            sent -= len(views.pop(0))
        if views:
            views[0] = views[0][sent:]
