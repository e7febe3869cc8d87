"""One attempt at one engine: its answer, from the first byte to the last, on to the client.

Of a stream nothing is passed on before its first token, of another answer nothing before its end:
until then another engine can be tried without the client noticing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from zeta_router.core.outcome import Outcome
from zeta_router.core.query import Operation
from zeta_router.gateway.answer.endings import (
    answered,
    broken_stream,
    ends_by_closing,
    failure,
    is_answer,
    is_useless,
    refusal,
)
from zeta_router.gateway.answer.rename import rename_chunk, rename_whole
from zeta_router.gateway.answer.stall import Patience, longest_gap_s
from zeta_router.gateway.answer.stream import SseWatcher, read_whole
from zeta_router.gateway.checking.kept_text import AnswerText, kept_of_whole
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.exchange import Exchange
from zeta_router.gateway.headers import answer_headers
from zeta_router.gateway.upstream import Answer, BrokenError, UpstreamError
from zeta_router.router.commands import Dispatch, Hedge

_HELD_BYTES = 16384
"""Most of a stream that is held back until its first token."""

_UNSENT_BYTES = 4096
"""Most that waits for a client that reads slowly, before its engine is no longer listened to.

aiohttp alone would hold 64 to 128 kB for each.
"""

_PROGRESS_EVERY = 16
"""Chunks between two reports of progress; each costs the router about a microsecond."""


@dataclass(slots=True)
class _Passing:
    """What is seen of a stream while it is passed on; `first_s` holds its TTFT once there is one.

    It does not refer to the attempt: what refers to itself is freed by the garbage collector only.
    """

    watcher: SseWatcher
    text: AnswerText
    first_s: list[float]

    @property
    def ttft_s(self) -> float | None:
        return self.first_s[0] if self.first_s else None

    async def beginning(self, exchange: Exchange, chunks: AsyncGenerator[bytes]) -> bytes:
        """The stream up to its first token: what comes before it is nothing to a client.

        As long as it is held back, an engine that fails can be replaced by another one.
        """
        held = b""
        while self.watcher.waits and len(held) < _HELD_BYTES:
            chunk = await exchange.first_part(anext(chunks, b""))
            if not chunk:
                break
            self.watcher.feed(chunk)
            self.text.feed(chunk)
            held += chunk
        return held


class Attempt:
    """Follows one attempt to its end and reports how it ended.

    Args:
        exchange: The request.
        command: Says which engine, and why.
        driver: Is told first token, progress and end.
        sent_s: When it was sent, on the driver's clock.
        on_overhead: Takes the seconds that we added to the request.
        stall_s: Gives `limits.stall_s` as it is at the moment.
    """

    __slots__ = (
        "_command",
        "_driver",
        "_exchange",
        "_on_overhead",
        "_sent_s",
        "_stall_s",
    )

    def __init__(
        self,
        exchange: Exchange,
        command: Dispatch | Hedge,
        driver: RouterDriver,
        sent_s: float,
        on_overhead: Callable[[float], None],
        stall_s: Callable[[], float],
    ) -> None:
        self._exchange = exchange
        self._command = command
        self._driver = driver
        self._sent_s = sent_s
        self._on_overhead = on_overhead
        self._stall_s = stall_s

    async def follow(self, asking: Awaitable[Answer]) -> web.StreamResponse | None:
        """Pass on what the engine answers; None when it failed before the client had a byte."""
        answer: Answer | None = None
        try:
            answer = await self._exchange.first_part(asking)
            if not is_answer(answer.status):
                self._end(refusal(answer))
                return None
            if "text/event-stream" in answer.headers.get("content-type", "").lower():
                return await self._stream(answer)
            return await self._whole(answer)
        except UpstreamError as problem:
            self._end(failure(problem, self._exchange.started))
            return None
        finally:
            if answer is not None:
                answer.close()

    async def _whole(self, answer: Answer) -> web.StreamResponse | None:
        exchange, served = self._exchange, self._command.endpoint.model
        body = await exchange.first_part(answer.read())
        reading = read_whole(body)
        ok = answer.status < 400
        if ok and (not body or (not reading.complete and ends_by_closing(answer))):
            self._end(refusal(answer))
            return None
        if ok and is_useless(reading, answer, exchange.operation):
            self._set_aside(answer, rename_whole(body, served))
            return None
        if ok and exchange.operation in (Operation.EMBEDDING, Operation.RERANK):
            self._driver.first_token(exchange.query.id, exchange.attempt)
        self._end(answered(reading, answer, self._driver.clock() - self._sent_s))
        headers = self._headers(answer)
        if ok:
            exchange.kept = partial(kept_of_whole, exchange.operation, body)
            exchange.finish_reason = reading.finish_reason
            if reading.model != served:
                body = rename_whole(body, served)
        return web.Response(status=answer.status, body=body, headers=headers)

    async def _stream(self, answer: Answer) -> web.StreamResponse | None:
        exchange = self._exchange
        passing = self._passing()
        watcher = passing.watcher
        chunks = answer.chunks()
        try:
            beginning = await passing.beginning(exchange, chunks)
            if not beginning:
                self._end(refusal(answer))
                return None
            if watcher.waits and exchange.ends_by_saying and watcher.end().says_nothing:
                self._set_aside(answer, beginning)
                return None
            response = web.StreamResponse(status=answer.status, headers=self._headers(answer))
            exchange.started = True
            await response.prepare(exchange.request)
            if exchange.request.transport is not None:
                exchange.request.transport.set_write_buffer_limits(_UNSENT_BYTES)
            try:
                await self._rest(answer, response, beginning, chunks, passing)
            except UpstreamError as problem:
                self._end(failure(problem, started=True))
                await response.write(broken_stream(problem))
            await response.write_eof()
            return response
        finally:
            await chunks.aclose()

    def _passing(self) -> _Passing:
        driver, query_id, number = self._driver, self._exchange.query.id, self._exchange.attempt
        sent_s = self._sent_s
        first_s: list[float] = []

        def on_first_token() -> None:
            first_s.append(driver.clock() - sent_s)
            driver.first_token(query_id, number)

        return _Passing(SseWatcher(on_first_token), AnswerText(self._exchange.operation), first_s)

    async def _rest(
        self,
        answer: Answer,
        response: web.StreamResponse,
        beginning: bytes,
        chunks: AsyncGenerator[bytes],
        passing: _Passing,
    ) -> None:
        """Pass on everything from `beginning` to the end.

        Raises:
            UpstreamError: The stream stalls, breaks, or is closed before it is complete.
        """
        exchange = self._exchange
        async with Patience(chunks, longest_gap_s(self._command.decision, self._stall_s())) as rest:
            await self._pump(response, beginning, rest, passing)
        reading = passing.watcher.end()
        if not reading.complete and exchange.ends_by_saying and ends_by_closing(answer):
            raise BrokenError("the connection was closed before the answer was complete")
        exchange.kept, exchange.finish_reason = passing.text.kept, reading.finish_reason
        took_s = self._driver.clock() - self._sent_s
        self._end(answered(reading, answer, took_s, passing.ttft_s))

    async def _pump(
        self, response: web.StreamResponse, chunk: bytes, rest: Patience, passing: _Passing
    ) -> None:
        """Pass on chunk after chunk, as they come."""
        exchange, watcher, text = self._exchange, passing.watcher, passing.text
        served, client = self._command.endpoint.model, exchange.request.protocol
        count = 0
        while chunk:
            await response.write(rename_chunk(chunk, watcher.model, served))
            if client.writing_paused:
                await exchange.request.writer.drain()
            chunk = await rest.next()
            watcher.feed(chunk)
            text.feed(chunk)
            count += 1
            if count % _PROGRESS_EVERY == 0:
                self._driver.progress(exchange.query.id, exchange.attempt, watcher.reading.events)

    def _set_aside(self, answer: Answer, body: bytes) -> None:
        """Try another engine; should none say more than this one, the client gets its answer."""
        headers = self._answer_headers(answer)
        self._exchange.spare = web.Response(status=answer.status, body=body, headers=headers)
        self._end(refusal(answer))

    def _headers(self, answer: Answer) -> dict[str, str]:
        self._on_overhead(self._exchange.overhead_s)
        return self._answer_headers(answer)

    def _answer_headers(self, answer: Answer) -> dict[str, str]:
        command = self._command
        return answer_headers(
            command.decision,
            answer.headers,
            command.queue_wait_s,
            self._exchange.overhead_s,
            command.attempt,
        )

    def _end(self, outcome: Outcome) -> None:
        """Report the end of the attempt; a second report of the same attempt changes nothing."""
        self._driver.finished(self._exchange.query.id, self._exchange.attempt, outcome)
