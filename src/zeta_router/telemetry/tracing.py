"""Traces: one for each query, made of the router's own records.

    chat auto                    server   arrival to end; child of the client's span if it has one
      zeta.decide                internal arrival to dispatch or refusal: waiting included
      chat coder-7b              client   one attempt; its id is what the engine is sent

Needs the `otel` extra; nothing here is imported where tracing is off. Making the three spans takes
about 0.25 ms of the relaying thread; sending them is the work of the SDK's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.bounded import Generations
from zeta_router.telemetry.span_attributes import (
    OPERATION_NAME,
    Attributes,
    candidate_of,
    of_attempt,
    of_decision,
    of_outcome,
    of_query,
)

OPEN_TRACES = 20_000
"""Queries whose spans are kept open. More are open only if ends get lost."""

_W3C = TraceContextTextMapPropagator()
_SLOWER = Outcome(Status.HEDGE_LOST)
_NO_FAULT = (Status.OK, Status.CLIENT_GONE, Status.HEDGE_LOST)


@dataclass(slots=True)
class _Client:
    """The request that a task is serving.

    Attributes:
        carrier: What it said of its own trace.
        query_id: The query that was made of it last; there may be one before, about its embedding.
    """

    carrier: dict[str, str]
    query_id: str = ""


_SERVED: ContextVar[_Client | None] = ContextVar("zeta_served", default=None)


@dataclass(slots=True)
class _Trace:
    """The open spans of a query.

    Attributes:
        since_s: From when on the next decision is waited for.
        running: Attempts that have not ended, by number: two while a copy is on its way.
        served: What the trace says of who serves it, by the number of the attempt.
        attempts: Dispatches so far.
    """

    root: Span
    query: Query
    since_s: float
    running: dict[int, Span] = field(default_factory=dict)
    served: dict[int, Attributes] = field(default_factory=dict)
    attempts: int = 0
    held: bool = False


class Tracing:
    """Spans of everything that the router decides.

    Args:
        tracer: Makes the spans.
        wall_offset_s: What the driver's clock lacks to the time since 1970, in seconds.
    """

    def __init__(self, tracer: Tracer, wall_offset_s: float) -> None:
        self._tracer = tracer
        self._wall_offset_s = wall_offset_s
        self._open: Generations[_Trace] = Generations(OPEN_TRACES)
        self._handlers: dict[type, Callable[..., None]] = {
            DecisionRecord: self._on_decision,
            OutcomeRecord: self._on_outcome,
        }

    def serving(self, headers: Mapping[str, str]) -> None:
        """The running task serves a request with these headers from here on."""
        names = ("traceparent", "tracestate")
        _SERVED.set(_Client({name: value for name in names if (value := headers.get(name))}))

    def sends(self) -> dict[str, str]:
        """Headers that make the engine's spans children of the attempt that this task is making.

        None where there is no such attempt.
        """
        headers: dict[str, str] = {}
        client = _SERVED.get()
        trace = self._open.get(client.query_id) if client is not None else None
        if trace is not None and trace.running:
            latest = trace.running[max(trace.running)]
            _W3C.inject(headers, set_span_in_context(latest, Context()))
        return headers

    def on_record(self, record: object) -> None:
        """Take in a record of the router; others than decisions and outcomes say nothing here."""
        handler = self._handlers.get(type(record))
        if handler is not None:
            handler(record)

    def _on_decision(self, record: DecisionRecord) -> None:
        decision = record.decision
        trace = self._open.get(decision.query_id) or self._opened(record.query)
        if decision.verdict is Verdict.WAIT:
            if not trace.held:
                at_ns = self._ns(decision.decided_at_s)
                trace.root.add_event("zeta.held", {"zeta.reason": decision.reason.value}, at_ns)
            trace.held = True
            return
        self._decide_span(trace, decision)
        if decision.verdict is Verdict.REJECT:
            trace.root.set_attribute("error.type", decision.reason.value)
            trace.root.set_status(StatusCode.ERROR, decision.reason.value)
            self._end(trace, decision.query_id, decision.decided_at_s)
        else:
            self._attempt_span(trace, decision)

    def _opened(self, query: Query) -> _Trace:
        """The trace of a query that is decided upon for the first time: by its own task."""
        client = _SERVED.get()
        carrier: dict[str, str] = {}
        if client is not None:
            client.query_id, carrier = query.id, client.carrier
        root = self._tracer.start_span(
            f"{OPERATION_NAME[query.operation]} {query.model_requested}",
            # an empty context and not None, which would stand for whatever span is current
            _W3C.extract(carrier, context=Context()),
            SpanKind.SERVER,
            of_query(query),
            start_time=self._ns(query.arrived_at_s),
        )
        trace = _Trace(root, query, query.arrived_at_s)
        self._open.put(query.id, trace)
        return trace

    def _decide_span(self, trace: _Trace, decision: Decision) -> None:
        """What lies between arrival, or a failed attempt, and this decision; of a copy nothing."""
        is_copy = decision.reason is Reason.HEDGED
        span = self._tracer.start_span(
            "zeta.decide",
            set_span_in_context(trace.root, Context()),
            SpanKind.INTERNAL,
            of_decision(decision),
            start_time=self._ns(decision.decided_at_s if is_copy else trace.since_s),
        )
        span.end(self._ns(decision.decided_at_s))

    def _attempt_span(self, trace: _Trace, decision: Decision) -> None:
        trace.attempts += 1
        chosen = candidate_of(decision)
        if chosen is None:
            return
        model = chosen.view.model.name
        trace.served[trace.attempts] = {
            "gen_ai.response.model": model,
            "zeta.endpoint": chosen.view.endpoint.id,
            "zeta.task": decision.task.task.value,
            "zeta.reason": decision.reason.value,
        }
        trace.root.set_attributes(trace.served[trace.attempts])
        trace.running[trace.attempts] = self._tracer.start_span(
            f"{OPERATION_NAME[trace.query.operation]} {model}",
            set_span_in_context(trace.root, Context()),
            SpanKind.CLIENT,
            of_attempt(trace.query, chosen, trace.attempts),
            start_time=self._ns(decision.decided_at_s),
        )

    def _on_outcome(self, record: OutcomeRecord) -> None:
        trace = self._open.get(record.query_id)
        if trace is None:
            return
        outcome, told = record.outcome, of_outcome(record.outcome)
        fails = outcome.status not in _NO_FAULT
        attempt = trace.running.pop(record.attempt, None)
        if attempt is not None:
            attempt.set_attributes(told)
            if fails:
                attempt.set_status(StatusCode.ERROR, outcome.status.value)
            attempt.end(self._ns(record.at_s))
        trace.since_s = record.at_s
        if not outcome.is_final:
            return  # tried again, or refused: the next decision tells
        trace.root.set_attributes(trace.served.get(record.attempt, {}))
        trace.root.set_attributes(told)
        trace.root.set_attribute("zeta.attempts", trace.attempts)
        if fails and outcome.status is not Status.CLIENT_ERROR:
            trace.root.set_status(StatusCode.ERROR, outcome.status.value)
        self._end(trace, record.query_id, record.at_s)

    def _end(self, trace: _Trace, query_id: str, at_s: float) -> None:
        for slower in trace.running.values():
            slower.set_attributes(of_outcome(_SLOWER))
            slower.end(self._ns(at_s))
        trace.root.end(self._ns(at_s))
        self._open.pop(query_id)

    def _ns(self, at_s: float) -> int:
        return int((at_s + self._wall_offset_s) * 1e9)
