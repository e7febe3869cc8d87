"""The correction of tasks on trial: what promotes it, what refuses it, what takes it back."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from support.fleets import endpoint, fleet
from zeta_router.app.learning import task_trial
from zeta_router.app.learning.contradicted import bet_on_worse
from zeta_router.app.learning.in_time import InTime
from zeta_router.app.learning.task_trial import LEAST_NAMED, TaskTrial
from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Query, Task, TaskEstimate, certain
from zeta_router.core.reasons import Reason
from zeta_router.learn.task.ask import FEATURE_NAMES
from zeta_router.learn.task.correction import TaskCorrection, posterior_of
from zeta_router.learn.task.protocol import DEFAULT_COSTS, estimate_of
from zeta_router.sim.replay.logged import LoggedQuery, Traffic

CHARS = FEATURE_NAMES.index("chars")
SECONDS = 1_000.0
SPLIT_S = 600.0


def features(opinion: int) -> tuple[float, ...]:
    """A text of which `Leaning` thinks so: 1 to 3."""
    values = [0.0] * len(FEATURE_NAMES)
    values[CHARS] = float(opinion)
    return tuple(values)


class Leaning:
    """Reads its opinion from the features, and is surer of code than it should be."""

    costs = DEFAULT_COSTS

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        opinion = int(features[CHARS]) - 1
        masses = [0.2, 0.2, 0.2]
        masses[opinion] = 0.6
        simple, code, reasoning = masses
        return estimate_of((simple, code, reasoning), DEFAULT_COSTS)


def logged(number: int, at_s: float, opinion: int, named: Task | None) -> LoggedQuery:
    read = Leaning().estimate(features(opinion), Operation.CHAT)
    asked = Query(
        f"q{number}",
        at_s,
        features=features(opinion),
        task=None if named is None else certain(named),
    )
    decision = Decision(
        asked.id, 0, at_s, Verdict.DISPATCH, Reason.ROUTE, "joint", asked.task or read
    )
    return LoggedQuery(asked, [decision])


def log_of(right: float, count: int = 2_000, seed: int = 1, named: float = 0.5) -> Traffic:
    """Half of the queries name their task, which is `Leaning`'s opinion with `right`."""
    draw = Random(seed)
    queries = []
    for number in range(count):
        at_s = SECONDS * number / count
        opinion = draw.randrange(3)
        other = draw.choice([task for task in range(3) if task != opinion])
        truth = GENERATIVE_TASKS[opinion if draw.random() < right else other]
        said = truth if draw.random() < named else None
        queries.append(logged(number, at_s, opinion + 1, said))
    return Traffic(fleet(endpoint("a", "coder")), "joint", 1, tuple(queries), SECONDS, ())


@dataclass
class Replay:
    """Stands in for the replay: says what it is told, keeps how the challenger reads."""

    says: InTime = field(default_factory=lambda: InTime(0.9, 0.9, 0.0))
    readings: list[Any] = field(default_factory=list)

    def __call__(self, traffic: Traffic, graft: object, reading: Any) -> InTime:
        assert graft is None
        self.readings.append(reading)
        return self.says


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Replay:
    stand_in = Replay()
    monkeypatch.setattr(task_trial, "in_time", stand_in)
    return stand_in


TRIAL = TaskTrial(Leaning())


def tried(traffic: Traffic, in_force: Any = ()) -> Any:
    state = TRIAL.fit(traffic, SPLIT_S, in_force)
    return TRIAL.compare(traffic, SPLIT_S, state, in_force)


def test_a_classifier_that_is_too_timid_here_is_sharpened(replay: Replay) -> None:
    traffic = log_of(right=0.9)
    found = tried(traffic)
    assert found.better, found
    assert found.evidence["log_loss"]["high"] < 0.0
    correction = TaskCorrection()
    correction.restore(TRIAL.fit(traffic, SPLIT_S, ()))
    assert correction.sharpness > 1.3
    assert correction.shift == pytest.approx((0.0, 0.0, 0.0), abs=0.3)


def test_one_that_is_right_is_left_alone(replay: Replay) -> None:
    for seed in range(20):
        assert not tried(log_of(right=0.6, seed=seed)).better
    assert replay.readings == []


def test_named_at_random_it_grows_timid_and_turns_nothing_over(replay: Replay) -> None:
    correction = TaskCorrection()
    correction.restore(TRIAL.fit(log_of(right=1 / 3), SPLIT_S, ()))
    assert correction.sharpness < 0.6
    for opinion in (1, 2, 3):
        told = posterior_of(Leaning().estimate(features(opinion), Operation.CHAT))
        after = correction.posterior(told)
        assert after.index(max(after)) == opinion - 1


@pytest.mark.parametrize("named", [0.0, 0.05])
def test_too_few_that_name_their_task_decide_nothing(replay: Replay, named: float) -> None:
    found = tried(log_of(right=0.9, named=named))
    assert not found.better
    assert "too few" in found.reason


def test_where_one_task_is_never_named_nothing_is_learned(replay: Replay) -> None:
    traffic = log_of(right=0.9)
    only = tuple(q for q in traffic.queries if q.query.task != certain(Task.CODE))
    two = Traffic(traffic.fleet, "joint", 1, only, SECONDS, ())
    assert TRIAL.fit(two, SPLIT_S, ()) == TRIAL.fresh()
    assert tried(two).evidence["fewest_of_a_task"] == 0 < LEAST_NAMED


def test_answers_that_might_come_later_refuse_it(replay: Replay) -> None:
    replay.says = InTime(0.9, 0.8, -0.12)
    found = tried(log_of(right=0.9))
    assert not found.better
    assert "might come later" in found.reason


def test_the_replay_reads_as_the_challenger_would(replay: Replay) -> None:
    traffic = log_of(right=0.9)
    tried(traffic)
    (reading,) = replay.readings
    correction = TaskCorrection()
    correction.restore(TRIAL.fit(traffic, SPLIT_S, ()))
    for each in traffic.queries[:50]:
        said = reading(each)
        if each.query.task is not None:
            assert said == each.query.task
        else:
            raw = posterior_of(Leaning().estimate(each.query.features, Operation.CHAT))
            assert posterior_of(said) == pytest.approx(correction.posterior(raw))


def test_a_champion_in_force_has_to_be_beaten(replay: Replay) -> None:
    traffic = log_of(right=0.9)
    in_force = [(0.0, TRIAL.fit(traffic, SPLIT_S, ()))]
    found = tried(traffic, in_force)
    assert not found.better
    assert "does not tell tasks better" in found.reason


def test_what_was_promoted_is_contradicted_when_the_named_tasks_say_so() -> None:
    sharp = TRIAL.fit(log_of(right=0.9), SPLIT_S, ())
    states = (TRIAL.fresh(), sharp)
    assert bet_on_worse(TRIAL.worse_by(log_of(right=0.4), 0.0, states, ())).contradicted
    assert not bet_on_worse(TRIAL.worse_by(log_of(right=0.9), 0.0, states, ())).contradicted
    assert list(TRIAL.worse_by(log_of(right=0.9, named=0.0), 0.0, states, ())) == []


OF_HOUSEKEEPING = tuple(1.0 if name in ("chars", "housekeeping") else 0.0 for name in FEATURE_NAMES)


@pytest.mark.parametrize("features", [(1.0, 2.0), OF_HOUSEKEEPING])
def test_texts_of_another_version_and_housekeeping_are_left_out(
    replay: Replay, features: tuple[float, ...]
) -> None:
    traffic = log_of(right=0.9)
    others = tuple(
        LoggedQuery(each.query._replace(features=features), each.decisions)
        for each in traffic.queries
    )
    found = tried(Traffic(traffic.fleet, "joint", 1, others, SECONDS, ()))
    assert found.evidence["named"] == 0
