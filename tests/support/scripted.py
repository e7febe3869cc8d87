"""An engine on a loopback port that follows a script, byte by byte.

Real engines answer well, which is the one thing that a gateway need not be tested with. This one
does what it is told, one step of the script per request: refuse, reset, stall, lie about lengths,
split wherever it hurts. Nothing in it waits for time; what has to happen later waits for an event.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

MODELS = b'{"object":"list","data":[{"id":"whatever"}]}'


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the engine received it; `connection` counts from 0."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        """The value of a header; None when it did not come, an error when it came twice."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


NOT_READ = Asked("POST", "", (), b"", 0)


@dataclass(slots=True)
class Line:
    """The connection on which one request is being answered."""

    asked: Asked
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    engine: ScriptedEngine

    async def send(self, data: bytes) -> None:
        """Send bytes; nothing happens when the other side is gone."""
        if self.writer.is_closing():
            return
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            self.engine.note()

    async def gone(self) -> None:
        """Wait until the other side has closed the connection."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass
        self.engine.left += 1
        self.engine.note()

    def close(self) -> None:
        """Close in order: what was sent arrives."""
        self.writer.close()

    def reset(self) -> None:
        """Close with RST, as a killed process does with unread data."""
        held: socket.socket = self.writer.get_extra_info("socket")
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Step = Callable[[Line], Awaitable[None]]


@dataclass
class ScriptedEngine:
    """The engine. Requests take one step each; when the script is over, `otherwise` answers.

    Attributes:
        early: Taken once the headers are read and before the body is, on every connection.
        asked: What it was asked, probes left out.
        closed: Connections that are over, by whosever wish.
        left: Requests whose client closed the connection while a step waited for that.
        alive: Whether a probe is answered with 200.
        on_change: Called whenever something has happened that a test may wait for.
    """

    script: list[Step] = field(default_factory=list)
    otherwise: Step | None = None
    early: Step | None = None
    asked: list[Asked] = field(default_factory=list)
    left: int = 0
    probed: int = 0
    alive: bool = True
    on_change: Callable[[], None] = lambda: None
    port: int = 0
    connections: int = 0
    closed: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def note(self) -> None:
        """Something has happened."""
        self.on_change()

    async def start(self) -> None:
        """Listen; on the same port when it has listened before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections and drop those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks, writers = list(self._tasks), list(self._open)
        for writer in writers:
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(w.wait_closed() for w in writers), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        number, self.connections = self.connections, self.connections + 1
        try:
            while not writer.is_closing():
                if self.early is not None:
                    await reader.readuntil(b"\r\n\r\n")
                    await self.early(Line(NOT_READ, reader, writer, self))
                    return
                asked = await _read_request(reader, number)
                await self._answer(Line(asked, reader, writer, self))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.close()
            self.closed += 1
            self.note()

    async def _answer(self, line: Line) -> None:
        if line.asked.method == "GET":
            self.probed += 1
            self.note()
            await line.send(answer(MODELS, 200 if self.alive else 503))
            return
        self.asked.append(line.asked)
        self.note()
        step = self.script.pop(0) if self.script else self.otherwise
        assert step is not None, f"the script is over, but was asked {line.asked.path}"
        await step(line)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = tuple(
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    names = dict(pairs)
    if names.get("transfer-encoding") == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(names.get("content-length", "0")))
    return Asked(method, path, pairs, body, connection)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


# ---- bytes


def head(status: int = 200, **headers: str) -> bytes:
    """A status line and headers; `content_type` becomes ``content-type``."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(body: bytes, status: int = 200, **headers: str) -> bytes:
    """A whole answer with its length."""
    given = {"content_type": "application/json", **headers}
    return head(status, content_length=str(len(body)), **given) + body


def chunk(data: bytes) -> bytes:
    """One chunk of chunked encoding."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


LAST_CHUNK = b"0\r\n\r\n"
STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")


def event(value: Any) -> bytes:
    """A server-sent event; a string goes as it is."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return b"data: " + text.encode() + b"\n\n"


def delta(text: str | None, model: str = "engine-file.gguf", **more: Any) -> dict[str, Any]:
    """A chunk of a chat completion; None as text for the last one, which has only the reason."""
    choice = {
        "index": 0,
        "delta": {} if text is None else {"content": text},
        "finish_reason": "stop" if text is None else None,
    }
    return {"object": "chat.completion.chunk", "model": model, "choices": [choice], **more}


def spoken(*words: str, usage: dict[str, int] | None = None) -> list[bytes]:
    """The events of a chat stream as llama.cpp and vLLM send it."""
    first = delta(None)
    first["choices"][0].update(delta={"role": "assistant", "content": None}, finish_reason=None)
    events = [first, *map(delta, words), delta(None)]
    if usage is not None:
        events.append({"object": "chat.completion.chunk", "choices": [], "usage": usage})
    return [*map(event, events), event("[DONE]")]


COMPLETION: dict[str, Any] = {
    "object": "chat.completion",
    "model": "engine-file.gguf",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}


# ---- steps


def say(data: bytes) -> Step:
    """Send these bytes and keep the connection."""

    async def step(line: Line) -> None:
        await line.send(data)

    return step


def say_and_close(data: bytes) -> Step:
    """Send these bytes and close."""

    async def step(line: Line) -> None:
        await line.send(data)
        line.close()

    return step


def say_and_reset(data: bytes = b"") -> Step:
    """Send these bytes, wait until they are out, and reset the connection."""

    async def step(line: Line) -> None:
        await line.send(data)
        line.reset()

    return step


def say_and_hang(data: bytes = b"") -> Step:
    """Send these bytes and nothing more, until the other side gives up."""

    async def step(line: Line) -> None:
        await line.send(data)
        await line.gone()

    return step


def stream(events: Iterable[bytes], pieces: int | None = None) -> Step:
    """A whole stream, chunk by chunk: one event each, or `pieces` bytes each."""
    return say(stream_bytes(events, pieces))


def stream_bytes(events: Iterable[bytes], pieces: int | None = None) -> bytes:
    """What `stream` sends."""
    parts = list(events)
    if pieces is not None:
        data = b"".join(parts)
        parts = [data[at : at + pieces] for at in range(0, len(data), pieces)]
    return STREAM_HEAD + b"".join(map(chunk, parts)) + LAST_CHUNK


def when(gate: asyncio.Event, step: Step) -> Step:
    """Take the step once the gate opens."""

    async def gated(line: Line) -> None:
        await gate.wait()
        await step(line)

    return gated


def whole(body: Any = COMPLETION, status: int = 200, **headers: str) -> Step:
    """A whole answer; what is not bytes goes as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return say(answer(data, status, **headers))
