"""Why a query went where it went, as data and in plain sentences.

Made from the records alone, so that it says the same for a query of this second and for one of
last month. Facts of the fleet that no record carries (a model's embedding space, its context) are
added when the fleet is given; they are those of the fleet as it is configured when asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.outcome import Status
from zeta_router.core.query import AUTO, Query, Task, TaskEstimate
from zeta_router.core.reasons import REASON_TEXT, Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.answered import ending_of, held_s, sent_by
from zeta_router.telemetry.explain.drops import drop_sentence
from zeta_router.telemetry.explain.order import lane_order
from zeta_router.telemetry.explain.terms import terms_of
from zeta_router.telemetry.records import FeedbackRecord
from zeta_router.telemetry.signals import SIGNALS

Explanation = dict[str, Any]

EXPLANATION_VERSION = 1

STATUS_TEXT: dict[Status, str] = {
    Status.OK: "answered in full",
    Status.CLIENT_ERROR: "the engine refused the request as wrong",
    Status.CLIENT_GONE: "the client left before the end",
    Status.UPSTREAM_BUSY: "the engine said that it was busy",
    Status.UPSTREAM_DENIED: "the engine denied the request: an unknown model, path or key",
    Status.UPSTREAM_ERROR: "the engine failed",
    Status.UPSTREAM_UNREACHABLE: "the engine could not be reached",
    Status.UPSTREAM_TIMEOUT: "the engine did not answer in time",
    Status.HEDGE_LOST: "another copy of the query was faster",
}
"""One sentence a status."""


def explain(
    decisions: Sequence[DecisionRecord],
    outcomes: Sequence[OutcomeRecord] = (),
    feedback: FeedbackRecord | None = None,
    *,
    fleet: FleetConfig | None = None,
) -> Explanation:
    """Everything known about one query, ready to be JSON.

    Args:
        decisions: Its decisions in order; at least one.
        outcomes: How its attempts ended, in order.
        feedback: What somebody said of the answer.
        fleet: Adds what the records do not carry: models of filtered endpoints, embedding spaces.

    Raises:
        ValueError: `decisions` is empty.
    """
    if not decisions:
        raise ValueError("nothing was decided for this query")
    query = decisions[0].query
    last = decisions[-1].decision
    steps = [_step(record, fleet) for record in decisions]
    attempts = [_attempt(record) for record in outcomes]
    end = ending_of(decisions, outcomes)
    ending = _attempt(end) if end is not None else None
    told = sent_by(decisions, end)
    sent = [r.decision.reason for r in decisions if r.decision.verdict is Verdict.DISPATCH]
    return {
        "version": EXPLANATION_VERSION,
        "query_id": query.id,
        "summary": _summary(told.decision, steps[decisions.index(told)], ending),
        "asked": _asked(query, last.task),
        "decisions": steps,
        "waits": sum(record.decision.verdict is Verdict.WAIT for record in decisions),
        "retries": max(0, len(sent) - sent.count(Reason.HEDGED) - 1),
        "held_s": held_s(decisions, outcomes),
        "attempts": attempts,
        "outcome": ending,
        "feedback": None if feedback is None else {"score": feedback.score, "at_s": feedback.at_s},
    }


def _summary(last: Decision, step: Explanation, ending: Explanation | None) -> str:
    if last.verdict is Verdict.DISPATCH:
        said = f"Sent to {step['endpoint']} ({step['model']}): {REASON_TEXT[last.reason]}."
    elif last.verdict is Verdict.WAIT:
        said = f"Waiting: {REASON_TEXT[last.reason]}."
    else:
        said = f"Refused: {REASON_TEXT[last.reason]}."
    if ending is None:
        return said
    if last.verdict is Verdict.REJECT:
        return f"{said} The last attempt, on {ending['endpoint']}: {ending['sentence']}."
    return f"{said} Then: {ending['sentence']}."


def _asked(query: Query, task: TaskEstimate) -> Explanation:
    posterior = {kind.value: task.probability(kind) for kind in Task}
    return {
        "sentence": _asked_sentence(query, task),
        "operation": query.operation.value,
        "model_requested": query.model_requested,
        "task": task.task.value,
        "posterior": {kind: share for kind, share in posterior.items() if share > 0},
        "topics": [
            {"topic": share.topic, "task": share.task.value, "probability": share.probability}
            for share in task.topics
        ],
        "task_told": query.task is not None,
        "prompt_tokens": query.prompt_tokens,
        "max_output_tokens": query.max_output_tokens,
        "needs": sorted(need.value for need in query.needs),
        "slo": {
            "ttft_s": query.slo.ttft_s,
            "tpot_s": query.slo.tpot_s,
            "e2e_s": query.slo.e2e_s,
        },
        "lane": query.lane.value,
        "tenant": query.tenant,
        "session_id": query.session_id,
        "stream": query.stream,
        "weight": query.weight,
    }


def _asked_sentence(query: Query, task: TaskEstimate) -> str:
    share = task.probability(task.task)
    told = "told by the caller" if query.task is not None else f"probability {share:.2f}"
    model = "any model" if query.model_requested == AUTO else f"model {query.model_requested}"
    needs = f", needing {', '.join(sorted(query.needs))}" if query.needs else ""
    return (
        f"{query.operation.value} of about {query.prompt_tokens} tokens for {model}{needs}; "
        f"taken for {task.task.value} ({told})"
    )


def _step(record: DecisionRecord, fleet: FleetConfig | None) -> Explanation:
    query, decision = record.query, record.decision
    chosen = decision.endpoint_id
    candidates = _candidates(query, decision)
    model = next((entry["model"] for entry in candidates if entry["endpoint"] == chosen), None)
    return {
        "number": decision.number,
        "at_s": decision.decided_at_s,
        "after_s": decision.decided_at_s - query.arrived_at_s,
        "verdict": decision.verdict.value,
        "reason": decision.reason.value,
        "sentence": REASON_TEXT[decision.reason],
        "policy": decision.policy,
        "propensity": decision.propensity,
        "endpoint": chosen,
        "model": model,
        "retry_after_s": decision.retry_after_s,
        "slo_scale": decision.slo_scale,
        "lane_order": lane_order(query.lane, decision.standing),
        "snapshot_version": decision.snapshot_version,
        "candidates": candidates,
        "dropped": [
            {
                "endpoint": endpoint_id,
                "model": _model_of(endpoint_id, fleet),
                "reason": drop.value,
                "sentence": drop_sentence(drop, endpoint_id, query, decision.task.task, fleet),
            }
            for endpoint_id, drop in decision.dropped
        ],
    }


def _model_of(endpoint_id: str, fleet: FleetConfig | None) -> str | None:
    for endpoint in fleet.endpoints if fleet else ():
        if endpoint.id == endpoint_id:
            return endpoint.model
    return None


def _candidates(query: Query, decision: Decision) -> list[Explanation]:
    scores = decision.scores or (math.nan,) * len(decision.candidates)
    entries = []
    for candidate, score in zip(decision.candidates, scores, strict=True):
        chosen = candidate.view.endpoint.id == decision.endpoint_id
        entry = _candidate(candidate, score, decision.decided_at_s, chosen=chosen)
        entries.append({**entry, "terms": terms_of(candidate, score, query, decision)})
    return entries


def _candidate(
    candidate: Candidate, score: float, decided_at_s: float, *, chosen: bool
) -> Explanation:
    view = candidate.view
    return {
        "endpoint": view.endpoint.id,
        "model": view.model.name,
        "chosen": chosen,
        "score": _finite(score),
        "quality": _finite(candidate.quality),
        "output_tokens": _finite(candidate.output_tokens),
        "ttft_s": _finite(candidate.ttft_s),
        "tpot_s": _finite(candidate.tpot_s),
        "e2e_s": _finite(candidate.e2e_s),
        "log_sigma": _finite(candidate.log_sigma),
        "length_log_sigma": _finite(candidate.length_log_sigma),
        "tpot_log_sigma": _finite(candidate.tpot_log_sigma),
        "tpot_slope_s": _finite(candidate.tpot_slope_s),
        "cached_tokens": _finite(candidate.cached_tokens),
        "switch_cost": _finite(candidate.switch_cost),
        "prefill_stall_s": _finite(candidate.prefill_stall_s),
        "work_s": _finite(candidate.work_s),
        "price": _finite(view.price),
        "health": view.health.value,
        "slots": view.slots,
        "in_flight": view.in_flight,
        "foreign_in_flight": view.foreign_in_flight,
        "has_free_slot": view.is_open,
        "pending_prefill_tokens": view.pending_prefill_tokens,
        "remaining_output_tokens": _finite(view.remaining_output_tokens),
        "peak_ewma_s": _finite(view.peak_ewma_s),
        "signals": {name: _signal(candidate, name, decided_at_s) for name in SIGNALS},
    }


def _signal(candidate: Candidate, name: str, now_s: float) -> Explanation:
    """A reading with its age, or plainly absent; never a number that nobody measured."""
    signal = getattr(candidate.view.sample, name)
    if signal is None:
        return {"value": None, "absent": True, "age_s": None, "source": None}
    return {
        "value": signal.value,
        "absent": signal.value is None,
        "age_s": signal.age_s(now_s),
        "source": signal.source,
    }


def _attempt(record: OutcomeRecord) -> Explanation:
    outcome = record.outcome
    return {
        "attempt": record.attempt,
        "endpoint": record.endpoint_id,
        "at_s": record.at_s,
        "status": outcome.status.value,
        "sentence": STATUS_TEXT[outcome.status],
        "teaches": outcome.status.teaches.value,
        "started": outcome.started,
        "ttft_s": outcome.ttft_s,
        "tpot_s": outcome.tpot_s,
        "e2e_s": outcome.e2e_s,
        "queue_wait_s": record.queue_wait_s,
        "prompt_tokens": outcome.prompt_tokens,
        "output_tokens": outcome.output_tokens,
        "cached_tokens": outcome.cached_tokens,
        "http_status": outcome.http_status,
        "finish_reason": outcome.finish_reason,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
