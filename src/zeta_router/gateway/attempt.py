"""One attempt at one engine: its answer, from the first byte to the last, on to the client.

Of a stream nothing is passed on before its first token, of another answer nothing before its end:
until then another engine can be tried without the client noticing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web

from zeta_router.core.outcome import Outcome
from zeta_router.core.query import Operation
from zeta_router.gateway.answer.endings import (
    answered,
    broken_stream,
    ends_by_closing,
    failure,
    is_answer,
    is_denial,
    is_useless,
    refusal,
)
from zeta_router.gateway.answer.reading import read_whole
from zeta_router.gateway.answer.rename import rename_whole
from zeta_router.gateway.answer.stall import Patience, longest_gap_s
from zeta_router.gateway.checking.kept_text import kept_of_whole
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.exchange import Exchange
from zeta_router.gateway.headers import answer_headers
from zeta_router.gateway.passing import Passing
from zeta_router.gateway.upstream import Answer, BrokenError, UpstreamError
from zeta_router.router.commands import Dispatch, Hedge


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
            kind = answer.headers.get("content-type", "").lower()
            if answer.status < 400 and "text/event-stream" in kind:
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
        if is_denial(answer.status):
            self._set_aside(answer, body)
            return None
        ok = answer.status < 400
        if ok and (not body or (not reading.complete and ends_by_closing(answer))):
            self._end(refusal(answer))
            return None
        if ok and is_useless(reading, answer, exchange.operation):
            self._set_aside(answer, rename_whole(body, served))
            return None
        if ok and exchange.operation in (Operation.EMBEDDING, Operation.RERANK):
            self._driver.first_token(exchange.query.id, exchange.attempt)
        self._soon(self._end, answered(reading, answer, self._driver.clock() - self._sent_s))
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
        over = await exchange.first_part(answer.pour(passing.hold))
        if not passing.held:
            self._end(refusal(answer))
            return None
        if passing.watcher.waits:
            reading = passing.watcher.end()
            if reading.failed or (exchange.ends_by_saying and reading.says_nothing):
                self._set_aside(answer, passing.held)
                return None
        response = web.StreamResponse(status=answer.status, headers=self._headers(answer))
        exchange.started, exchange.passing = True, passing
        await response.prepare(exchange.request)
        try:
            await self._rest(answer, response, passing, over)
        except UpstreamError as problem:
            self._end(failure(problem, started=True, output_tokens=passing.passed_tokens))
            await response.write(broken_stream(problem))
        else:
            self._complete(answer, passing)
        await response.write_eof()
        return response

    def _passing(self) -> Passing:
        """What passes the stream on."""
        driver, query_id, number = self._driver, self._exchange.query.id, self._exchange.attempt
        return Passing(
            self._exchange.operation,
            self._command.endpoint.model,
            driver.clock,
            on_first_token=partial(driver.first_token, query_id, number),
            on_progress=partial(driver.progress, query_id, number),
        )

    async def _rest(
        self, answer: Answer, response: web.StreamResponse, passing: Passing, over: bool
    ) -> None:
        """Pass on what was held back and everything after it.

        Raises:
            UpstreamError: The stream stalls, breaks, or is closed before it is complete.
        """
        exchange = self._exchange
        gap_s = longest_gap_s(self._command.decision, self._stall_s())
        async with Patience(gap_s) as patience:
            await passing.begin(exchange.request, response, patience)
            if passing.first_at_s is not None:
                self._soon(self._driver.first_token, exchange.query.id, exchange.attempt)
            while not over:
                if exchange.request.protocol.writing_paused:
                    await exchange.request.writer.drain()
                over = await patience.pour(answer, passing.on)
        passing.look()
        complete = passing.watcher.end().complete
        if not complete and exchange.ends_by_saying and ends_by_closing(answer):
            raise BrokenError("the connection was closed before the answer was complete")

    def _complete(self, answer: Answer, passing: Passing) -> None:
        exchange, reading = self._exchange, passing.watcher.reading
        if not reading.failed:
            exchange.kept, exchange.finish_reason = passing.text.kept, reading.finish_reason
        took_s, first_at_s = self._driver.clock() - self._sent_s, passing.first_at_s
        ttft_s = first_at_s - self._sent_s if first_at_s is not None else None
        self._soon(self._end, answered(reading, answer, took_s, ttft_s))

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

    def _soon(self, report: Callable[..., None], *told: Any) -> None:
        """Report something once what is being written has gone out: no client waits for it."""
        asyncio.get_running_loop().call_soon(report, *told)

    def _end(self, outcome: Outcome) -> None:
        """Report the end of the attempt; a second report of the same attempt changes nothing."""
        self._driver.finished(self._exchange.query.id, self._exchange.attempt, outcome)
