"""Three numbers on top of the classifier: what they change, and how much at most."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fleets import endpoint, fleet
from zeta_router.core.query import (
    GENERATIVE_TASKS,
    Operation,
    Query,
    Task,
    TaskEstimate,
    TopicShare,
    certain,
)
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.correction import (
    MOST_SHIFT,
    SHARPEST,
    Posterior,
    TaskCorrection,
    posterior_of,
)
from zeta_router.learn.task.protocol import DEFAULT_COSTS, TaskCosts, estimate_of
from zeta_router.router.knowledge import Knowledge

TOWARDS_CODE = TaskCorrection(1.0, (0.0, 1.0, 0.0))
UNSURE = estimate_of((0.5, 0.4, 0.1), DEFAULT_COSTS)

numbers = st.floats(0.01, 1.0)
shifts = st.floats(-MOST_SHIFT, MOST_SHIFT)
corrections = st.builds(
    lambda sharpness, code, reasoning: TaskCorrection(sharpness, (0.0, code, reasoning)),
    st.floats(1.0 / SHARPEST, SHARPEST),
    shifts,
    shifts,
)


def normal(masses: tuple[float, float, float]) -> Posterior:
    simple, code, reasoning = (mass / sum(masses) for mass in masses)
    return simple, code, reasoning


def told(posterior: Posterior) -> TaskEstimate:
    """An estimate whose code is split into topics."""
    simple, code, reasoning = posterior
    shares = [
        TopicShare("simple", Task.SIMPLE, simple),
        TopicShare("code/write", Task.CODE, 0.75 * code),
        TopicShare("code/read", Task.CODE, 0.25 * code),
        TopicShare("reasoning", Task.REASONING, reasoning),
    ]
    shares.sort(key=lambda share: -share.probability)
    return TaskEstimate(estimate_of(posterior, DEFAULT_COSTS).task, tuple(shares))


def test_nothing_learned_changes_nothing() -> None:
    assert TaskCorrection().neutral
    assert TaskCorrection().posterior((0.5, 0.4, 0.1)) == pytest.approx((0.5, 0.4, 0.1))


def test_a_shift_multiplies_the_odds() -> None:
    simple, code, reasoning = TOWARDS_CODE.posterior((0.5, 0.4, 0.1))
    assert code / simple == pytest.approx(0.8 * exp(1.0))
    assert reasoning / simple == pytest.approx(0.2)


def test_sharpness_is_a_power_of_the_odds() -> None:
    simple, code, _ = TaskCorrection(2.0).posterior((0.5, 0.4, 0.1))
    assert code / simple == pytest.approx(0.8**2)


def test_what_is_sure_stays_what_it_is() -> None:
    assert TOWARDS_CODE.posterior((0.95, 0.04, 0.01))[0] > 0.85


def test_costs_decide_which_task_to_act_on() -> None:
    leaning = TaskCorrection(1.0, (0.0, 0.3, 0.0))
    assert leaning.corrected(UNSURE, DEFAULT_COSTS).task is Task.CODE
    afraid_of_slowness = TaskCosts(simple_called_hard=9.0)
    assert leaning.corrected(UNSURE, afraid_of_slowness).task is Task.SIMPLE


@given(st.tuples(numbers, numbers, numbers).map(normal), corrections)
def test_topics_keep_their_proportions_and_stay_in_order(
    posterior: Posterior, correction: TaskCorrection
) -> None:
    found = correction.corrected(told(posterior), DEFAULT_COSTS)
    assert posterior_of(found) == pytest.approx(correction.posterior(posterior))
    by_topic = {share.topic: share.probability for share in found.topics}
    assert by_topic["code/write"] == pytest.approx(3.0 * by_topic["code/read"])
    ordered = [share.probability for share in found.topics]
    assert ordered == sorted(ordered, reverse=True)
    assert sum(ordered) == pytest.approx(1.0)


@given(corrections)
def test_what_is_saved_is_what_is_restored(correction: TaskCorrection) -> None:
    other = TaskCorrection()
    other.restore(correction.state())
    assert other.state() == correction.state()


@pytest.mark.parametrize(
    "state",
    [
        {"sharpness": 2.1, "shift": [0.0, 0.0, 0.0]},
        {"sharpness": 0.4, "shift": [0.0, 0.0, 0.0]},
        {"sharpness": 1.0, "shift": [0.0, 1.1, 0.0]},
        {"sharpness": 1.0, "shift": [0.0, 0.0, float("nan")]},
        {"sharpness": 1.0, "shift": [0.5, 0.0, 0.0]},
        {"sharpness": 1.0, "shift": [0.0, 0.0]},
    ],
)
def test_numbers_out_of_bounds_are_refused(state: dict[str, object]) -> None:
    correction = TaskCorrection(1.5, (0.0, 0.1, 0.2))
    before = correction.state()
    with pytest.raises(ValueError, match=r"bounds|unpack"):
        correction.restore(state)
    assert correction.state() == before


class Says:
    """A classifier of one opinion."""

    costs = DEFAULT_COSTS

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        return certain(Task.EMBEDDING) if operation is Operation.EMBEDDING else UNSURE


class TestInTheRouter:
    def knowledge(self) -> Knowledge:
        known = Knowledge.of(fleet(endpoint("a", "coder")), Says())
        known.tasks.restore(TOWARDS_CODE.state())
        return known

    def test_it_is_applied_to_what_the_classifier_reads(self) -> None:
        asks = Query("q", 0.0, features=extract(Ask("What is this?")))
        assert posterior_of(self.knowledge().task_of(asks)) == pytest.approx(
            TOWARDS_CODE.posterior((0.5, 0.4, 0.1))
        )

    def test_neutral_it_hands_on_the_classifiers_own_word(self) -> None:
        known = Knowledge.of(fleet(endpoint("a", "coder")), Says())
        assert known.task_of(Query("q", 0.0, features=extract(Ask("What is this?")))) is UNSURE

    def test_a_named_task_is_nobodys_to_correct(self) -> None:
        named = certain(Task.SIMPLE)
        asks = Query("q", 0.0, task=named, features=extract(Ask("What is this?")))
        assert self.knowledge().task_of(asks) is named

    @pytest.mark.parametrize("operation", [Operation.CHAT, Operation.EMBEDDING])
    def test_without_a_text_there_is_nothing_to_correct(self, operation: Operation) -> None:
        asks = Query("q", 0.0, operation=operation, features=())
        said = Says().estimate((), operation)
        assert self.knowledge().task_of(asks) == said


def test_the_order_of_tasks_is_that_of_the_posterior() -> None:
    assert [task.value for task in GENERATIVE_TASKS] == ["simple", "code", "reasoning"]
