"""The metrics: fed with the router's records, rendered for Prometheus.

One collector for all of them, so that a registry of anybody's can take it in. What happens per
query is a few dictionary look-ups; everything else is done when somebody scrapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.query import LANES, NO_SLO, Lane, Query, Slo, Task
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Snapshot
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.bounded import Generations
from zeta_router.telemetry.in_time import in_time
from zeta_router.telemetry.metrics.catalog import RequestSeries
from zeta_router.telemetry.metrics.exposition import CONTENT_TYPE, family_text
from zeta_router.telemetry.metrics.gauges import (
    Reading,
    build_info,
    client_gauges,
    log_gauges,
    router_gauges,
)
from zeta_router.telemetry.metrics.learned import Beliefs, learned_gauges
from zeta_router.telemetry.metrics.place import NONE, Place
from zeta_router.telemetry.metrics.series import OTHER, SERIES_LIMIT, Buckets
from zeta_router.telemetry.records import LogHealth

OPEN_QUERIES = 50_000
"""Queries remembered between decision and end. More are open only if ends get lost."""

CAPACITY_REASONS = frozenset(
    {Reason.QUEUE_FULL, Reason.DEADLINE, Reason.SHED, Reason.NO_ENDPOINT_UP}
)
"""Refusals that more capacity would have spared."""

_NO_PROMISE = frozenset({Reason.UNKNOWN_MODEL, Reason.NO_CAPABLE_MODEL, Reason.DENIED})
"""Refusals of what this fleet cannot do at all; no objective was missed."""

_OWN_DOING = (Status.CLIENT_ERROR, Status.CLIENT_GONE)

_OK, _PINNED, _HEDGED = Status.OK, Reason.PINNED, Reason.HEDGED
_DISPATCH, _REJECT = Verdict.DISPATCH, Verdict.REJECT
"""Bound once: in Python 3.11 the name of an enum's member takes 0.1 µs to look up."""


_Copy = tuple[str, Place, float]
"""Of a second copy: its endpoint, its place, and when it was decided."""

_Open = tuple[Place, Buckets, float, float, Slo, float, _Copy | None]
"""What has to be known of a query when it ends: its place, the waits of its lane, when it came,
when it was decided, what was promised, when it would have come had it only been held, and its
second copy. A plain tuple: a named one takes 0.3 µs to make, this one 0.04."""


class Metrics(Collector):
    """All `zeta_*` metrics.

    Args:
        registry: Where to register too, for who renders metrics of his own beside these.
        fleet_state: The fleet at the moment of the call; called at each scrape.
        queue_depths: Queries held, by lane; called at each scrape.
        log_health: The decision log's health; called at each scrape. None leaves it out.
        beliefs: What was learned; called at each scrape. None leaves it out.
        clients: Open connections, and those turned away by why; called at each scrape. None leaves
            it out.
        routes: The static route of each task, against which spill is counted.
    """

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        *,
        fleet_state: Callable[[], Snapshot],
        queue_depths: Callable[[], Mapping[Lane, int]],
        log_health: Callable[[], LogHealth] | None = None,
        beliefs: Callable[[], Beliefs] | None = None,
        clients: Callable[[], tuple[int, Mapping[str, int]]] | None = None,
        routes: Callable[[], Mapping[Task, str]] = dict,
    ) -> None:
        self.series = RequestSeries()
        self._fleet_state = fleet_state
        self._queue_depths = queue_depths
        self._log_health = log_health
        self._beliefs = beliefs
        self._clients = clients
        self._routes = routes
        self._open: Generations[_Open] = Generations(OPEN_QUERIES)
        self._places: dict[tuple[str, str, str], Place] = {}
        self._waits = {lane.value: self.series.queue_wait.of(lane.value) for lane in LANES}
        self._overhead = self.series.overhead.of()
        self._process = ProcessCollector(registry=None)
        if registry is not None:
            registry.register(self)

    def on_record(self, record: DecisionRecord | OutcomeRecord) -> None:
        """Count a record of the router. About 2 µs; never fails."""
        if type(record) is DecisionRecord:
            self._on_decision(record.query, record.decision)
        elif type(record) is OutcomeRecord:
            self._on_outcome(record)

    def observe_overhead(self, seconds: float) -> None:
        """Count the router's own work on one query."""
        self._overhead.observe(seconds)

    def pieces(self) -> Iterator[str]:
        """All of them and those of the process, in Prometheus' text (`CONTENT_TYPE`).

        In pieces of a fraction of a millisecond, so that whoever renders can let others work
        between two.
        """
        for series in self.series.all:
            yield from series.pieces()
        for gauge, samples in self._gauges():
            yield gauge.text(samples)
        yield from map(family_text, self._process.collect())

    def render(self) -> bytes:
        """All pieces in one."""
        return "".join(self.pieces()).encode()

    # ---- decisions

    def _on_decision(self, query: Query, decision: Decision) -> None:
        self.series.decisions.of(decision.reason._value_, decision.policy).n += 1
        verdict = decision.verdict
        if verdict is _DISPATCH:
            self._on_dispatch(query, decision)
        elif verdict is _REJECT:
            self._on_reject(query, decision)
        elif query.id not in self._open:
            self._open.put(query.id, self._opened(query, decision, NONE, NONE))

    def _on_dispatch(self, query: Query, decision: Decision) -> None:
        endpoint_id = decision.endpoint_id or NONE
        model = _model_of(decision)
        opened = self._opened(query, decision, model, endpoint_id)
        before = self._open.get(query.id)
        if before is not None and decision.reason is _HEDGED:
            copy = (endpoint_id, opened[0], decision.decided_at_s)
            self._open.put(query.id, (*before[:6], copy))
            return
        self._open.put(query.id, opened)
        route = self._routes().get(decision.task.task)
        if route is None or route == model or decision.reason is _PINNED:
            return
        if before is None or before[0].labels[0] in (NONE, route):  # else it had spilled before
            self.series.spill.of(route, model).n += 1

    def _opened(self, query: Query, decision: Decision, model: str, endpoint_id: str) -> _Open:
        key = (model, endpoint_id, decision.task.task._value_)
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= SERIES_LIMIT:
                key = (OTHER, OTHER, OTHER)
            place = self._places.setdefault(key, Place(self.series, *key))
        wait = self._waits[query.lane._value_]
        came_s = query.arrived_at_s
        return (place, wait, came_s, decision.decided_at_s, query.slo, came_s, None)

    def _on_reject(self, query: Query, decision: Decision) -> None:
        reason = decision.reason
        if reason in CAPACITY_REASONS:
            self.series.shed.of(reason.value).n += 1
        opened = self._open.pop(query.id) or self._opened(query, decision, NONE, NONE)
        place, wait, _, _, _, held_from_s, _ = opened
        place.end(reason.value).n += 1
        if reason not in _NO_PROMISE:
            place.unserved.n += 1
        wait.observe(decision.decided_at_s - held_from_s)

    # ---- outcomes

    def _on_outcome(self, record: OutcomeRecord) -> None:
        outcome, endpoint_id = record.outcome, record.endpoint_id
        status = outcome.status
        if endpoint_id is not None:
            self.series.attempts.of(endpoint_id, status._value_).n += 1
        if not outcome.is_final:
            self._goes_on(record)
            return
        opened = self._open.pop(record.query_id)
        if opened is None:
            endpoint = endpoint_id or NONE
            self.series.requests.of(OTHER, endpoint, OTHER, status.value).n += 1
            return
        place, wait, arrived_at_s, dispatched_at_s, slo, _, copy = opened
        if copy is not None and copy[0] == endpoint_id:
            _, place, dispatched_at_s = copy
        place.end(status._value_).n += 1
        wait.observe(record.queue_wait_s)
        if status is not _OK:
            if status not in _OWN_DOING:
                place.unserved.n += 1
            return
        e2e_s = record.at_s - arrived_at_s
        place.duration.observe(e2e_s)
        ttft_s, tpot_s = outcome.ttft_s, None
        if ttft_s is not None:
            ttft_s += dispatched_at_s - arrived_at_s
            place.ttft.observe(ttft_s)
            tpot_s = outcome.tpot_s
            if tpot_s is not None:
                place.tpot.observe(tpot_s)
        kept = slo is NO_SLO or in_time(slo, e2e_s, ttft_s, tpot_s)
        (place.met if kept else place.late).n += 1

    def _goes_on(self, record: OutcomeRecord) -> None:
        """The time that an attempt took before it failed was no waiting in the router."""
        opened = self._open.get(record.query_id)
        if opened is not None:
            held_from_s = record.at_s - record.queue_wait_s
            self._open.put(record.query_id, (*opened[:5], held_from_s, opened[6]))

    # ---- scrapes

    def describe(self) -> Iterator[Metric]:
        """Names only, for the registry's check against duplicates; asks nobody for anything."""
        for series in self.series.all:
            yield series.family()

    def collect(self) -> Iterator[Metric]:
        """Everything, as of now."""
        for series in self.series.all:
            yield series.family()
        for gauge, samples in self._gauges():
            yield gauge.family(samples)

    def _gauges(self) -> Iterator[Reading]:
        yield from router_gauges(self._queue_depths(), self._fleet_state())
        if self._beliefs is not None:
            yield from learned_gauges(self._beliefs())
        if self._log_health is not None:
            yield from log_gauges(self._log_health())
        if self._clients is not None:
            yield from client_gauges(*self._clients())
        yield build_info()


__all__ = ["CONTENT_TYPE", "Metrics"]


def _model_of(decision: Decision) -> str:
    chosen = decision.endpoint_id
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == chosen:
            return candidate.view.model.name
    return OTHER
