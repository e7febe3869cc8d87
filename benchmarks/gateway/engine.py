"""A fast engine: answers at once, or streams stamped chunks at a steady pace.

Usage: ``python benchmarks/gateway/engine.py PORT...``. Requests with ``"stream":true`` get as many
chunks as ``"n"`` in the request's ``user`` says, one each 20 ms; each carries the time at which it
was written (``t``, ns of the monotonic clock, which all processes of a machine share).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

import httptools
import uvloop

PERIOD_S = 0.02
_PROSE = """\
The river was low that year and the ferry could not reach the landing so people carried
their baskets over the stones while a boy with long poles showed them where the bottom
held. Most of what they brought went to market before noon. Salt came back along the same
way, with news of prices in three other towns, two letters for the miller and once a clock
that nobody had asked for. When rain returned in autumn all this ended within an hour and
only marks on the bank told strangers how far down the water had been. Older women claimed
it would happen again every nineteen years, which proved wrong by four, though none who
had counted lived to hear about it.
"""
_WORDS = _PROSE.split()
_COUNT = re.compile(rb'"user":"n(\d+)"')
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WHOLE_BODY = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": " ".join(_WORDS)[:133]},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220},
    }
).encode()
_MODELS = b'{"object":"list","data":[{"id":"m","object":"model"}]}'


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


WHOLE, MODELS = _answer(WHOLE_BODY), _answer(_MODELS)


def _event(choice: bytes, stamp: int) -> bytes:
    body = (
        b'data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[%s],"t":%d}\n\n'
    )
    text = body % (choice, stamp)
    return b"%x\r\n%s\r\n" % (len(text), text)


class Engine(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.parser = httptools.HttpRequestParser(self)
        self.body: list[bytes] = []
        self.left = 0
        self.timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """See llhttp."""
        self.body.append(body)

    def on_message_complete(self) -> None:
        """Answer."""
        body = b"".join(self.body)
        self.body.clear()
        if self.parser.get_method() == b"GET":
            self.transport.write(MODELS)
        elif b'"stream":true' in body:
            found = _COUNT.search(body)
            self.left = int(found[1]) if found else 50
            self.due_s = self.loop.time()
            self.transport.write(_HEAD)
            self.tick()
        else:
            self.transport.write(WHOLE)

    def tick(self) -> None:
        """Send a chunk."""
        if self.left > 0:
            self.left -= 1
            word = _WORDS[self.left % len(_WORDS)].encode()
            choice = b'{"index":0,"delta":{"content":" %s"},"finish_reason":null}' % word
            self.transport.write(_event(choice, time.monotonic_ns()))
            self.due_s += PERIOD_S
            self.timer = self.loop.call_at(self.due_s, self.tick)
            return
        choice = b'{"index":0,"delta":{},"finish_reason":"stop"}'
        last = _event(choice, 0) + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
        self.transport.write(last)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        if self.timer is not None:
            self.timer.cancel()


async def main(ports: list[int]) -> None:
    """Listen for ever."""
    loop = asyncio.get_running_loop()
    for port in ports:
        await loop.create_server(Engine, "127.0.0.1", port, backlog=4096)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main([int(port) for port in sys.argv[1:]]))
