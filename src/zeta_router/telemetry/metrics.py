"""The metrics: fed with the router's records, rendered for Prometheus.

One collector for all of them, so that a registry of anybody's can take it in. What happens per
query is a few dictionary look-ups; everything else is done when somebody scrapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.query import Lane, Query, Task
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Snapshot
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.bounded import Generations
from zeta_router.telemetry.metric_catalog import RequestSeries
from zeta_router.telemetry.metric_gauges import (
    build_info,
    endpoint_gauges,
    log_metrics,
    queue_gauges,
)
from zeta_router.telemetry.metric_series import OTHER
from zeta_router.telemetry.records import LogHealth

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What `Metrics.render` returns, for the Content-Type header."""

NONE = "none"
"""Label of a query that was never sent anywhere."""

OPEN_QUERIES = 50_000
"""Queries remembered between decision and end. More are open only if ends get lost."""

CAPACITY_REASONS = frozenset(
    {Reason.QUEUE_FULL, Reason.DEADLINE, Reason.SHED, Reason.NO_ENDPOINT_UP}
)
"""Refusals that more capacity would have spared."""

_ENDS = frozenset({Status.OK, Status.CLIENT_ERROR, Status.CLIENT_GONE})
"""Outcomes after which nothing is tried again. After the others a query ends only when the client
had received a byte; else the router decides once more, if only to refuse."""


class _Open(NamedTuple):
    """What has to be known of a query when it ends."""

    task: str
    model: str
    endpoint: str
    lane: str
    arrived_at_s: float
    dispatched_at_s: float


class Metrics(Collector):
    """All `zeta_*` metrics.

    Args:
        registry: Where to register; a fresh one when None.
        fleet_state: The fleet at the moment of the call; called at each scrape.
        queue_depths: Queries held, by lane; called at each scrape.
        log_health: The decision log's health; called at each scrape. None leaves it out.
        routes: The static route of each task, against which spill is counted.
    """

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        *,
        fleet_state: Callable[[], Snapshot],
        queue_depths: Callable[[], Mapping[Lane, int]],
        log_health: Callable[[], LogHealth] | None = None,
        routes: Callable[[], Mapping[Task, str]] = dict,
    ) -> None:
        self.registry = registry if registry is not None else CollectorRegistry(auto_describe=False)
        self.series = RequestSeries()
        self._fleet_state = fleet_state
        self._queue_depths = queue_depths
        self._log_health = log_health
        self._routes = routes
        self._open: Generations[_Open] = Generations(OPEN_QUERIES)
        self.registry.register(self)

    def on_record(self, record: DecisionRecord | OutcomeRecord) -> None:
        """Count a record of the router. About 2 µs; never fails."""
        if type(record) is DecisionRecord:
            self._on_decision(record.query, record.decision)
        elif type(record) is OutcomeRecord:
            self._on_outcome(record)

    def observe_overhead(self, seconds: float) -> None:
        """Count the router's own work on one query."""
        self.series.overhead.observe((), seconds)

    def render(self) -> bytes:
        """Everything in Prometheus' text format; `CONTENT_TYPE` says which version of it."""
        return generate_latest(self.registry)

    # ---- decisions

    def _on_decision(self, query: Query, decision: Decision) -> None:
        self.series.decisions.add((decision.reason.value, decision.policy))
        if decision.verdict is Verdict.DISPATCH:
            self._on_dispatch(query, decision)
        elif decision.verdict is Verdict.REJECT:
            self._on_reject(query, decision)
        elif query.id not in self._open:
            self._open.put(query.id, _opened(query, decision, NONE, NONE))

    def _on_dispatch(self, query: Query, decision: Decision) -> None:
        endpoint_id = decision.endpoint_id or NONE
        model = _model_of(decision)
        self._open.put(query.id, _opened(query, decision, model, endpoint_id))
        route = self._routes().get(decision.task.task)
        if route is not None and route != model and decision.reason is not Reason.PINNED:
            self.series.spill.add((route, model))

    def _on_reject(self, query: Query, decision: Decision) -> None:
        opened = self._open.pop(query.id)
        if decision.reason in CAPACITY_REASONS:
            self.series.shed.add((decision.reason.value,))
        if opened is None:
            opened = _opened(query, decision, NONE, NONE)
        self.series.requests.add(
            (opened.model, opened.endpoint, opened.task, decision.reason.value)
        )
        held_s = decision.decided_at_s - query.arrived_at_s
        self.series.queue_wait.observe((opened.lane,), held_s)

    # ---- outcomes

    def _on_outcome(self, record: OutcomeRecord) -> None:
        outcome = record.outcome
        status = outcome.status
        if record.endpoint_id is not None:
            self.series.attempts.add((record.endpoint_id, status.value))
        if not (outcome.started or status in _ENDS):
            return
        opened = self._open.pop(record.query_id)
        if opened is None:
            endpoint = record.endpoint_id or NONE
            self.series.requests.add((OTHER, endpoint, OTHER, status.value))
            return
        self.series.requests.add((opened.model, opened.endpoint, opened.task, status.value))
        self.series.queue_wait.observe((opened.lane,), record.queue_wait_s)
        if status is Status.OK:
            self._on_answer(record, opened)

    def _on_answer(self, record: OutcomeRecord, opened: _Open) -> None:
        key = (opened.model, opened.task)
        outcome = record.outcome
        self.series.duration.observe(key, record.at_s - opened.arrived_at_s)
        if outcome.ttft_s is not None:
            before_s = opened.dispatched_at_s - opened.arrived_at_s
            self.series.ttft.observe(key, before_s + outcome.ttft_s)
        tpot_s = outcome.tpot_s
        if tpot_s is not None:
            self.series.tpot.observe(key, tpot_s)

    # ---- scrapes

    def describe(self) -> Iterator[Metric]:
        """Names only, for the registry's check against duplicates; asks nobody for anything."""
        for series in self.series.all:
            yield series.family()

    def collect(self) -> Iterator[Metric]:
        """Everything, as of now."""
        for series in self.series.all:
            yield series.family()
        yield from queue_gauges(self._queue_depths())
        yield from endpoint_gauges(self._fleet_state())
        if self._log_health is not None:
            yield from log_metrics(self._log_health())
        yield from build_info()


def _opened(query: Query, decision: Decision, model: str, endpoint_id: str) -> _Open:
    return _Open(
        decision.task.task.value,
        model,
        endpoint_id,
        query.lane.value,
        query.arrived_at_s,
        decision.decided_at_s,
    )


def _model_of(decision: Decision) -> str:
    chosen = decision.endpoint_id
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == chosen:
            return candidate.view.model.name
    return OTHER
