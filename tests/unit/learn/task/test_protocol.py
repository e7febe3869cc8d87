"""From a posterior and costs to the task to act on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.core.query import GENERATIVE_TASKS, Task
from zeta_router.learn.task.protocol import TaskCosts, estimate_of

MASS = st.floats(0.0, 1.0)
EVEN = TaskCosts(hard_called_simple=1.0, simple_called_hard=1.0, hard_swapped=1.0)


@st.composite
def posteriors(draw):
    masses = [draw(MASS) + 1e-6 for _ in GENERATIVE_TASKS]
    return tuple(mass / sum(masses) for mass in masses)


@given(posteriors())
def test_the_whole_posterior_is_kept_most_probable_first(posterior):
    shares = estimate_of(posterior, EVEN).topics
    assert sum(share.probability for share in shares) == pytest.approx(1.0)
    assert [s.probability for s in shares] == sorted(posterior, reverse=True)
    assert {s.task for s in shares} == set(GENERATIVE_TASKS)


@given(posteriors())
def test_even_costs_act_on_the_most_probable(posterior):
    estimate = estimate_of(posterior, EVEN)
    assert estimate.probability(estimate.task) == pytest.approx(max(posterior))


@given(posteriors(), st.floats(1.0, 9.0))
def test_dearer_hard_mistakes_never_turn_a_hard_call_simple(posterior, factor):
    mild = estimate_of(posterior, EVEN).task
    dear = estimate_of(posterior, TaskCosts(hard_called_simple=factor)).task
    assert mild is Task.SIMPLE or dear is not Task.SIMPLE


def test_a_tie_goes_to_the_strongest():
    assert estimate_of((0.0, 0.5, 0.5), EVEN).task is Task.REASONING
