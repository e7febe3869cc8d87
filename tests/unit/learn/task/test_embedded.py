"""A second opinion: what an embedding changes of a posterior, and what it leaves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.core.query import GENERATIVE_TASKS, Task, TaskEstimate, TopicShare
from zeta_router.learn.task.embedded import EmbedderHead, refined
from zeta_router.learn.task.protocol import DEFAULT_COSTS, estimate_of

HEAD = EmbedderHead(
    matrix=np.array([[-2.0, 0.0, 2.0], [0.0, 2.0, -2.0]], np.float32),
    bias=np.zeros(3, np.float32),
    trust=1.0,
    model="e",
    features="f",
)
DOUBT = estimate_of((0.4, 0.25, 0.35), DEFAULT_COSTS)


def test_an_embedding_moves_the_posterior_to_where_the_head_points():
    found = refined(DOUBT, [1.0, 0.0], HEAD, DEFAULT_COSTS)
    assert found is not None
    assert found.task is Task.REASONING
    assert found.probability(Task.REASONING) > DOUBT.probability(Task.REASONING)


def test_only_the_direction_counts():
    long, short = (refined(DOUBT, [size, 0.0], HEAD, DEFAULT_COSTS) for size in (1000.0, 0.001))
    assert long is not None
    assert short is not None
    for task in GENERATIVE_TASKS:
        assert long.probability(task) == pytest.approx(short.probability(task), abs=1e-5)


@pytest.mark.parametrize(
    "vector", [[], [1.0], [1.0, 0.0, 0.0], [0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]]
)
def test_a_vector_that_cannot_be_read_says_nothing(vector):
    assert refined(DOUBT, vector, HEAD, DEFAULT_COSTS) is None


def test_topics_finer_than_tasks_survive():
    known = TaskEstimate(
        Task.CODE,
        (
            TopicShare("code/web", Task.CODE, 0.45),
            TopicShare("code/data", Task.CODE, 0.15),
            TopicShare("simple", Task.SIMPLE, 0.4),
        ),
    )
    found = refined(known, [0.0, 1.0], HEAD, DEFAULT_COSTS)
    assert found is not None
    shares = {share.topic: share.probability for share in found.topics}
    assert shares["code/web"] == pytest.approx(3 * shares["code/data"])
    assert shares["code/web"] + shares["code/data"] > 0.6


@given(
    st.tuples(*[st.floats(0.0, 1.0)] * 3).filter(lambda masses: sum(masses) > 0.01),
    st.lists(st.floats(-5, 5), min_size=2, max_size=2),
)
def test_probabilities_still_sum_to_one(masses, vector):
    total = sum(masses)
    known = estimate_of(tuple(mass / total for mass in masses), DEFAULT_COSTS)
    found = refined(known, vector, HEAD, DEFAULT_COSTS)
    if found is not None:
        assert sum(share.probability for share in found.topics) == pytest.approx(1.0, abs=1e-3)
        probabilities = [share.probability for share in found.topics]
        assert probabilities == sorted(probabilities, reverse=True)
