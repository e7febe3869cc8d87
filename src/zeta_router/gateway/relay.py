"""One routed request from its body to its last byte.

The router decides; this follows: send, and send again when an attempt failed before the client had
a byte. `gateway.attempt` passes the answer on and reports how it ended. A client that leaves
cancels the handler wherever it stands, and that closes the engine's connection and frees the slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from aiohttp import web

from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import AUTO, Operation
from zeta_router.core.reasons import Reason
from zeta_router.gateway.answer.endings import is_denial
from zeta_router.gateway.answer.splice import with_model
from zeta_router.gateway.answer.stall import STALL_S
from zeta_router.gateway.attempt import Attempt
from zeta_router.gateway.checking.looking import Looking
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.exchange import Exchange
from zeta_router.gateway.headers import answer_headers, upstream_headers
from zeta_router.gateway.keys.holder import holder_of
from zeta_router.gateway.problems import rejection
from zeta_router.gateway.reading.body import parse
from zeta_router.gateway.reading.intake import asked_text, query_of
from zeta_router.gateway.second_opinion import SecondOpinion
from zeta_router.gateway.upstream import Upstream
from zeta_router.router.commands import Dispatch, Hedge, Reject

PATH_OF_OPERATION = {
    Operation.CHAT: "/v1/chat/completions",
    Operation.COMPLETION: "/v1/completions",
    Operation.EMBEDDING: "/v1/embeddings",
    Operation.RERANK: "/v1/rerank",
    Operation.RESPONSE: "/v1/responses",
}


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
            holder=holder_of(request),
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
                return self._refused(exchange, command)
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

    def _refused(self, exchange: Exchange, command: Reject) -> web.StreamResponse:
        """The best that is left: an engine's own words, unless only others had been too busy."""
        spare = exchange.spare
        if spare is not None and (
            not is_denial(spare.status) or command.decision.reason is Reason.DENIED
        ):
            return spare
        return self._reject(exchange, command)

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
        upstream_name = endpoint.upstream_name
        if upstream_name != exchange.query.model_requested or upstream_name == AUTO:
            body = with_model(body, exchange.written_model, upstream_name)
        headers = upstream_headers(exchange.request.headers, self._key_of(endpoint.id))
        sent_s = self._driver.clock()
        exchange.overhead_s += sent_s - resumed_s
        asking = self._upstream.send(endpoint, PATH_OF_OPERATION[exchange.operation], headers, body)
        attempt = Attempt(exchange, command, self._driver, sent_s, self._on_overhead, self._stall_s)
        return await attempt.follow(asking)

    def _abandon(self, exchange: Exchange) -> None:
        """Nobody waits for the answer any more: give back what the query holds, in any phase.

        Mostly the client has left. Where it was a bug of ours, the engine is not to blame either.
        """
        command = exchange.ticket.command
        attempt = command.attempt if isinstance(command, Dispatch) else exchange.attempt
        tokens = exchange.passed_tokens
        gone = Outcome(Status.CLIENT_GONE, started=exchange.started, output_tokens=tokens)
        self._driver.finished(exchange.query.id, attempt, gone)
