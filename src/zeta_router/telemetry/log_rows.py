"""Records to rows and back.

Runs in the writer's thread, one record at a time; what costs is the candidates. A view is encoded
once and its bytes are kept until the endpoint has a new one.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import Endpoint, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import (
    Capability,
    Lane,
    Operation,
    Query,
    Slo,
    Task,
    TaskEstimate,
    TopicShare,
)
from zeta_router.core.reasons import Drop, Reason
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Candidate, EndpointView, Health
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.log_schema import ROW_VERSION
from zeta_router.telemetry.records import FeedbackRecord

Row = tuple[Any, ...]

SIGNALS = ("slots", "running", "waiting", "kv_used_ratio", "cpu_ratio", "rss_bytes")
"""Names of the signals of an `EngineSample`."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class RowEncoder:
    """Makes rows of one run, in the order of the columns of `log_schema`.

    Args:
        run: Number of the run in the `runs` table.
        wall_offset_s: Wall time minus the driver's time.
    """

    def __init__(self, run: int, wall_offset_s: float) -> None:
        self._run = run
        self._offset_s = wall_offset_s
        self._views: dict[str, tuple[EndpointView, msgspec.Raw]] = {}

    def decision(self, record: DecisionRecord) -> Row:
        """The row of one decision."""
        query, decision = record.query, record.decision
        at_s, slo = decision.decided_at_s, query.slo
        return (
            *self._stamp(at_s),
            query.id,
            decision.number,
            decision.verdict.value,
            decision.reason.value,
            decision.policy,
            decision.task.task.value,
            _json(_topics(decision.task)),
            decision.endpoint_id,
            _chosen_model(decision),
            decision.propensity,
            decision.retry_after_s,
            decision.snapshot_version,
            _json(self._candidates(decision)),
            _json(decision.dropped) if decision.dropped else "[]",
            query.arrived_at_s,
            query.operation.value,
            query.model_requested,
            _json([query.task.task, _topics(query.task)]) if query.task else None,
            query.prompt_tokens,
            query.max_output_tokens,
            _json(sorted(query.needs)) if query.needs else "[]",
            slo.ttft_s,
            slo.tpot_s,
            slo.e2e_s,
            query.lane.value,
            query.tenant,
            query.session_id,
            query.stream,
            query.max_wait_s,
            query.weight,
            _json(query.features) if query.features else "[]",
            _json(query.prefix_hashes) if query.prefix_hashes else "[]",
        )

    def outcome(self, record: OutcomeRecord) -> Row:
        """The row of one ended attempt."""
        outcome = record.outcome
        return (
            *self._stamp(record.at_s),
            record.query_id,
            record.attempt,
            record.endpoint_id,
            outcome.status.value,
            outcome.started,
            outcome.ttft_s,
            outcome.tpot_s,
            outcome.e2e_s,
            record.queue_wait_s,
            outcome.prompt_tokens,
            outcome.output_tokens,
            outcome.cached_tokens,
            outcome.http_status,
            outcome.finish_reason,
            outcome.retry_after_s,
        )

    def feedback(self, record: FeedbackRecord) -> Row:
        """The row of one judgement."""
        return (*self._stamp(record.at_s), record.query_id, record.score)

    def _stamp(self, at_s: float) -> tuple[int, int, float, float]:
        return (ROW_VERSION, self._run, at_s + self._offset_s, at_s)

    def _candidates(self, decision: Decision) -> list[list[object]]:
        scores = decision.scores or (math.nan,) * len(decision.candidates)
        return [
            [
                candidate.view.endpoint.id,
                candidate.view.model.name,
                candidate.quality,
                candidate.output_tokens,
                candidate.ttft_s,
                candidate.tpot_s,
                candidate.log_sigma,
                candidate.work_s,
                score,
                self._view(candidate.view),
            ]
            for candidate, score in zip(decision.candidates, scores, strict=True)
        ]

    def _view(self, view: EndpointView) -> msgspec.Raw:
        known = self._views.get(view.endpoint.id)
        if known is not None and known[0] is view:
            return known[1]
        raw = msgspec.Raw(_encode(_view_fields(view)))
        self._views[view.endpoint.id] = (view, raw)
        return raw


def _json(value: object) -> str:
    return _encode(value).decode()


def _topics(estimate: TaskEstimate) -> list[tuple[str, Task, float]]:
    return [(share.topic, share.task, share.probability) for share in estimate.topics]


def _chosen_model(decision: Decision) -> str | None:
    if decision.endpoint_id is None:
        return None
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == decision.endpoint_id:
            return candidate.view.model.name
    return None


def _view_fields(view: EndpointView) -> list[object]:
    signals = {name: getattr(view.sample, name) for name in SIGNALS}
    return [
        view.health,
        view.generation,
        view.slots,
        view.in_flight,
        view.foreign_in_flight,
        view.dispatched_seq,
        view.peak_ewma_s,
        view.pending_prefill_tokens,
        view.remaining_output_tokens,
        view.price,
        {
            name: [signal.value, signal.observed_at_s, signal.source]
            for name, signal in signals.items()
            if signal is not None
        },
        view.sample.resident,
    ]


def decision_from(row: Row) -> DecisionRecord:
    """The record of a row of `decisions` (without `seq`).

    What is a fact of the fleet and not of the moment (an endpoint's address, a model's declared
    tasks) is in the configuration and not in the row; it is empty in the record returned.
    """
    (_, _, _, at_s, query_id, number, verdict, reason, policy, task, topics) = row[:11]
    (endpoint_id, _, propensity, retry_after_s, version, candidates, dropped) = row[11:18]
    compared = [_candidate_from(fields) for fields in _decode(candidates)]
    decision = Decision(
        query_id,
        number,
        at_s,
        Verdict(verdict),
        Reason(reason),
        policy,
        _estimate_from(task, _decode(topics)),
        endpoint_id,
        propensity,
        tuple(candidate for candidate, _ in compared),
        tuple(score for _, score in compared),
        tuple((name, Drop(drop)) for name, drop in _decode(dropped)),
        version,
        retry_after_s,
    )
    return DecisionRecord(_query_from(query_id, row[18:]), decision)


def _query_from(query_id: str, row: Row) -> Query:
    (arrived_at_s, operation, model, hint, prompt_tokens, max_output_tokens, needs) = row[:7]
    (ttft_s, tpot_s, e2e_s, lane, tenant, session_id, stream, max_wait_s, weight) = row[7:16]
    features, prefix_hashes = row[16:]
    return Query(
        query_id,
        arrived_at_s,
        Operation(operation),
        model,
        tuple(float(number) for number in _decode(features)),
        _estimate_from(*_decode(hint)) if hint else None,
        prompt_tokens,
        max_output_tokens,
        frozenset(Capability(need) for need in _decode(needs)),
        Slo(ttft_s, tpot_s, e2e_s),
        Lane(lane),
        tenant,
        session_id,
        bool(stream),
        max_wait_s,
        weight,
        tuple(_decode(prefix_hashes)),
    )


def outcome_from(row: Row) -> OutcomeRecord:
    """The record of a row of `outcomes` (without `seq`)."""
    (_, _, _, at_s, query_id, attempt, endpoint_id, status, started, ttft_s, _) = row[:11]
    (e2e_s, queue_wait_s, *counts) = row[11:]
    outcome = Outcome(Status(status), bool(started), ttft_s, e2e_s, *counts)
    return OutcomeRecord(at_s, query_id, attempt, endpoint_id, outcome, queue_wait_s)


def feedback_from(row: Row) -> FeedbackRecord:
    """The record of a row of `feedback` (without `seq`)."""
    (_, _, _, at_s, query_id, score) = row
    return FeedbackRecord(at_s, query_id, score)


def _estimate_from(task: str, topics: list[tuple[str, str, float]]) -> TaskEstimate:
    shares = (TopicShare(topic, Task(kind), share) for topic, kind, share in topics)
    return TaskEstimate(Task(task), tuple(shares))


def _candidate_from(fields: list[Any]) -> tuple[Candidate, float]:
    (endpoint_id, model, *numbers, score, view) = fields
    quality, output_tokens, ttft_s, tpot_s, log_sigma, work_s = map(_number, numbers)
    candidate = Candidate(
        _view_from(endpoint_id, model, view),
        quality,
        output_tokens,
        ttft_s,
        tpot_s,
        log_sigma,
        work_s,
    )
    return candidate, _number(score)


def _number(value: float | None) -> float:
    """JSON has no NaN and no infinity; both are written as null."""
    return math.nan if value is None else float(value)


def _view_from(endpoint_id: str, model: str, fields: list[Any]) -> EndpointView:
    (health, generation, slots, in_flight, foreign, seq, peak_ewma_s, prefill) = fields[:8]
    (remaining, price, signals, resident) = fields[8:]
    readings: dict[str, Any] = {name: Signal(*reading) for name, reading in signals.items()}
    resident = None if resident is None else tuple(resident)
    return EndpointView(
        Endpoint(endpoint_id, "", model),
        Model(model, {}),
        Health(health),
        generation,
        slots,
        in_flight,
        foreign,
        seq,
        peak_ewma_s,
        prefill,
        remaining,
        price,
        EngineSample(**readings, resident=resident),
    )
