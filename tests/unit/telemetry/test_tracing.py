"""What a trace of each kind of query looks like, on the SDK's own in-memory exporter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

from support.records import decided, ended, query
from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.query import Operation
from zeta_router.core.reasons import Reason
from zeta_router.telemetry import tracing as module
from zeta_router.telemetry.tracing import Tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OFFSET_S = 1_000_000.0


class Traced:
    """A tracing with what it has exported."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self.exporter = InMemorySpanExporter()
        provider = provider or TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = Tracing(provider.get_tracer("test"), OFFSET_S)

    def feed(self, *records: object) -> None:
        for record in records:
            self.tracing.on_record(record)

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        """By name; names of a trace differ in these tests."""
        found = {span.name: span for span in self.exporter.get_finished_spans()}
        assert len(found) == len(self.exporter.get_finished_spans())
        return found


@pytest.fixture
def traced() -> Iterator[Traced]:
    token = module._SERVED.set(None)
    yield Traced()
    module._SERVED.reset(token)


def at(span: ReadableSpan) -> tuple[float, float]:
    """Start and end on the router's clock."""
    assert span.start_time is not None
    assert span.end_time is not None
    return round(span.start_time / 1e9 - OFFSET_S, 3), round(span.end_time / 1e9 - OFFSET_S, 3)


def test_an_answered_query(traced: Traced) -> None:
    traced.tracing.serving({})
    traced.feed(decided(at_s=100.4), ended(at_s=104.4, cached_tokens=12))
    root, decide, attempt = (traced.spans[n] for n in ("chat auto", "zeta.decide", "chat coder-7b"))
    assert (root.kind, decide.kind, attempt.kind) == (
        SpanKind.SERVER,
        SpanKind.INTERNAL,
        SpanKind.CLIENT,
    )
    assert root.parent is None
    assert decide.parent == attempt.parent == root.context
    assert (at(root), at(decide), at(attempt)) == ((99.9, 104.4), (99.9, 100.4), (100.4, 104.4))
    assert dict(root.attributes or {}) | {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "zeta_router",
        "gen_ai.request.model": "auto",
        "gen_ai.request.max_tokens": 256,
        "gen_ai.response.model": "coder-7b",
        "gen_ai.usage.input_tokens": 44,
        "gen_ai.usage.output_tokens": 71,
        "gen_ai.usage.cache_read.input_tokens": 12,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.5,
        "zeta.decision.id": "q1",
        "zeta.endpoint": "a",
        "zeta.reason": "route",
        "zeta.attempts": 1,
    } == dict(root.attributes or {})
    told = dict(attempt.attributes or {})
    assert (told["server.address"], told["server.port"]) == ("127.0.0.1", 18101)
    assert (told["gen_ai.provider.name"], told["gen_ai.request.model"]) == ("llamacpp", "coder-7b")
    assert root.status.status_code is attempt.status.status_code is StatusCode.UNSET
    assert dict(decide.attributes or {})["zeta.candidates"] == 2
    assert "error.type" not in told


def test_the_clients_trace_goes_on_and_the_attempts_id_goes_to_the_engine(traced: Traced) -> None:
    traced.tracing.serving({"traceparent": PARENT, "tracestate": "vendor=1"})
    traced.feed(decided())
    sent = traced.tracing.sends()
    traced.feed(ended())
    assert traced.tracing.sends() == {}
    root, attempt = traced.spans["chat auto"], traced.spans["chat coder-7b"]
    assert root.parent is not None
    assert format(root.parent.span_id, "016x") == "b7ad6b7169203331"
    assert attempt.context is not None
    trace_id, span_id = (
        format(attempt.context.trace_id, "032x"),
        format(attempt.context.span_id, "016x"),
    )
    assert trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert sent == {"traceparent": f"00-{trace_id}-{span_id}-01", "tracestate": "vendor=1"}


@pytest.mark.parametrize("bad", ["", "00-zz-b7ad6b7169203331-01", "x" * 4000])
def test_a_traceparent_that_is_none_starts_a_new_trace(traced: Traced, bad: str) -> None:
    traced.tracing.serving({"traceparent": bad})
    traced.feed(decided(), ended())
    assert traced.spans["chat auto"].parent is None


def test_a_client_that_does_not_want_a_trace_gets_none_and_says_so_to_the_engine() -> None:
    token = module._SERVED.set(None)
    sampler = ParentBased(ALWAYS_OFF)
    traced = Traced(TracerProvider(sampler=sampler, shutdown_on_exit=False))
    traced.tracing.serving({"traceparent": PARENT.removesuffix("01") + "00"})
    traced.feed(decided())
    assert traced.tracing.sends()["traceparent"].endswith("-00")
    traced.feed(ended())
    assert traced.spans == {}
    module._SERVED.reset(token)


def test_a_retried_query_has_an_attempt_for_each(traced: Traced) -> None:
    failed = ended(at_s=101.0, status=Status.UPSTREAM_ERROR, started=False, http_status=500)
    again = decided(number=2, at_s=101.2, endpoint_id="b")
    traced.feed(decided(at_s=100.0), failed, again)
    traced.feed(ended(attempt=2, endpoint_id="b"))
    spans = traced.exporter.get_finished_spans()
    assert [span.name for span in spans] == [
        "zeta.decide",
        "chat coder-7b",
        "zeta.decide",
        "chat reasoner-14b",
        "chat auto",
    ]
    assert at(spans[2]) == (101.0, 101.2)
    assert spans[1].status.status_code is StatusCode.ERROR
    assert dict(spans[1].attributes or {})["error.type"] == "upstream_error"
    root = dict(spans[4].attributes or {})
    assert (root["zeta.attempts"], root["gen_ai.response.model"]) == (2, "reasoner-14b")
    assert spans[4].status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(("winner", "loser", "attempt"), [("a", "b", 1), ("b", "a", 2)])
def test_a_hedged_query_has_both_copies_and_says_who_answered(
    traced: Traced, winner: str, loser: str, attempt: int
) -> None:
    traced.tracing.serving({})
    also = decided(number=2, at_s=101.0, endpoint_id="b", reason=Reason.HEDGED)
    answer = ended(at_s=102.0, endpoint_id=winner, attempt=attempt)
    lost = ended(
        at_s=102.0, endpoint_id=loser, attempt=3 - attempt, status=Status.HEDGE_LOST, ttft_s=None
    )
    traced.feed(decided(), also, answer, lost)
    finished = traced.exporter.get_finished_spans()
    told = {
        str(attributes["zeta.endpoint"]): (at(span), attributes["zeta.status"])
        for span in finished
        if span.kind is SpanKind.CLIENT and (attributes := dict(span.attributes or {}))
    }
    began = {"a": 100.0, "b": 101.0}
    assert told == {
        winner: ((began[winner], 102.0), "ok"),
        loser: ((began[loser], 102.0), "hedge_lost"),
    }
    (root,) = [span for span in finished if span.kind is SpanKind.SERVER]
    said = dict(root.attributes or {})
    assert said["zeta.endpoint"] == winner
    assert said["zeta.reason"] == ("route" if winner == "a" else "hedged")
    assert [at(s) for s in finished if s.name == "zeta.decide"] == [(99.9, 100.0), (101.0, 101.0)]


def test_a_refused_query_that_waited(traced: Traced) -> None:
    held = decided(verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    refused = decided(number=3, at_s=130.0, verdict=Verdict.REJECT, reason=Reason.DEADLINE)
    traced.feed(held, decided(number=2, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT), refused)
    root = traced.spans["chat auto"]
    assert at(traced.spans["zeta.decide"]) == (99.9, 130.0)
    assert [event.name for event in root.events] == ["zeta.held"]
    assert (root.status.status_code, root.status.description) == (StatusCode.ERROR, "deadline")
    assert dict(root.attributes or {})["error.type"] == "deadline"
    assert len(traced.spans) == 2


@pytest.mark.parametrize(
    ("status", "attempt_fails", "root_fails"),
    [
        (Status.OK, False, False),
        (Status.CLIENT_GONE, False, False),
        (Status.CLIENT_ERROR, True, False),  # its own mistake: an error of the call, not of ours
        (Status.UPSTREAM_ERROR, True, True),
    ],
)
def test_whose_error_it_is(
    traced: Traced, status: Status, attempt_fails: bool, root_fails: bool
) -> None:
    traced.feed(decided(), ended(status=status, started=True))
    failed = {n for n, s in traced.spans.items() if s.status.status_code is StatusCode.ERROR}
    expected = {"chat coder-7b": attempt_fails, "chat auto": root_fails}
    assert failed == {name for name, fails in expected.items() if fails}


def test_a_client_that_leaves_while_it_is_held_ends_its_trace(traced: Traced) -> None:
    gone = ended(endpoint_id=None, attempt=0, status=Status.CLIENT_GONE, ttft_s=None)
    traced.feed(decided(verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT), gone)
    assert set(traced.spans) == {"chat auto"}
    assert len(traced.tracing._open) == 0


def test_a_query_about_the_query_does_not_take_its_place(traced: Traced) -> None:
    """A second opinion asks an embedder before the query itself is decided upon."""
    asked = query("q0", operation=Operation.EMBEDDING, model_requested="embedder-4b")
    traced.tracing.serving({"traceparent": PARENT})
    traced.feed(decided("q0", of=asked), ended("q0"), decided("q1"))
    sent = traced.tracing.sends()
    traced.feed(ended("q1"))
    spans = traced.exporter.get_finished_spans()
    roots = [span for span in spans if span.kind is SpanKind.SERVER]
    assert [span.name for span in roots] == ["embeddings embedder-4b", "chat auto"]
    assert {span.context.trace_id for span in spans if span.context} == {int(PARENT[3:35], 16)}
    (attempt,) = [s for s in spans if s.kind is SpanKind.CLIENT and s.parent == roots[1].context]
    assert attempt.context is not None
    assert format(attempt.context.span_id, "016x") in sent["traceparent"]


def test_no_key_and_no_tenant_is_told(traced: Traced) -> None:
    headers = {"authorization": "Bearer k3y", "traceparent": PARENT}
    traced.tracing.serving(headers)
    asked = query("q1", tenant="tenant-x")
    traced.feed(decided(of=asked), ended())
    text = "".join(span.to_json() for span in traced.exporter.get_finished_spans())
    assert "k3y" not in text
    assert "tenant-x" not in text


def test_ends_that_are_lost_do_not_pile_up(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced.tracing._open, "_capacity", 10)
    for number in range(100):
        traced.feed(decided(f"q{number}"))
    assert len(traced.tracing._open) <= 20
    traced.feed(ended("q0"))  # forgotten
