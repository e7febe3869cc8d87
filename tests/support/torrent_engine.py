"""An engine as a process of its own that answers everything with an endless stream.

Its port is the only line that it prints; it ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from support.scripted import STREAM_HEAD, answer, chunk, delta, event

EVENTS = chunk(event(delta("word " * 20))) * 10


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            writer.write(answer(b'{"data":[{"id":"x"}]}', connection="close"))
        else:
            writer.write(STREAM_HEAD)
            while True:
                writer.write(EVENTS)
                await writer.drain()
    writer.close()


async def main() -> None:
    """Serve until nobody needs it."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
