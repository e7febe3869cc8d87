"""What clients say of answers, and how an attempt's end is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zeta_router.core.outcome import Status
from zeta_router.core.query import Slo, Task
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.options import Feedback
from zeta_router.sim.record import End, Record, Trip
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Prompt


def record(number: int = 0, end: End = End.SERVED) -> Record:
    outcomes = {"m": Outcome(0.7, 10)}
    card = Card(Prompt("p", "t", "", 100, {}), "t", Task.SIMPLE, None, (), Slo(), outcomes)
    made = Record(Played(f"q{number}", 0.0, card, 100, outcomes))
    made.end, made.score = end, 0.7
    return made


def test_without_feedback_nothing_is_said() -> None:
    assert Conditions().said_of(record()) is None


@pytest.mark.parametrize("end", [End.SHED, End.FAILED])
def test_only_an_answer_is_judged(end: End) -> None:
    conditions = Conditions(feedback=Feedback(1.0, 60.0), judge=lambda each: 1.0)
    assert conditions.said_of(record(end=end)) is None


def test_a_share_tells_the_score_of_its_answers_and_the_same_share_each_time() -> None:
    conditions = Conditions(seed=3, feedback=Feedback(0.3, 60.0))
    said = [conditions.said_of(record(number)) for number in range(2000)]
    assert set(said) == {None, (60.0, 0.7)}
    assert 500 < sum(each is not None for each in said) < 700
    assert said == [conditions.said_of(record(number)) for number in range(2000)]


def test_a_judge_stands_for_the_share() -> None:
    conditions = Conditions(feedback=Feedback(0.0, 5.0), judge=lambda each: 0.25)
    assert conditions.said_of(record()) == (5.0, 0.25)
    assert replace(conditions, judge=lambda each: None).said_of(record()) is None


def test_the_end_of_a_served_attempt() -> None:
    trip = Trip(record(), 1, "e", "m", 2.0)
    trip.first_token_at_s = 2.5
    outcome = trip.outcome(4.0, Status.OK, 200)
    assert (outcome.started, outcome.ttft_s, outcome.e2e_s) == (True, 0.5, 2.0)
    assert (outcome.output_tokens, outcome.finish_reason) == (10, "stop")


def test_the_end_of_an_attempt_that_failed_before_its_first_token() -> None:
    outcome = Trip(record(), 1, "e", "m", 2.0).outcome(4.0, Status.UPSTREAM_ERROR, None)
    assert (outcome.started, outcome.ttft_s, outcome.e2e_s) == (False, None, 2.0)
    assert (outcome.output_tokens, outcome.finish_reason) == (None, None)
