"""Fitting the correction: it finds what is wrong, leaves what is right, and stays in bounds."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from zeta_router.app.learning.task_fit import Named, fit_correction, weighed
from zeta_router.learn.task.correction import MOST_SHIFT, SHARPEST, Posterior, TaskCorrection

THIRDS = (1 / 3, 1 / 3, 1 / 3)


def posteriors(count: int, seed: int) -> list[Posterior]:
    """Opinions of all kinds, from sure to flat."""
    made = np.random.default_rng(seed).dirichlet((0.6, 0.6, 0.6), count)
    return [(float(a), float(b), float(c)) for a, b, c in made]


def named(count: int, seed: int, truth: TaskCorrection) -> list[Named]:
    """Queries whose tasks are drawn from what `truth` makes of the classifier's word."""
    draw = Random(seed)
    return [
        Named(told, draw.choices(range(3), weights=truth.posterior(told))[0])
        for told in posteriors(count, seed)
    ]


@pytest.mark.parametrize(
    "truth",
    [
        TaskCorrection(),
        TaskCorrection(1.0, (0.0, 0.7, 0.0)),
        TaskCorrection(0.6, (0.0, 0.0, -0.5)),
        TaskCorrection(1.5, (0.0, -0.4, 0.4)),
    ],
)
def test_it_finds_the_correction_that_is_needed(truth: TaskCorrection) -> None:
    found = fit_correction(named(6_000, 1, truth))
    assert found.sharpness == pytest.approx(truth.sharpness, abs=0.1)
    assert found.shift == pytest.approx(truth.shift, abs=0.12)


def test_a_few_queries_move_it_little() -> None:
    found = fit_correction([Named(THIRDS, 1)] * 5)
    assert 0.0 < found.shift[1] < 0.3


def test_nothing_named_is_nothing_learned() -> None:
    assert fit_correction([]).neutral


def test_lies_move_it_to_its_bounds_and_no_further() -> None:
    sure = [Named((0.98, 0.01, 0.01), 1)] * 5_000
    found = fit_correction(sure)
    assert 1.0 / SHARPEST <= found.sharpness <= SHARPEST
    assert max(map(abs, found.shift)) <= MOST_SHIFT
    assert found.posterior((0.98, 0.01, 0.01))[0] > 0.5


def test_how_often_a_task_is_named_is_not_learned() -> None:
    """Nine in ten of the named queries are code; among the others tasks are as frequent as here."""
    fair = named(9_000, 2, TaskCorrection())
    draw = Random(3)
    lopsided = [each for each in fair if each.task == 1 or draw.random() < 0.06]
    assert sum(each.task == 1 for each in lopsided) > 0.85 * len(lopsided)
    assert fit_correction(lopsided).shift[1] > 0.8
    found = fit_correction(weighed(lopsided, THIRDS))
    assert found.shift == pytest.approx((0.0, 0.0, 0.0), abs=0.25)


def test_weights_are_one_on_average() -> None:
    some = weighed([Named(THIRDS, 0)] * 3 + [Named(THIRDS, 1)] + [Named(THIRDS, 2)] * 4, THIRDS)
    assert sum(each.weight for each in some) == pytest.approx(len(some))
    per_task = [sum(each.weight for each in some if each.task == task) for task in range(3)]
    assert per_task == pytest.approx([len(some) / 3] * 3)
