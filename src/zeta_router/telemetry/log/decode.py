"""Rows back to records.

What is a fact of the fleet and not of the moment (an endpoint's address, the tasks that a model is
declared for) stands in the configuration and not in the rows; it is empty in what is returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from zeta_router.core.checks import Checks
from zeta_router.core.decision import Decision, Standing, Verdict
from zeta_router.core.fleet import Endpoint, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import (
    Capability,
    Fingerprint,
    Lane,
    Operation,
    Query,
    Slo,
    Task,
    TaskEstimate,
    TopicShare,
)
from zeta_router.core.reasons import Drop, Reason
from zeta_router.core.signal import EngineSample
from zeta_router.core.snapshot import Candidate, EndpointView, Health
from zeta_router.router.commands import ChecksRecord, DecisionRecord, OutcomeRecord
from zeta_router.telemetry.log.rows import Row
from zeta_router.telemetry.records import FeedbackRecord

SampleOf = Callable[[int, int], EngineSample]
"""The poll of a run and number."""


class _View(msgspec.Struct, array_like=True, frozen=True):
    """`layout.VIEW_FIELDS`."""

    endpoint_id: str
    model: str
    health: Health
    generation: int
    slots: int
    in_flight: int
    foreign_in_flight: int
    dispatched_seq: int
    peak_ewma_s: float | None
    pending_prefill_tokens: int
    remaining_output_tokens: float | None
    price: float | None
    sample: int
    held: int = 0
    price_fall_per_s: float = 0.16
    paused: bool = False


class _Candidate(msgspec.Struct, array_like=True, frozen=True):
    """`layout.CANDIDATE_FIELDS`."""

    view: _View
    quality: float | None
    output_tokens: float | None
    ttft_s: float | None
    tpot_s: float | None
    log_sigma: float | None
    work_s: float | None
    length_log_sigma: float | None
    tpot_log_sigma: float | None
    tpot_slope_s: float | None
    score: float | None
    cached_tokens: float | None = 0.0
    switch_cost: float | None = 0.0
    prefill_stall_s: float | None = 0.0
    doubt: float | None = 0.0


_topics = msgspec.json.Decoder(tuple[TopicShare, ...]).decode
_standing = msgspec.json.Decoder(Standing).decode
_hint = msgspec.json.Decoder(TaskEstimate).decode
_fingerprint = msgspec.json.Decoder(Fingerprint).decode
_checks = msgspec.json.Decoder(Checks).decode
_candidates = msgspec.json.Decoder(tuple[_Candidate, ...]).decode
_dropped = msgspec.json.Decoder(tuple[tuple[str, Drop], ...]).decode
_needs = msgspec.json.Decoder(frozenset[Capability]).decode
_floats = msgspec.json.Decoder(tuple[float, ...]).decode
_integers = msgspec.json.Decoder(tuple[int, ...]).decode
decode_sample = msgspec.json.Decoder(EngineSample).decode
decode_facts = msgspec.json.Decoder(dict[str, str]).decode


def decision_from(row: Row, sample_of: SampleOf) -> DecisionRecord:
    """The record of a row of `decisions` (without `seq`)."""
    (_, run, _, at_s, query_id, number, verdict, reason, policy, task, topics) = row[:11]
    (endpoint_id, _, propensity, retry_after_s, version, candidates, dropped) = row[11:18]
    standing, slo_scale, asker, fingerprint = row[-4:]
    compared = _candidates(candidates)
    decision = Decision(
        query_id,
        number,
        at_s,
        Verdict(verdict),
        Reason(reason),
        policy,
        TaskEstimate(Task(task), _topics(topics)),
        endpoint_id,
        propensity,
        tuple(_candidate(entry, run, sample_of) for entry in compared),
        tuple(_number(entry.score) for entry in compared),
        _dropped(dropped),
        version,
        retry_after_s,
        None if standing is None else _standing(standing),
        slo_scale,
    )
    query = _query(query_id, row[18:-4])
    known = None if fingerprint is None else _fingerprint(fingerprint)
    return DecisionRecord(query._replace(asker=asker, fingerprint=known), decision)


def _query(query_id: str, row: Row) -> Query:
    (arrived_at_s, operation, model, hint, prompt_tokens, max_output_tokens, needs) = row[:7]
    (ttft_s, tpot_s, e2e_s, lane, tenant, session_id, stream, max_wait_s, weight) = row[7:16]
    features, prefix_hashes = row[16:]
    return Query(
        query_id,
        arrived_at_s,
        Operation(operation),
        model,
        _floats(features),
        None if hint is None else _hint(hint),
        prompt_tokens,
        max_output_tokens,
        _needs(needs),
        Slo(ttft_s, tpot_s, e2e_s),
        Lane(lane),
        tenant,
        session_id,
        bool(stream),
        max_wait_s,
        weight,
        _integers(prefix_hashes),
    )


def outcome_from(row: Row) -> OutcomeRecord:
    """The record of a row of `outcomes` (without `seq`)."""
    (_, _, _, at_s, query_id, attempt, endpoint_id, status, started, ttft_s, _) = row[:11]
    (e2e_s, queue_wait_s, *counts) = row[11:]
    outcome = Outcome(Status(status), bool(started), ttft_s, e2e_s, *counts)
    return OutcomeRecord(at_s, query_id, attempt, endpoint_id, outcome, queue_wait_s)


def feedback_from(row: Row) -> FeedbackRecord:
    """The record of a row of `feedback` (without `seq`)."""
    (_, _, _, at_s, query_id, score, voter) = row
    return FeedbackRecord(at_s, query_id, score, voter)


def checks_from(row: Row) -> ChecksRecord:
    """The record of a row of `checks` (without `seq`)."""
    (_, _, _, at_s, query_id, model, checks) = row
    return ChecksRecord(at_s, query_id, model, _checks(checks))


def _candidate(entry: _Candidate, run: int, sample_of: SampleOf) -> Candidate:
    return Candidate(
        _view(entry.view, run, sample_of),
        _number(entry.quality),
        _number(entry.output_tokens),
        _number(entry.ttft_s),
        _number(entry.tpot_s),
        _number(entry.log_sigma),
        _number(entry.work_s),
        _number(entry.length_log_sigma),
        _number(entry.tpot_log_sigma),
        _number(entry.tpot_slope_s),
        _number(entry.cached_tokens),
        _number(entry.switch_cost),
        _number(entry.prefill_stall_s),
        _number(entry.doubt),
    )


def _number(value: float | None) -> float:
    """JSON has neither NaN nor infinity; both were written as null."""
    return math.nan if value is None else value


def _view(view: _View, run: int, sample_of: SampleOf) -> EndpointView:
    return EndpointView(
        Endpoint(view.endpoint_id, "", view.model),
        Model(view.model, {}),
        view.health,
        view.generation,
        view.slots,
        view.in_flight,
        view.foreign_in_flight,
        view.dispatched_seq,
        view.peak_ewma_s,
        view.pending_prefill_tokens,
        _number(view.remaining_output_tokens),
        _number(view.price),
        sample_of(run, view.sample),
        view.paused,
        view.price_fall_per_s,
        view.held,
    )
