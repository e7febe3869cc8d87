"""Records to rows.

Runs in the writer's thread, but under the interpreter lock that the event loop needs too, so it is
written for speed: what is a dataclass of plain values is encoded whole by msgspec, a view is
encoded once for as long as it is the same object, and a poll is a row of its own.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from zeta_router.core.decision import Decision
from zeta_router.core.signal import NO_SAMPLE, EngineSample
from zeta_router.core.snapshot import EndpointView
from zeta_router.router.commands import ChecksRecord, DecisionRecord, OutcomeRecord
from zeta_router.telemetry.log.schema import ROW_VERSION
from zeta_router.telemetry.records import FeedbackRecord

Row = tuple[Any, ...]

KEPT_VIEWS = 1024
"""Encoded views kept for the next decision; a fleet has tens that are current."""

REPEAT_S = 3600.0
"""How often a poll that is still in use is written again, so that retention never takes it away
from the decisions that refer to it."""

_SCORE_AT = 10
"""Place of the score among a candidate's fields, see `layout.CANDIDATE_FIELDS`."""

_encode = msgspec.json.Encoder().encode


class RowEncoder:
    """Makes rows of one run, in the order of the columns of `schema`.

    Args:
        run: Number of the run in the `runs` table.
        wall_offset_s: Wall time minus the driver's time; may be set anew between rows.
        latest_wall_s: Wall time of the latest decision, for what carries no time of its own.
    """

    def __init__(self, run: int, wall_offset_s: float, latest_wall_s: float = 0.0) -> None:
        self._run = run
        self.wall_offset_s = wall_offset_s
        self.latest_wall_s = latest_wall_s
        self._views: dict[int, tuple[EndpointView, msgspec.Raw]] = {}
        self._samples: dict[str, tuple[EngineSample, int]] = {}
        self._sample_number = 0
        self._new_samples: list[Row] = []
        self._repeat_at_s = -math.inf

    def decision(self, record: DecisionRecord) -> Row:
        """The row of one decision. May leave rows for `take_samples`."""
        query, decision = record.query, record.decision
        at_s, slo, task = decision.decided_at_s, query.slo, decision.task
        self.latest_wall_s = wall_s = at_s + self.wall_offset_s
        return (
            ROW_VERSION,
            self._run,
            wall_s,
            at_s,
            query.id,
            decision.number,
            decision.verdict._value_,
            decision.reason._value_,
            decision.policy,
            task.task._value_,
            _encode(task.topics).decode(),
            decision.endpoint_id,
            _chosen_model(decision),
            decision.propensity,
            decision.retry_after_s,
            decision.snapshot_version,
            self._candidates(decision),
            _array(decision.dropped),
            query.arrived_at_s,
            query.operation._value_,
            query.model_requested,
            None if query.task is None else _encode(query.task).decode(),
            query.prompt_tokens,
            query.max_output_tokens,
            _array(query.needs),
            slo.ttft_s,
            slo.tpot_s,
            slo.e2e_s,
            query.lane._value_,
            query.tenant,
            query.session_id,
            query.stream,
            query.max_wait_s,
            query.weight,
            _array(query.features),
            _array(query.prefix_hashes),
            None if decision.standing is None else _encode(decision.standing).decode(),
            decision.slo_scale,
            query.asker,
            None if query.fingerprint is None else _encode(query.fingerprint).decode(),
        )

    def outcome(self, record: OutcomeRecord) -> Row:
        """The row of one ended attempt."""
        outcome = record.outcome
        return (
            ROW_VERSION,
            self._run,
            record.at_s + self.wall_offset_s,
            record.at_s,
            record.query_id,
            record.attempt,
            record.endpoint_id,
            outcome.status._value_,
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
        at_s = record.at_s
        row = (ROW_VERSION, self._run, at_s + self.wall_offset_s, at_s, record.query_id)
        return (*row, record.score, record.voter)

    def checks(self, record: ChecksRecord) -> Row:
        """The row of what was found of one answer."""
        at_s = record.at_s
        row = (ROW_VERSION, self._run, at_s + self.wall_offset_s, at_s, record.query_id)
        return (*row, record.model, _encode(record.checks).decode())

    def take_samples(self) -> list[Row]:
        """Rows of the polls that the decisions since the last call saw for the first time."""
        taken, self._new_samples = self._new_samples, []
        return taken

    def forget(self) -> None:
        """Take nothing as written: what was handed out did not reach the file."""
        self._views.clear()
        self._samples.clear()
        self._new_samples = []

    def _candidates(self, decision: Decision) -> str:
        at_s = decision.decided_at_s
        if at_s >= self._repeat_at_s:
            self._repeat_at_s = at_s + REPEAT_S
            self._views.clear()
            self._samples.clear()
        scores = decision.scores or (math.nan,) * len(decision.candidates)
        known = self._views.get
        entries = [
            (
                (known(id(candidate[0])) or self._view(candidate[0], at_s))[1],
                *candidate[1:_SCORE_AT],
                score,
                *candidate[_SCORE_AT:],
            )
            for candidate, score in zip(decision.candidates, scores, strict=True)
        ]
        return _encode(entries).decode()

    def _view(self, view: EndpointView, at_s: float) -> tuple[EndpointView, msgspec.Raw]:
        """The view and its JSON, kept together so that the view's `id` stays taken."""
        fields = (
            view.endpoint.id,
            view.model.name,
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
            self._sample(view, at_s),
            view.held,
            view.price_fall_per_s,
            view.paused,
        )
        known = (view, msgspec.Raw(_encode(fields)))
        if len(self._views) >= KEPT_VIEWS:
            self._views.clear()
        self._views[id(view)] = known
        return known

    def _sample(self, view: EndpointView, at_s: float) -> int:
        """The number of the view's poll, which gets a row when it has none."""
        sample, endpoint_id = view.sample, view.endpoint.id
        if sample is NO_SAMPLE:
            return 0
        known = self._samples.get(endpoint_id)
        if known is not None and known[0] is sample:
            return known[1]
        self._sample_number += 1
        self._samples[endpoint_id] = (sample, self._sample_number)
        wall_s, text = at_s + self.wall_offset_s, _encode(sample).decode()
        self._new_samples.append((self._run, self._sample_number, wall_s, endpoint_id, text))
        return self._sample_number


def _array(values: object) -> str:
    return _encode(values).decode() if values else "[]"


def _chosen_model(decision: Decision) -> str | None:
    endpoint_id = decision.endpoint_id
    if endpoint_id is None:
        return None
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == endpoint_id:
            return candidate.view.model.name
    return None
