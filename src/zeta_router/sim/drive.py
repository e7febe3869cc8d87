"""The driver in virtual time: what the gateway does with sockets, done with engine models.

It owns no decision. Queries go to the router as `Arrived`, its commands go to the engines, what the
engines do comes back as events, polls and probes included. The router object is the product's own.

Differences from the gateway: no network and no parsing time, no client that leaves early, no
`Progress` events. The wall clock is read in one place, around the decision on an arrival, to report
what it costs; nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from time import perf_counter
from typing import cast

from zeta_router.core.errors import BugError
from zeta_router.core.outcome import Status
from zeta_router.core.query import Query, TaskEstimate
from zeta_router.router import events
from zeta_router.router.commands import (
    Cancel,
    Command,
    Dispatch,
    Emit,
    Hedge,
    Prewarm,
    Reject,
    SetTimer,
    StartProbe,
)
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.engine.disturb import Disturbances
from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel
from zeta_router.sim.record import End, Record, Trip
from zeta_router.sim.watching import Watching
from zeta_router.sim.workload.lengths import KnownTopics
from zeta_router.sim.workload.queries import Played

DEFAULT_MAX_WAIT_S = 30.0
"""Longest wait of a query without a TTFT objective (DESIGN §4, common admission)."""

REFUSED_S = 0.001
BUSY_S = 0.003
"""How long a refused connection and a quick 503 take on one machine."""

WATCH_S = 10.0
"""How often `Conditions.watch` is called."""

_STUCK_S = 7 * 86_400.0


class Drive:
    """One run: queries through the router onto engines.

    Attributes:
        records: One per query, in the order of arrival.
        decision_s: Wall time of the router's word on each arrival.
    """

    def __init__(
        self,
        router: ZetaDynamicRouter,
        engines: Mapping[str, EngineSpec],
        queries: Sequence[Played],
        conditions: Conditions | None = None,
        disturbances: Disturbances | None = None,
    ) -> None:
        self.kernel = Kernel()
        self.router = router
        self.engines = {key: Engine(self.kernel, spec, self) for key, spec in engines.items()}
        self.records = [Record(query) for query in queries]
        self.decision_s: list[float] = []
        self._conditions = conditions or Conditions()
        self._disturbances = disturbances or Disturbances((), 0)
        self._open: dict[str, Record] = {}
        self._trips: dict[tuple[str, int], Trip] = {}
        self._next = 0
        self._timers: dict[str, float] = {}
        self._moved_at_s = 0.0
        self._watching = Watching(
            self.kernel, self.engines, router, self._conditions.polls, self._tell
        )

    @property
    def open_queries(self) -> int:
        """Queries that have arrived and not ended."""
        return len(self._open)

    def run(self) -> None:
        """Play everything to its end.

        Raises:
            BugError: If a query is lost on the way, or nothing moves for a week.
        """
        self.begin()
        self.advance()
        if self.router.open_cases:
            raise BugError(f"the router still holds {self.router.open_cases} ended queries")

    def begin(self) -> None:
        """Make everything ready; nothing has happened yet. For whoever plays a run in parts."""
        self._disturbances.arrange(self.kernel, self.engines)
        self._watching.start()
        if self._conditions.watch is not None:
            self.kernel.at(0.0, self._watch)
        if self.records:
            self.kernel.at(self.records[0].played.at_s, self._arrive)

    def advance(self, until_s: float = inf) -> None:
        """Play on until `until_s`, or until every query has come and ended.

        Raises:
            BugError: If nothing moves for a week.
        """
        while self._goes_on and (self.kernel.next_at_s or 0.0) <= until_s:
            if not self.kernel.step():
                raise BugError(f"{len(self._open)} queries are held and nothing will free them")
            if self.kernel.now_s - self._moved_at_s > _STUCK_S:
                raise BugError(f"{len(self._open)} queries have not moved for a week")

    def tell(self, event: events.Event) -> None:
        """Tell the router something that comes from outside the run, and do what it says."""
        self._tell(event)

    @property
    def is_over(self) -> bool:
        """Whether every query has come and ended."""
        return not self._goes_on

    @property
    def _goes_on(self) -> bool:
        return self._next < len(self.records) or bool(self._open)

    # ---- queries

    def _arrive(self) -> None:
        record = self.records[self._next]
        self._next += 1
        if self._next < len(self.records):
            self.kernel.at(self.records[self._next].played.at_s, self._arrive)
        query = self._query(record.played)
        self._open[query.id] = record
        before_s = perf_counter()
        commands = self.router.handle(events.Arrived(self.kernel.now_s, query))
        self.decision_s.append(perf_counter() - before_s)
        self._execute(commands)

    def _query(self, played: Played) -> Query:
        card = played.card
        estimate = card.estimate
        if estimate is not None and self._conditions.tell_lengths:
            tokens = {model: outcome.output_tokens for model, outcome in played.outcomes.items()}
            estimate = TaskEstimate(estimate.task, KnownTopics(estimate.topics, tokens))
        max_wait_s = card.slo.ttft_s if card.slo.ttft_s is not None else DEFAULT_MAX_WAIT_S
        return Query(
            id=played.id,
            arrived_at_s=self.kernel.now_s,
            features=card.features,
            task=estimate,
            prompt_tokens=played.input_tokens,
            slo=card.slo,
            tenant=played.tenant,
            stream=True,
            max_wait_s=max_wait_s,
            prefix_hashes=played.prefix_hashes,
        )

    # ---- commands

    def _tell(self, event: events.Event) -> None:
        self._execute(self.router.handle(event))

    def _execute(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Emit):
                if self._conditions.log is not None:
                    self._conditions.log.on_record(command.record)
            elif isinstance(command, Dispatch | Hedge):
                self._dispatch(command)
            elif isinstance(command, SetTimer):
                self._set_timer(command)
            elif isinstance(command, Reject):
                self._reject(command)
            elif isinstance(command, Cancel):
                self._cancel(command)
            elif isinstance(command, StartProbe):
                self._watching.probe(command)
            elif isinstance(command, Prewarm):
                self._watching.prewarm(command)

    def _dispatch(self, command: Dispatch | Hedge) -> None:
        now_s = self.kernel.now_s
        self._moved_at_s = now_s
        endpoint = command.endpoint
        record = self._open[command.query_id]
        record.endpoint_id = endpoint.id
        record.attempts = command.attempt
        record.queue_wait_s = command.queue_wait_s
        engine = self.engines[endpoint.id]
        trip = Trip(record, command.attempt, endpoint.id, endpoint.model, now_s)
        self._trips[command.query_id, command.attempt] = trip
        if not engine.alive:
            self._fail_soon(trip, REFUSED_S, Status.UPSTREAM_UNREACHABLE, None)
        elif self._disturbances.says_busy(endpoint.id, command.query_id, now_s):
            self._fail_soon(trip, BUSY_S, Status.UPSTREAM_BUSY, 503)
        else:
            worth = self._disturbances.worth(endpoint.id, now_s)
            trip.score = worth * record.played.outcomes[endpoint.model].score
            if not engine.submit(trip):
                self._fail_soon(trip, REFUSED_S, Status.CLIENT_ERROR, 400)

    def _reject(self, command: Reject) -> None:
        record = self._open[command.query_id]
        record.reason = command.decision.reason
        record.queue_wait_s = command.queue_wait_s
        self._close(record, End.SHED)

    def _cancel(self, command: Cancel) -> None:
        """Take an attempt off its engine, unless its first token has come."""
        trip = self._trips.get((command.query_id, command.attempt))
        if trip is not None and trip.first_token_at_s is None:
            self.engines[trip.endpoint_id].cancel(trip)
            self._end(trip, Status.UPSTREAM_TIMEOUT, None)

    def _set_timer(self, command: SetTimer) -> None:
        due_s = max(command.due_at_s, self.kernel.now_s)
        self._timers[command.key] = due_s
        self.kernel.at(due_s, self._fire, command.key, due_s)

    def _fire(self, key: str, due_s: float) -> None:
        if self._timers.get(key) == due_s:
            del self._timers[key]
            self._tell(events.Timer(self.kernel.now_s, key))

    # ---- what engines do

    def first_token(self, job: Job) -> None:
        """See `Listener`."""
        trip = cast(Trip, job)
        trip.first_token_at_s = self.kernel.now_s
        self._tell(events.FirstToken(self.kernel.now_s, trip.record.played.id, trip.attempt))

    def finished(self, job: Job) -> None:
        """See `Listener`."""
        self._end(cast(Trip, job), Status.OK, 200)

    def failed(self, job: Job) -> None:
        """See `Listener`."""
        self._end(cast(Trip, job), Status.UPSTREAM_ERROR, None)

    def _fail_soon(self, trip: Trip, after_s: float, status: Status, http: int | None) -> None:
        self.kernel.at(self.kernel.now_s + after_s, self._end, trip, status, http)

    def _end(self, trip: Trip, status: Status, http_status: int | None) -> None:
        """An attempt is over: tell the router, and close the query unless it may be tried again."""
        now_s, record = self.kernel.now_s, trip.record
        if self._trips.pop((record.played.id, trip.attempt), None) is None:
            return
        outcome = trip.outcome(now_s, status, http_status)
        first_s = trip.first_token_at_s
        if status is Status.OK and first_s is not None:
            record.endpoint_id, record.score = trip.endpoint_id, trip.score
            record.first_token_at_s = first_s
            record.output_tokens = trip.output_tokens
            self._close(record, End.SERVED)
        elif outcome.started or status is Status.CLIENT_ERROR:
            self._close(record, End.FAILED)
        self._tell(events.Finished(now_s, record.played.id, trip.attempt, outcome))

    def _close(self, record: Record, end: End) -> None:
        self._moved_at_s = self.kernel.now_s
        record.end = end
        record.ended_at_s = self.kernel.now_s
        if end is not End.SERVED:
            record.score = 0.0
        del self._open[record.played.id]
        said = self._conditions.said_of(record)
        if said is not None:
            after_s, score = said
            self.kernel.at(self.kernel.now_s + after_s, self._feed_back, record, score)

    def _watch(self) -> None:
        self.kernel.at(self.kernel.now_s + WATCH_S, self._watch)
        if self._conditions.watch is not None:
            self._conditions.watch(self)

    def _feed_back(self, record: Record, score: float) -> None:
        if self._conditions.log is not None:
            self._conditions.log.on_feedback(record.played.id, score, self.kernel.now_s)
        self._tell(events.Feedback(self.kernel.now_s, record.played.id, score))
