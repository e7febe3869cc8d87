"""Asking an idle embedder what a query is about, where that decides where it goes.

The task classifier reads words and shape in some fifty microseconds and is sometimes uncertain. An
embedding endpoint of the fleet knows more, but asking it costs a query a few milliseconds. So it is
asked only when all of this holds: the classifier is uncertain, the query would be placed elsewhere
under another of its plausible tasks (found by dry runs), every one of those placements keeps its
objectives with the wait added, and an embedder is up with nothing in flight. It answers within
`wait_s` or the query goes on without.

The embedding is a query of its own to the router, so that its slot is counted and the log is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import Endpoint, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import (
    AUTO,
    GENERATIVE_TASKS,
    NO_SLO,
    Operation,
    Query,
    Slo,
    Task,
    TaskEstimate,
)
from zeta_router.core.snapshot import EndpointView, Health
from zeta_router.gateway.answer.endings import answered, failure, is_answer, refusal
from zeta_router.gateway.answer.reading import read_whole
from zeta_router.gateway.driver import RouterDriver, Ticket
from zeta_router.gateway.headers import upstream_headers
from zeta_router.gateway.upstream import Upstream, UpstreamError
from zeta_router.learn.task.ask import estimate_tokens, excerpt
from zeta_router.learn.task.embedded import EmbedderHead, refined
from zeta_router.learn.task.protocol import TaskCosts
from zeta_router.router.commands import Dispatch

PLAUSIBLE: Final = 0.05
"""Probability from which on a task is worth a dry run."""

TENANT: Final = "zeta:classifier"
"""The tenant of our own embedding queries, by which they are told apart in the log."""

_PATH: Final = "/v1/embeddings"
_GONE: Final = Outcome(Status.CLIENT_GONE)


@dataclass(frozen=True, slots=True)
class SecondOpinionSettings:
    """When to ask, and what to make of the answer.

    Attributes:
        head: What an embedding says about tasks.
        costs: What each mistake costs.
        below: Probability of the likeliest task below which the classifier is uncertain.
        wait_s: Longest time that a query waits for its embedding.
    """

    head: EmbedderHead
    costs: TaskCosts
    below: float = 0.9
    wait_s: float = 0.05


@dataclass(slots=True)
class Tally:
    """How often what was done, since the start."""

    uncertain: int = 0
    asked: int = 0
    answered: int = 0
    changed: int = 0


class _Vector(msgspec.Struct):
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Vector]


class SecondOpinion:
    """Refines what is known of a query's task before the router sees it.

    Args:
        driver: The router in real time.
        upstream: The client for engines.
        settings: See `SecondOpinionSettings`.
        new_id: Gives the embedding query its id.
        key_of: Gives the bearer token that an endpoint wants, by its id.
    """

    def __init__(
        self,
        driver: RouterDriver,
        upstream: Upstream,
        settings: SecondOpinionSettings,
        *,
        new_id: Callable[[], str],
        key_of: Callable[[str], str | None] = lambda endpoint_id: None,
    ) -> None:
        self._driver = driver
        self._upstream = upstream
        self._settings = settings
        self._new_id = new_id
        self._key_of = key_of
        self.tally = Tally()

    async def on(self, query: Query, text: Callable[[], str]) -> Query:
        """`query`, with its task refined and its arrival moved where an embedder was waited for.

        Args:
            query: As it was understood; not yet given to the router.
            text: Reads what is asked; called only when it is needed.
        """
        known = self._uncertain(query)
        if known is None:
            return query
        self.tally.uncertain += 1
        endpoint = self._idle_embedder()
        if endpoint is None or not self._worth_waiting(query, known):
            return query
        self.tally.asked += 1
        vector = await self._embedding(endpoint, excerpt(text()))
        found = (
            refined(known, vector, self._settings.head, self._settings.costs) if vector else None
        )
        query = query._replace(arrived_at_s=self._driver.clock())
        if found is None:
            return query
        self.tally.answered += 1
        self.tally.changed += found.task is not known.task
        return query._replace(task=found)

    def _uncertain(self, query: Query) -> TaskEstimate | None:
        """What the classifier says, where it is uncertain and nobody else knows."""
        if query.task is not None or query.model_requested != AUTO or not query.features:
            return None
        known = self._driver.router.knowledge.classifier.estimate(query.features, query.operation)
        likeliest = max(known.probability(task) for task in GENERATIVE_TASKS)
        return known if 0.0 < likeliest < self._settings.below else None

    def _idle_embedder(self) -> Endpoint | None:
        """An endpoint that serves the head's embedding model to nobody."""
        name = self._settings.head.model
        for view in self._driver.router.snapshot(self._driver.clock()).views:
            if _is_idle(view) and is_embedder(view.model, view.endpoint, name):
                return view.endpoint
        return None

    def _worth_waiting(self, query: Query, known: TaskEstimate) -> bool:
        """Whether the task decides the place, and every such place leaves time for the wait."""
        places = set()
        for task in GENERATIVE_TASKS:
            if known.probability(task) < PLAUSIBLE:
                continue
            decision = self._driver.router.dry_run(query._replace(task=_only(known, task)))
            if decision.verdict is not Verdict.DISPATCH:
                return False
            if not self._has_slack(query, task, decision):
                return False
            places.add(decision.endpoint_id)
        return len(places) > 1

    def _has_slack(self, query: Query, task: Task, decision: Decision) -> bool:
        slo = query.slo.or_else(self._driver.router.config.slo.get(task, NO_SLO))
        chosen = next(c for c in decision.candidates if c.view.endpoint.id == decision.endpoint_id)
        return _keeps(slo, chosen.ttft_s, chosen.e2e_s, self._settings.wait_s)

    async def _embedding(self, endpoint: Endpoint, text: str) -> list[float] | None:
        """The text's vector; None when it did not come in time, whatever the reason."""
        driver = self._driver
        query = Query(
            self._new_id(),
            driver.clock(),
            operation=Operation.EMBEDDING,
            model_requested=endpoint.model,
            prompt_tokens=estimate_tokens(text),
            tenant=TENANT,
            max_wait_s=0.0,
        )
        ticket = driver.arrive(query)
        command, ticket.command = ticket.command, None
        attempt = command.attempt if isinstance(command, Dispatch) else 0
        outcome = _GONE
        try:
            if isinstance(command, Dispatch):
                async with asyncio.timeout(self._settings.wait_s):
                    vector, outcome = await self._post(command, text)
                    return vector
        except TimeoutError:
            pass
        finally:
            driver.finished(query.id, attempt, outcome)
            self._leave(query.id, ticket)
        return None

    def _leave(self, query_id: str, ticket: Ticket) -> None:
        """No second attempt: give back what the router would do about a failed one."""
        again = ticket.command
        attempt = again.attempt if isinstance(again, Dispatch) else 0
        self._driver.finished(query_id, attempt, _GONE)
        self._driver.leave(query_id)

    async def _post(self, command: Dispatch, text: str) -> tuple[list[float] | None, Outcome]:
        endpoint, sent_s = command.endpoint, self._driver.clock()
        name = endpoint.upstream_name
        body = msgspec.json.encode({"model": name, "input": text, "encoding_format": "float"})
        headers = upstream_headers({}, self._key_of(endpoint.id))
        try:
            answer = await self._upstream.send(endpoint, _PATH, headers, body)
        except UpstreamError as problem:
            return None, failure(problem, started=False)
        try:
            if not is_answer(answer.status):
                return None, refusal(answer)
            raw = await answer.read()
            self._driver.first_token(command.query_id, command.attempt)
            end = answered(read_whole(raw), answer, self._driver.clock() - sent_s)
            return _vector(raw), end
        except UpstreamError as problem:
            return None, failure(problem, started=False)
        finally:
            answer.close()


def is_embedder(model: Model, endpoint: Endpoint, name: str) -> bool:
    """Whether an endpoint's embeddings are those of the model `name`, by any of its names."""
    names = (model.name, endpoint.upstream_model, model.embedding_space)
    return Task.EMBEDDING in model.tasks and name in names


def _is_idle(view: EndpointView) -> bool:
    busy = view.in_flight + view.foreign_in_flight + view.held
    return view.health is Health.UP and not view.paused and busy == 0


def _only(known: TaskEstimate, task: Task) -> TaskEstimate:
    """What would be known if the task were certain: its topics, in their proportions."""
    whole = known.probability(task)
    shares = [share for share in known.topics if share.task is task]
    return TaskEstimate(
        task, tuple(share._replace(probability=share.probability / whole) for share in shares)
    )


def _keeps(slo: Slo, ttft_s: float, e2e_s: float, more_s: float) -> bool:
    """Whether objectives that would be met are still met `more_s` later."""
    return all(
        limit_s is None or predicted_s + more_s <= limit_s
        for limit_s, predicted_s in ((slo.ttft_s, ttft_s), (slo.e2e_s, e2e_s))
    )


def _vector(raw: bytes) -> list[float] | None:
    try:
        data = msgspec.json.decode(raw, type=_Answer).data
    except msgspec.DecodeError:
        return None
    return data[0].embedding if data else None
