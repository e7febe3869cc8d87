"""One request to its end, as a client sees it: first token, last token, status, who answered.

Streams are read as they come and looked at as the gateway's own relay does: decoded up to the first
token and at the end, counted in between, because the load shares the machine with what it measures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import aiohttp
import msgspec

from zeta_router.gateway.answer.reading import Reading, read_whole
from zeta_router.gateway.answer.stream import SseWatcher

PATH = "/v1/chat/completions"
PROBLEM_CHARS = 200
_TAIL_BYTES = 4096


class End(StrEnum):
    """How a request ended for its client.

    ``answered`` and ``refused`` (429) are what a gateway under load may do; ``error`` is any other
    honest error, also one told at the end of a stream; ``lost`` is a request that got neither;
    ``stopped`` one that was under way when the load was stopped.
    """

    ANSWERED = "answered"
    REFUSED = "refused"
    ERROR = "error"
    LOST = "lost"
    STOPPED = "stopped"


class Reply:
    """What came of a request; times in seconds.

    Attributes:
        at_s: When it was sent, from the start of the run.
        late_s: How much later than scheduled that was.
        ttft_s: Sent to first token; None without a token.
        e2e_s: Sent to end.
        output_tokens: By the engine's count, else events with output; None without an answer.
        model: Who answered: the header ``x-zeta-model``, else the answer's `model`.
        retry_after_s: Of a refusal; None when it did not say.
        problem: What an error said, cut to 200 characters.
    """

    __slots__ = (
        "at_s",
        "e2e_s",
        "end",
        "endpoint",
        "late_s",
        "model",
        "output_tokens",
        "overhead_ms",
        "problem",
        "queue_ms",
        "reason",
        "retry_after_s",
        "status",
        "task",
        "ttft_s",
    )

    def __init__(self, at_s: float = 0.0, late_s: float = 0.0) -> None:
        self.at_s = at_s
        self.late_s = late_s
        self.end = End.LOST
        self.status = 0
        self.ttft_s: float | None = None
        self.e2e_s = 0.0
        self.output_tokens: int | None = None
        self.model = self.endpoint = self.task = self.reason = ""
        self.queue_ms: float | None = None
        self.overhead_ms: float | None = None
        self.retry_after_s: float | None = None
        self.problem = ""

    @property
    def tpot_s(self) -> float | None:
        """Seconds per token after the first; None below two tokens."""
        if self.ttft_s is None or self.output_tokens is None or self.output_tokens < 2:
            return None
        return (self.e2e_s - self.ttft_s) / (self.output_tokens - 1)

    def note_headers(self, headers: Mapping[str, str]) -> None:
        """Keep what the gateway says about its decision; other servers say nothing."""
        self.model = headers.get("x-zeta-model", "")
        self.endpoint = headers.get("x-zeta-endpoint", "")
        self.task = headers.get("x-zeta-task", "")
        self.reason = headers.get("x-zeta-reason", "")
        self.queue_ms = _number(headers.get("x-zeta-queue-ms"))
        self.overhead_ms = _number(headers.get("x-zeta-overhead-ms"))
        self.retry_after_s = _number(headers.get("retry-after"))


class Sender:
    """Sends requests to one address.

    Args:
        session: Without a limit on connections and without a timeout of its own.
        base: Address, such as ``http://127.0.0.1:8080``; with or without ``/v1``.
        headers: Sent with every request.
        silence_s: After that long without a byte a request is lost. An answer may take as long as
            it keeps coming.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base: str,
        headers: Mapping[str, str],
        silence_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._url = base.rstrip("/").removesuffix("/v1") + PATH
        self._headers = {"content-type": "application/json", **headers}
        self._silence_s = silence_s
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=silence_s, sock_read=silence_s
        )
        self._clock = clock

    async def send(self, body: bytes, reply: Reply) -> None:
        """Send a request and fill in `reply`; never raises for what the server does."""
        started_s = self._clock()
        try:
            async with self._session.post(
                self._url, data=body, headers=self._headers, timeout=self._timeout
            ) as response:
                await self._receive(response, reply, started_s)
        except TimeoutError:
            reply.end, reply.problem = End.LOST, f"silent for {self._silence_s:g} s"
        except (aiohttp.ClientError, OSError) as error:
            reply.end, reply.problem = End.LOST, f"{type(error).__name__}: {error}"[:PROBLEM_CHARS]
        except asyncio.CancelledError:
            reply.end = End.STOPPED
            raise
        finally:
            reply.e2e_s = self._clock() - started_s

    async def _receive(
        self, response: aiohttp.ClientResponse, reply: Reply, started_s: float
    ) -> None:
        reply.status = response.status
        reply.note_headers(response.headers)
        if response.status != 200:
            data = await response.read()
            reply.end = End.REFUSED if response.status == 429 else End.ERROR
            reply.problem = _said(data)
            return
        if "text/event-stream" not in response.headers.get("content-type", ""):
            data = await response.read()
            reply.ttft_s = self._clock() - started_s
            _conclude(reply, read_whole(data), data)
            reply.model = reply.model or _model_of(data)
            return

        def on_first_token() -> None:
            reply.ttft_s = self._clock() - started_s

        watcher = SseWatcher(on_first_token)
        tail = b""
        async for chunk in response.content.iter_any():
            watcher.feed(chunk)
            tail = (tail + chunk)[-_TAIL_BYTES:]
        _conclude(reply, watcher.end(), tail)
        reply.model = reply.model or watcher.model or ""


def _conclude(reply: Reply, reading: Reading, tail: bytes) -> None:
    """What an answer with status 200 came to: a stream may still end in an error, or in nothing."""
    reply.output_tokens = reading.output_tokens
    if b'"error"' in tail and not reading.finish_reason:
        reply.end, reply.problem = End.ERROR, _said(tail)
    elif reading.complete:
        reply.end = End.ANSWERED
    else:
        reply.problem = "the answer broke off without an error"


def _said(data: bytes) -> str:
    """The message of an error in OpenAI's shape, else the bytes themselves."""
    line = next((x for x in data.split(b"\n") if b'"error"' in x), data).removeprefix(b"data:")
    try:
        told: Any = msgspec.json.decode(line)["error"]
        message = told["message"] if isinstance(told, dict) else told
    except (msgspec.MsgspecError, KeyError, TypeError):
        message = data.decode("utf-8", "replace")
    return str(message)[:PROBLEM_CHARS]


def _model_of(data: bytes) -> str:
    try:
        model = msgspec.json.decode(data)["model"]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return ""
    return model if isinstance(model, str) else ""


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
