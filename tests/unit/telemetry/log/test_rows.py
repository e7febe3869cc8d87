"""A record that goes through a row comes back as it was."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.records import ENDPOINTS, MODELS, SAMPLE, candidate, decided, ended, query, view
from zeta_router.core.checks import Checks
from zeta_router.core.decision import Verdict
from zeta_router.core.fleet import Endpoint, Model
from zeta_router.core.query import (
    LANES,
    Fingerprint,
    Operation,
    Slo,
    Task,
    TaskEstimate,
    TopicShare,
    certain,
)
from zeta_router.core.reasons import Drop, Reason
from zeta_router.core.signal import NO_SAMPLE, EngineSample
from zeta_router.core.snapshot import Candidate
from zeta_router.router.commands import ChecksRecord, DecisionRecord
from zeta_router.telemetry.log.decode import (
    checks_from,
    decision_from,
    decode_sample,
    feedback_from,
    outcome_from,
)
from zeta_router.telemetry.log.layout import CANDIDATE_FIELDS, VIEW_FIELDS
from zeta_router.telemetry.log.rows import REPEAT_S, RowEncoder
from zeta_router.telemetry.log.schema import (
    CHECKS,
    DECISIONS,
    FEEDBACK,
    OUTCOMES,
    SAMPLES,
)
from zeta_router.telemetry.records import FeedbackRecord


class Through:
    """Encodes and decodes, with the polls in between."""

    def __init__(self) -> None:
        self.encoder = RowEncoder(run=7, wall_offset_s=1000.0)
        self.samples: dict[int, EngineSample] = {0: NO_SAMPLE}

    def decision(self, record: DecisionRecord) -> DecisionRecord:
        row = self.encoder.decision(record)
        assert len(row) == len(DECISIONS.columns)
        for sample_row in self.encoder.take_samples():
            assert len(sample_row) == len(SAMPLES.columns)
            self.samples[sample_row[1]] = decode_sample(sample_row[-1])
        return decision_from(row, lambda run, number: self.samples[number])


def without_fleet(record: DecisionRecord) -> DecisionRecord:
    """The record less the facts that stand in the configuration."""
    candidates = tuple(
        Candidate(
            entry.view._replace(
                endpoint=Endpoint(entry.view.endpoint.id, "", entry.view.model.name),
                model=Model(entry.view.model.name, {}),
            ),
            *entry[1:],
        )
        for entry in record.decision.candidates
    )
    return DecisionRecord(record.query, record.decision._replace(candidates=candidates))


def test_a_decision_comes_back_whole() -> None:
    record = decided()
    assert Through().decision(record) == without_fleet(record)


def test_a_bare_rejection_comes_back_whole() -> None:
    asked = query(features=(), needs=frozenset(), slo=Slo(), max_wait_s=None, prefix_hashes=())
    record = decided(verdict=Verdict.REJECT, reason=Reason.UNKNOWN_MODEL, candidates=(), of=asked)
    record = DecisionRecord(
        asked._replace(task=certain(Task.CODE)), record.decision._replace(retry_after_s=2.5)
    )
    assert Through().decision(record) == record


numbers = st.floats(0, 1e9)
HASHES = st.integers(0, 2**63 - 1)
shares = st.lists(
    st.builds(TopicShare, st.text(max_size=8), st.sampled_from(Task), st.floats(0, 1)), max_size=5
)


@given(
    asked=st.builds(
        query,
        st.text(max_size=20),
        operation=st.sampled_from(Operation),
        features=st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple),
        task=st.none() | st.builds(TaskEstimate, st.sampled_from(Task), shares.map(tuple)),
        prompt_tokens=st.integers(0, 2**40),
        max_output_tokens=st.none() | st.integers(0, 2**40),
        slo=st.builds(Slo, st.none() | numbers, st.none() | numbers, st.none() | numbers),
        lane=st.sampled_from(LANES),
        stream=st.booleans(),
        prefix_hashes=st.lists(st.integers(-(2**63), 2**64 - 1)).map(tuple),
        asker=st.text(max_size=20),
        fingerprint=st.none()
        | st.builds(
            Fingerprint, HASHES, HASHES, st.lists(st.integers(0, 2**32 - 1), max_size=8).map(tuple)
        ),
    ),
    terms=st.lists(numbers, min_size=6, max_size=6),
    dropped=st.lists(st.tuples(st.text(max_size=5), st.sampled_from(Drop))).map(tuple),
)
def test_any_decision_comes_back_whole(asked, terms, dropped) -> None:  # type: ignore[no-untyped-def]
    record = decided(asked.id, of=asked, candidates=(Candidate(view(0), *terms),))
    record = DecisionRecord(asked, record.decision._replace(dropped=dropped))
    assert Through().decision(record) == without_fleet(record)


def test_what_is_no_number_comes_back_as_no_number() -> None:
    record = decided(candidates=(candidate(0)._replace(ttft_s=math.inf),))
    record = DecisionRecord(record.query, record.decision._replace(scores=()))
    back = Through().decision(record).decision
    assert math.isnan(back.candidates[0].ttft_s)
    assert math.isnan(back.scores[0])


@pytest.mark.parametrize(
    "record",
    [
        ended(),
        ended(endpoint_id=None, attempt=0, ttft_s=None, e2e_s=None, output_tokens=None),
        ended(started=True, cached_tokens=12, retry_after_s=3.5, finish_reason=None),
    ],
)
def test_an_outcome_comes_back_whole(record) -> None:  # type: ignore[no-untyped-def]
    row = RowEncoder(1, 0.0).outcome(record)
    assert len(row) == len(OUTCOMES.columns)
    assert outcome_from(row) == record


def test_feedback_comes_back_whole() -> None:
    record = FeedbackRecord(12.0, "q1", 0.25, "key-1")
    row = RowEncoder(1, 0.0).feedback(record)
    assert len(row) == len(FEEDBACK.columns)
    assert feedback_from(row) == record


@pytest.mark.parametrize(
    "checks",
    [
        Checks(),
        Checks(empty=True, json_valid=False, code_parses=True, degeneration=0.5, text_bytes=12),
    ],
)
def test_findings_come_back_whole(checks: Checks) -> None:
    record = ChecksRecord(12.0, "q1", "coder-7b", checks)
    row = RowEncoder(1, 0.0).checks(record)
    assert len(row) == len(CHECKS.columns)
    assert checks_from(row) == record


def test_rows_carry_wall_time() -> None:
    encoder = RowEncoder(1, wall_offset_s=1000.0)
    assert encoder.decision(decided(at_s=5.0))[2:4] == (1005.0, 5.0)
    assert encoder.outcome(ended(at_s=6.0))[2:4] == (1006.0, 6.0)
    assert encoder.latest_wall_s == 1005.0


def test_a_poll_is_written_once_per_endpoint_and_again_after_an_hour() -> None:
    encoder = RowEncoder(1, 0.0)
    for turn in range(3):
        fresh = (candidate(0, in_flight=turn), candidate(1))
        encoder.decision(decided(candidates=fresh, at_s=10.0 + turn))
    assert [row[3] for row in encoder.take_samples()] == ["a", "b"]
    encoder.decision(decided(candidates=(candidate(0),), at_s=10.0 + REPEAT_S))
    assert [row[1] for row in encoder.take_samples()] == [3]


def test_an_endpoint_without_poll_has_number_0() -> None:
    encoder = RowEncoder(1, 0.0)
    encoder.decision(decided(candidates=(candidate(0, sample=NO_SAMPLE),)))
    assert encoder.take_samples() == []


def test_after_forget_polls_are_written_again() -> None:
    encoder = RowEncoder(1, 0.0)
    same = decided()
    encoder.decision(same)
    encoder.forget()
    assert encoder.take_samples() == []
    encoder.decision(same)
    assert len(encoder.take_samples()) == 2


def test_views_are_encoded_anew_when_their_endpoint_changed() -> None:
    through = Through()
    for turn in range(5000):
        fresh = candidate(0, in_flight=turn)
        back = through.decision(decided(candidates=(fresh,)))
        assert back.decision.candidates[0].view.in_flight == turn


def test_layouts_are_as_documented() -> None:
    text = RowEncoder(1, 0.0).decision(decided(candidates=(candidate(0),)))[16]
    assert DECISIONS.columns[16].name == "candidates"
    assert len(CANDIDATE_FIELDS) == len(Candidate._fields) + 1
    assert text.startswith(f'[[["{ENDPOINTS[0].id}","{MODELS["coder-7b"].name}","up",3,4,1,1,17,')
    assert text.count(",") + 1 == len(VIEW_FIELDS) + len(CANDIDATE_FIELDS) - 1
    assert SAMPLE.running is not None
