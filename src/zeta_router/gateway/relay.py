"""One routed request from its body to its last byte.

The router decides; this follows: send, relay, report how it ended, and ask again when an attempt
failed before the client had a byte. A client that leaves cancels the handler wherever it stands,
and that closes the engine's connection and frees the slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from functools import partial

from aiohttp import web

from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import AUTO, Operation
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
from zeta_router.gateway.answer.splice import with_model
from zeta_router.gateway.answer.stall import STALL_S, Patience, longest_gap_s
from zeta_router.gateway.answer.stream import SseWatcher, read_whole
from zeta_router.gateway.checking.kept_text import AnswerText, kept_of_whole
from zeta_router.gateway.checking.looking import Looking
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.exchange import Exchange
from zeta_router.gateway.headers import answer_headers, upstream_headers
from zeta_router.gateway.problems import rejection
from zeta_router.gateway.reading.body import parse
from zeta_router.gateway.reading.intake import asked_text, query_of
from zeta_router.gateway.second_opinion import SecondOpinion
from zeta_router.gateway.upstream import (
    Answer,
    BrokenError,
    Upstream,
    UpstreamError,
)
from zeta_router.router.commands import Dispatch, Hedge, Reject

PATH_OF_OPERATION = {
    Operation.CHAT: "/v1/chat/completions",
    Operation.COMPLETION: "/v1/completions",
    Operation.EMBEDDING: "/v1/embeddings",
    Operation.RERANK: "/v1/rerank",
    Operation.RESPONSE: "/v1/responses",
}

_HELD_BYTES = 16384
"""Most of a stream that is held back until its first token."""

_PROGRESS_EVERY = 16
"""Chunks between two reports of progress; each costs the router about a microsecond."""


class Relay:
    """Serves routed requests.

    Args:
        driver: The router in real time.
        upstream: The client for engines.
        new_id: Gives each query its id, which is its decision id.
        on_overhead: Takes the seconds that we added to each request, queueing excluded.
        on_text: Takes query id and body when the user has switched prompt logging on.
        key_of: Gives the bearer token that an endpoint wants, by its id.
        second: Asked about a query's task where the classifier is uncertain.
        stall_s: Gives `limits.stall_s` as it is at the moment.
    """

    def __init__(
        self,
        driver: RouterDriver,
        upstream: Upstream,
        *,
        new_id: Callable[[], str],
        on_overhead: Callable[[float], None],
        on_text: Callable[[str, bytes], None] | None = None,
        key_of: Callable[[str], str | None] = lambda endpoint_id: None,
        second: SecondOpinion | None = None,
        stall_s: Callable[[], float] = lambda: STALL_S,
    ) -> None:
        self._driver = driver
        self._upstream = upstream
        self._new_id = new_id
        self._on_overhead = on_overhead
        self._on_text = on_text
        self._key_of = key_of
        self._second = second
        self._stall_s = stall_s
        self._looking = Looking(driver)

    async def serve(
        self, request: web.Request, operation: Operation, raw: bytes
    ) -> web.StreamResponse:
        """Answer one request.

        Raises:
            RequestError: The body or a header cannot be understood.
        """
        received_s = self._driver.clock()
        body = parse(operation, raw)
        query = query_of(
            operation,
            body,
            request.headers,
            query_id=self._new_id(),
            now_s=received_s,
            remote=request.remote,
        )
        if self._on_text is not None:
            self._on_text(query.id, raw)
        if self._second is not None:
            query = await self._second.on(query, lambda: asked_text(operation, body))
        ticket = self._driver.arrive(query)
        spent_s = self._driver.clock() - received_s
        exchange = Exchange(request, operation, raw, body.written_model, query, ticket, spent_s)
        ticket.on_cancel = exchange.give_up
        ticket.on_hedge = partial(self._ask_also, exchange)
        try:
            response = await self._attempts(exchange)
        except BaseException:
            self._abandon(exchange)
            raise
        finally:
            self._driver.leave(query.id)
            exchange.end()
        if exchange.kept is not None:
            self._looking.later(query, raw, exchange.kept, exchange.finish_reason)
        return response

    async def _attempts(self, exchange: Exchange) -> web.StreamResponse:
        while True:
            command = await exchange.ticket.next()
            if isinstance(command, Reject):
                return exchange.spare or self._reject(exchange, command)
            exchange.attempt = command.attempt
            response = await self._attempt(exchange, command)
            if response is None:
                response = await exchange.copied()
            if response is not None:
                return response

    def _ask_also(self, exchange: Exchange, command: Hedge) -> None:
        """Ask a second engine while the first one is awaited; the router says whom it believes."""
        exchange.copy = replace(exchange, attempt=command.attempt, waiting=None)
        asking = self._attempt(exchange.copy, command)
        exchange.copying = asyncio.get_running_loop().create_task(asking)

    def _reject(self, exchange: Exchange, command: Reject) -> web.StreamResponse:
        headers = answer_headers(
            command.decision, None, command.queue_wait_s, exchange.overhead_s, exchange.attempt
        )
        return rejection(command.decision, exchange.query.model_requested, headers)

    async def _attempt(
        self, exchange: Exchange, command: Dispatch | Hedge
    ) -> web.StreamResponse | None:
        """Try one endpoint; None when it failed before the client had a byte."""
        endpoint = command.endpoint
        resumed_s = self._driver.clock()
        body = exchange.raw
        upstream_name = endpoint.upstream_model or endpoint.model
        if upstream_name != exchange.query.model_requested or upstream_name == AUTO:
            body = with_model(body, exchange.written_model, upstream_name)
        headers = upstream_headers(exchange.request.headers, self._key_of(endpoint.id))
        sent_s = self._driver.clock()
        exchange.overhead_s += sent_s - resumed_s
        answer: Answer | None = None
        try:
            answer = await exchange.first_part(
                self._upstream.send(endpoint, PATH_OF_OPERATION[exchange.operation], headers, body)
            )
            if not is_answer(answer.status):
                self._end(exchange, refusal(answer))
                return None
            if "text/event-stream" in answer.headers.get("content-type", "").lower():
                return await self._relay_stream(exchange, command, answer, sent_s)
            return await self._relay_whole(exchange, command, answer, sent_s)
        except UpstreamError as problem:
            self._end(exchange, failure(problem, exchange.started))
            return None
        finally:
            if answer is not None:
                answer.close()

    async def _relay_whole(
        self, exchange: Exchange, command: Dispatch | Hedge, answer: Answer, sent_s: float
    ) -> web.StreamResponse | None:
        body = await exchange.first_part(answer.read())
        reading = read_whole(body)
        ok = answer.status < 400
        if ok and (not body or (not reading.complete and ends_by_closing(answer))):
            self._end(exchange, refusal(answer))
            return None
        if ok and is_useless(reading, answer, exchange.operation):
            self._set_aside(exchange, command, answer, rename_whole(body, command.endpoint.model))
            return None
        if ok and exchange.operation in (Operation.EMBEDDING, Operation.RERANK):
            self._driver.first_token(exchange.query.id, exchange.attempt)
        self._end(exchange, answered(reading, answer, self._driver.clock() - sent_s))
        headers = self._headers(exchange, command, answer.headers)
        if ok:
            exchange.kept = partial(kept_of_whole, exchange.operation, body)
            exchange.finish_reason = reading.finish_reason
            body = rename_whole(body, command.endpoint.model)
        return web.Response(status=answer.status, body=body, headers=headers)

    async def _relay_stream(
        self, exchange: Exchange, command: Dispatch | Hedge, answer: Answer, sent_s: float
    ) -> web.StreamResponse | None:
        clock, query, attempt = self._driver.clock, exchange.query, exchange.attempt
        first_s: list[float] = []

        def on_first_token() -> None:
            first_s.append(clock() - sent_s)
            self._driver.first_token(query.id, attempt)

        watcher = SseWatcher(on_first_token)
        text = AnswerText(exchange.operation)
        chunks = answer.chunks()
        try:
            chunk = await self._beginning(exchange, chunks, watcher, text)
            if not chunk:
                self._end(exchange, refusal(answer))
                return None
            if watcher.waits and exchange.ends_by_saying and watcher.end().says_nothing:
                self._set_aside(exchange, command, answer, chunk)
                return None
            response = web.StreamResponse(
                status=answer.status, headers=self._headers(exchange, command, answer.headers)
            )
            exchange.started = True
            await response.prepare(exchange.request)
            try:
                gap_s = longest_gap_s(command.decision, self._stall_s())
                async with Patience(chunks, gap_s) as patience:
                    await self._pump(exchange, command, response, chunk, patience, watcher, text)
                reading = watcher.end()
                if not reading.complete and exchange.ends_by_saying and ends_by_closing(answer):
                    raise BrokenError("the connection was closed before the answer was complete")
                ttft_s = first_s[0] if first_s else None
                exchange.kept, exchange.finish_reason = text.kept, reading.finish_reason
                self._end(exchange, answered(reading, answer, clock() - sent_s, ttft_s))
            except UpstreamError as problem:
                self._end(exchange, failure(problem, started=True))
                await response.write(broken_stream(problem))
            await response.write_eof()
            return response
        finally:
            await chunks.aclose()

    async def _beginning(
        self,
        exchange: Exchange,
        chunks: AsyncGenerator[bytes],
        watcher: SseWatcher,
        text: AnswerText,
    ) -> bytes:
        """The stream up to its first token: what comes before it is nothing to a client.

        As long as it is held back, an engine that fails can be replaced by another one.
        """
        held = b""
        while watcher.waits and len(held) < _HELD_BYTES:
            chunk = await exchange.first_part(anext(chunks, b""))
            if not chunk:
                break
            watcher.feed(chunk)
            text.feed(chunk)
            held += chunk
        return held

    def _set_aside(
        self, exchange: Exchange, command: Dispatch | Hedge, answer: Answer, body: bytes
    ) -> None:
        """Try another engine; should none say more than this one, the client gets its answer."""
        headers = answer_headers(
            command.decision,
            answer.headers,
            command.queue_wait_s,
            exchange.overhead_s,
            command.attempt,
        )
        exchange.spare = web.Response(status=answer.status, body=body, headers=headers)
        self._end(exchange, refusal(answer))

    async def _pump(
        self,
        exchange: Exchange,
        command: Dispatch | Hedge,
        response: web.StreamResponse,
        chunk: bytes,
        patience: Patience,
        watcher: SseWatcher,
        text: AnswerText,
    ) -> None:
        """Pass on chunk after chunk, as they come."""
        served = command.endpoint.model
        count = 0
        while chunk:
            await response.write(rename_chunk(chunk, watcher.model, served))
            chunk = await patience.next()
            watcher.feed(chunk)
            text.feed(chunk)
            count += 1
            if count % _PROGRESS_EVERY == 0:
                self._driver.progress(exchange.query.id, exchange.attempt, watcher.reading.events)

    def _headers(
        self, exchange: Exchange, command: Dispatch | Hedge, theirs: Mapping[str, str]
    ) -> dict[str, str]:
        self._on_overhead(exchange.overhead_s)
        return answer_headers(
            command.decision,
            theirs,
            command.queue_wait_s,
            exchange.overhead_s,
            command.attempt,
        )

    def _end(self, exchange: Exchange, outcome: Outcome) -> None:
        """Report the end of the attempt; a second report of the same attempt changes nothing."""
        self._driver.finished(exchange.query.id, exchange.attempt, outcome)

    def _abandon(self, exchange: Exchange) -> None:
        """Nobody waits for the answer any more: give back what the query holds, in any phase.

        Mostly the client has left. Where it was a bug of ours, the engine is not to blame either.
        """
        command = exchange.ticket.command
        attempt = command.attempt if isinstance(command, Dispatch) else exchange.attempt
        gone = Outcome(Status.CLIENT_GONE, started=exchange.started)
        self._driver.finished(exchange.query.id, attempt, gone)
