from __future__ import annotations

import pytest

from zeta_router.core.query import GENERATIVE_TASKS, Task
from zeta_router.learn.quality.sizes import (
    CODER_BONUS,
    CODER_PENALTY,
    UNKNOWN_PARAMS_B,
    prior_quality,
)


@pytest.mark.parametrize("task", GENERATIVE_TASKS)
def test_larger_models_are_never_thought_worse(task: Task) -> None:
    sizes = [0.01, 0.1, 0.135, 0.5, 1.5, 3.8, 4.0, 7.0, 8.0, 14.0, 32.0, 70.0, 400.0]
    priors = [prior_quality(task, size) for size in sizes]
    assert priors == sorted(priors)
    assert all(0.0 < prior < 1.0 for prior in priors)


def test_between_anchors_it_is_a_straight_line() -> None:
    assert prior_quality(Task.SIMPLE, 7.0) == pytest.approx(0.70)
    assert prior_quality(Task.SIMPLE, 14.0) == pytest.approx(0.80)
    assert prior_quality(Task.SIMPLE, 10.5) == pytest.approx(0.75)


def test_a_coder_is_better_at_code_and_a_little_worse_at_small_talk() -> None:
    plain, coder = "qwen2.5-7b", "Qwen2.5-Coder-7B"
    assert prior_quality(Task.CODE, 7.0, coder) == pytest.approx(
        prior_quality(Task.CODE, 7.0, plain) + CODER_BONUS
    )
    assert prior_quality(Task.SIMPLE, 7.0, coder) == pytest.approx(
        prior_quality(Task.SIMPLE, 7.0, plain) - CODER_PENALTY
    )
    assert prior_quality(Task.REASONING, 7.0, coder) == prior_quality(Task.REASONING, 7.0, plain)


@pytest.mark.parametrize("unknown", [None, 0.0, -3.0])
def test_an_unknown_size_is_the_usual_one(unknown: float | None) -> None:
    assert prior_quality(Task.CODE, unknown) == prior_quality(Task.CODE, UNKNOWN_PARAMS_B)


@pytest.mark.parametrize("task", [Task.EMBEDDING, Task.RERANK])
def test_what_has_no_better_or_worse_is_right(task: Task) -> None:
    assert prior_quality(task, 0.1) == 1.0
