"""An engine in a process of its own that works until it is told to fail, and how.

Real engines answer well, or die; what lies between cannot be asked of them. This one speaks enough
of OpenAI's interface to be polled, probed and used, and fails on demand. With ``--behind`` it is no
engine but stands in front of a real one and passes everything on until it is told to fail.

It listens on as many ports as it is asked for, one per name (``NAME`` or ``NAME=PORT``); a line
``NAME FAULT`` on its standard input sets the fault of one of them, and is answered with ``ok``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from support.scripted import (
    LAST_CHUNK,
    STREAM_HEAD,
    Asked,
    _read_request,
    answer,
    chunk,
    delta,
    event,
)

WORDS = ("One", " two", " three", " four", " five")
TOKEN_S = 0.01
BUSY_S = 0.005
LONG_S = 3.0
LONG_WORDS = 60

USAGE = {"prompt_tokens": 5, "completion_tokens": len(WORDS), "total_tokens": 5 + len(WORDS)}
NOTHING = {"prompt_tokens": 5, "completion_tokens": 0, "total_tokens": 5}
VECTOR = {
    "object": "list",
    "model": "faulty",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5] * 8}],
    "usage": {"prompt_tokens": 4, "total_tokens": 4},
}
GARBAGE = bytes(range(128, 256)) * 4
REFUSED = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}
ASKS_FOR_400 = "refuse this"
"""A prompt with these words is answered with 400 by every engine, the healthy ones too."""


@dataclass(slots=True)
class Talk:
    """One request on its connection."""

    asked: Asked
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_embedding(self) -> bool:
        return self.asked.path.endswith("/embeddings")

    @property
    def streams(self) -> bool:
        return bool(self.asked.json.get("stream"))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def until_left(self) -> None:
        """Say nothing until the other side gives up."""
        while await self.reader.read(65536):
            pass


Serve = Callable[[Talk], Awaitable[None]]


def _whole(text: str, usage: dict[str, int]) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"object": "chat.completion", "model": "faulty", "choices": [choice], "usage": usage}
    return json.dumps(body).encode()


def _role() -> bytes:
    first = delta(None)
    first["choices"][0].update(delta={"role": "assistant", "content": None}, finish_reason=None)
    return chunk(event(first))


def _end(usage: dict[str, int]) -> bytes:
    last = event(delta(None, usage=usage)) + event("[DONE]")
    return chunk(last) + LAST_CHUNK


async def _works(talk: Talk) -> None:
    if ASKS_FOR_400.encode() in talk.asked.body:
        await _bad_request(talk)
    elif talk.is_embedding:
        await talk.send(answer(json.dumps(VECTOR).encode()))
    elif not talk.streams:
        await asyncio.sleep(TOKEN_S * len(WORDS))
        await talk.send(answer(_whole("".join(WORDS), USAGE)))
    else:
        await _begin(talk, WORDS)
        await talk.send(_end(USAGE))


async def _begin(talk: Talk, words: tuple[str, ...]) -> None:
    await talk.send(STREAM_HEAD + _role())
    for word in words:
        await asyncio.sleep(TOKEN_S)
        await talk.send(chunk(event(delta(word))))


async def _busy(talk: Talk) -> None:
    await asyncio.sleep(BUSY_S)
    await talk.send(answer(b'{"error":{"message":"loading"}}', 503))


async def _error(talk: Talk) -> None:
    await talk.send(answer(b'{"error":{"message":"out of memory"}}', 500))


async def _bad_request(talk: Talk) -> None:
    await talk.send(answer(json.dumps(REFUSED).encode(), 400))


async def _empty(talk: Talk) -> None:
    if talk.is_embedding:
        await talk.send(answer(json.dumps({**VECTOR, "data": []}).encode()))
    elif talk.streams:
        await talk.send(STREAM_HEAD + _role() + _end(NOTHING))
    else:
        await talk.send(answer(_whole("", NOTHING)))


async def _truncated(talk: Talk) -> None:
    """Cut in the middle, as by a process that dies: streams after two tokens, the rest halfway."""
    if talk.streams:
        await _begin(talk, WORDS[:2])
    else:
        whole = answer(_whole("".join(WORDS), USAGE))
        await talk.send(whole[: len(whole) - 40])
    talk.writer.transport.abort()


async def _garbage(talk: Talk) -> None:
    await talk.send(GARBAGE)
    talk.writer.close()


async def _nonsense(talk: Talk) -> None:
    """Correct HTTP around bytes that mean nothing."""
    await talk.send(answer(GARBAGE))


async def _deaf(talk: Talk) -> None:
    await talk.until_left()


async def _stalled(talk: Talk) -> None:
    if not talk.streams:
        await _works(talk)
        return
    await _begin(talk, WORDS[:3])
    await talk.until_left()


async def _long(talk: Talk) -> None:
    """Nothing wrong, only a stream of three seconds."""
    if not talk.streams:
        await _works(talk)
        return
    await talk.send(STREAM_HEAD + _role())
    for number in range(LONG_WORDS):
        await asyncio.sleep(LONG_S / LONG_WORDS)
        await talk.send(chunk(event(delta(f" {number}"))))
    await talk.send(_end({**USAGE, "completion_tokens": LONG_WORDS}))


FAULTS: dict[str, Serve] = {
    "long": _long,
    "busy": _busy,
    "error": _error,
    "bad_request": _bad_request,
    "empty": _empty,
    "truncated": _truncated,
    "garbage": _garbage,
    "nonsense": _nonsense,
    "deaf": _deaf,
    "silent": _deaf,
    "stalled": _stalled,
}
"""What it does with queries. Polls are answered as ever, except where it is ``silent``."""


class FaultyEngine:
    """One port.

    Args:
        name: The model's name, as it lists it.
        behind: The real engine; None answers by itself.
    """

    def __init__(self, name: str, port: int, behind: str | None) -> None:
        self.fault = "none"
        self.port = port
        self._models = {"object": "list", "data": [{"id": name, "object": "model"}]}
        self._behind = behind

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                asked = await _read_request(reader, 0)
                await self._answer(Talk(asked, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, talk: Talk) -> None:
        if self.fault == "silent":
            await talk.until_left()
        elif talk.asked.method == "POST" and self.fault in FAULTS:
            await FAULTS[self.fault](talk)
        elif self._behind is not None:
            await self._pass_on(talk, self._behind)
        elif talk.asked.method == "POST":
            await _works(talk)
        elif talk.asked.path in ("/v1/models", "/health"):
            await talk.send(answer(json.dumps(self._models).encode()))
        else:
            await talk.send(answer(b"{}", 404))

    async def _pass_on(self, talk: Talk, behind: str) -> None:
        """Carry the request to the real engine, and its bytes back until it closes."""
        asked = talk.asked
        host, _, port = behind.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        dropped = ("connection", "content-length", "transfer-encoding")
        lines = [f"{asked.method} {asked.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in asked.headers if name not in dropped]
        lines += [f"content-length: {len(asked.body)}", "connection: close", "", ""]
        gone = asyncio.ensure_future(talk.until_left())
        gone.add_done_callback(lambda _: writer.transport.abort())
        try:
            writer.write("\r\n".join(lines).encode("latin-1") + asked.body)
            while data := await reader.read(65536):
                await talk.send(data)
        finally:
            gone.cancel()
            writer.close()
            talk.writer.close()


async def _orders(engines: dict[str, FaultyEngine]) -> None:
    """Follow what comes on standard input until it ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        name, fault = line.decode().split()
        assert fault == "none" or fault in FAULTS, fault
        engines[name].fault = fault
        _say("ok")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _main(arguments: Any) -> None:
    given = [text.partition("=") for text in arguments.names]
    engines = {
        name: FaultyEngine(name, int(port or 0), arguments.behind) for name, _, port in given
    }
    async with contextlib.AsyncExitStack() as stack:
        for engine in engines.values():
            await stack.enter_async_context(await engine.start())
        _say(json.dumps({name: engine.port for name, engine in engines.items()}))
        await _orders(engines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="+")
    parser.add_argument("--behind")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
