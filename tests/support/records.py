"""Records to test telemetry with: a fleet of three models, and queries on their way through it."""

from __future__ import annotations

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Capability, Lane, Operation, Query, Slo, Task, certain
from zeta_router.core.reasons import Drop, Reason
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Candidate, EndpointView, Health, Snapshot
from zeta_router.router.commands import DecisionRecord, OutcomeRecord

MODELS = {
    "embedder-4b": Model("embedder-4b", {Task.EMBEDDING: 1.0}, 4.0, 512, "e5-small-384"),
    "coder-7b": Model("coder-7b", {Task.SIMPLE: 0.7, Task.CODE: 0.75}, 7.0, 32768),
    "reasoner-14b": Model(
        "reasoner-14b", {Task.REASONING: 0.75}, 14.0, lacks=frozenset({Capability.VISION})
    ),
}
ENDPOINTS = (
    Endpoint("a", "http://127.0.0.1:18101", "coder-7b", "llamacpp"),
    Endpoint("b", "http://127.0.0.1:18102", "reasoner-14b", "vllm"),
    Endpoint("e", "http://127.0.0.1:18103", "embedder-4b", "openai"),
)
FLEET = FleetConfig(
    MODELS,
    ENDPOINTS,
    {Task.CODE: "coder-7b", Task.SIMPLE: "coder-7b", Task.EMBEDDING: "embedder-4b"},
)
SAMPLE = EngineSample(
    slots=Signal(4.0, 99.0, "props.total_slots"),
    running=Signal(2.0, 99.5, "llamacpp:requests_processing"),
    waiting=Signal(None, 99.5, "llamacpp:requests_deferred: not exported"),
    rss_bytes=Signal(3.5e8, 99.0, "process"),
    resident=("coder-7b",),
)


def view(index: int = 0, in_flight: int = 1, **changes: object) -> EndpointView:
    endpoint = ENDPOINTS[index]
    fields: dict[str, object] = {
        "endpoint": endpoint,
        "model": MODELS[endpoint.model],
        "health": Health.UP,
        "generation": 3,
        "slots": 4,
        "in_flight": in_flight,
        "foreign_in_flight": 1,
        "dispatched_seq": 17,
        "peak_ewma_s": 0.25,
        "pending_prefill_tokens": 120,
        "remaining_output_tokens": 33.5,
        "price": 0.125,
        "sample": SAMPLE,
    }
    return EndpointView(**{**fields, **changes})  # type: ignore[arg-type]


def candidate(index: int = 0, **changes: object) -> Candidate:
    return Candidate(view(index, **changes), 0.75, 210.0, 0.4, 0.02, 0.6, 1.5)


def snapshot(now_s: float = 100.0) -> Snapshot:
    return Snapshot(9, now_s, tuple(view(index) for index in range(3)))


def query(query_id: str = "q1", **changes: object) -> Query:
    fields: dict[str, object] = {
        "id": query_id,
        "arrived_at_s": 99.9,
        "operation": Operation.CHAT,
        "features": (0.5, 0.0, 3.25),
        "prompt_tokens": 42,
        "max_output_tokens": 256,
        "needs": frozenset({Capability.TOOLS, Capability.JSON}),
        "slo": Slo(1.0, None, 10.0),
        "lane": Lane.INTERACTIVE,
        "tenant": "t",
        "session_id": "s",
        "stream": True,
        "max_wait_s": 12.0,
        "weight": 2.0,
        "prefix_hashes": (2**62 + 1, 5),
    }
    return Query(**{**fields, **changes})  # type: ignore[arg-type]


def decided(
    query_id: str = "q1",
    *,
    number: int = 1,
    at_s: float = 100.0,
    verdict: Verdict = Verdict.DISPATCH,
    reason: Reason = Reason.ROUTE,
    endpoint_id: str | None = "a",
    task: Task = Task.CODE,
    candidates: tuple[Candidate, ...] | None = None,
    of: Query | None = None,
    **changes: object,
) -> DecisionRecord:
    compared = (candidate(0), candidate(1)) if candidates is None else candidates
    decision = Decision(
        query_id=query_id,
        number=number,
        decided_at_s=at_s,
        verdict=verdict,
        reason=reason,
        policy="static",
        task=certain(task, f"{task.value}/hard"),
        endpoint_id=endpoint_id if verdict is Verdict.DISPATCH else None,
        propensity=0.99,
        candidates=compared,
        scores=tuple(1.0 / (rank + 2) for rank in range(len(compared))),
        dropped=(("e", Drop.CANNOT_DO_TASK),),
        snapshot_version=9,
        **changes,  # type: ignore[arg-type]
    )
    return DecisionRecord(of or query(query_id), decision)


def ended(
    query_id: str = "q1",
    *,
    at_s: float = 104.0,
    attempt: int = 1,
    endpoint_id: str | None = "a",
    status: Status = Status.OK,
    queue_wait_s: float = 0.05,
    **changes: object,
) -> OutcomeRecord:
    fields: dict[str, object] = {
        "started": status is Status.OK,
        "ttft_s": 0.5,
        "e2e_s": 4.0,
        "prompt_tokens": 44,
        "output_tokens": 71,
        "http_status": 200,
        "finish_reason": "stop",
    }
    outcome = Outcome(status, **{**fields, **changes})  # type: ignore[arg-type]
    return OutcomeRecord(at_s, query_id, attempt, endpoint_id, outcome, queue_wait_s)
