"""How much of what was said to a client has not arrived there."""

from __future__ import annotations

import asyncio
import sys

if sys.platform != "win32":
    import fcntl
    import termios


def unsent_bytes(transport: asyncio.Transport) -> int:
    """Bytes that wait in the transport, and then also those in the kernel; 0 where none wait.

    The transport alone would not do: the kernel takes more from it only once a third of a buffer
    of megabytes is free, so a slow reader would look like one that stands still.
    """
    waiting = transport.get_write_buffer_size()
    if not waiting or sys.platform == "win32":
        return waiting
    connection = transport.get_extra_info("socket")
    try:
        found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:  # closed meanwhile, or a system that does not tell
        return waiting
    return waiting + int.from_bytes(found, sys.byteorder)
