"""The sequence holds at every look at once."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isinf, sqrt
from random import Random

import pytest

from zeta_router.learn.confidence import bounds

LOOKS = 40


def e_value(values: list[float], mean: float, prior: float) -> float:
    """The martingale of the module's docstring, written out."""
    moved = [value - mean for value in values]
    n, total, squares = len(moved), sum(moved), sum(value * value for value in moved)
    top = (n + prior) * squares
    return sqrt(prior / (n + prior)) * (top / (top - total * total)) ** (n / 2)


def test_bounds_are_where_the_martingale_reaches_its_ceiling() -> None:
    random = Random(1)
    values = [random.gauss(0.3, 2.0) for _ in range(25)]
    found = bounds(values, 0.05, 20)
    prior = 20 / 8.781
    for edge in (found.low, found.high):
        assert e_value(values, edge, prior) == pytest.approx(20.0, rel=0.01)
    assert e_value(values, found.mean, prior) < 1.0


def test_too_little_is_no_interval() -> None:
    assert isinf(bounds([1.0]).high)
    assert bounds([1.0, 1.1]).low == -inf
    assert bounds([1.0] * 12).low == 1.0


@pytest.mark.parametrize(
    "draw",
    [
        lambda random: random.gauss(0.0, 3.0),
        lambda random: random.random() - 0.5,
        lambda random: random.expovariate(1.0) - random.expovariate(1.0),
    ],
    ids=["normal", "uniform", "difference of skewed"],
)
def test_it_hardly_ever_excludes_the_truth(draw: Callable[[Random], float]) -> None:
    """At most 5 % for normal ones by theorem; 400 runs of 40 looks, 3 standard errors on top.

    Skewed ones are not covered (9 % for an exponential law), but what an A/B test compares are
    differences within a pair of blocks, which are symmetric when there is no difference.
    """
    misses = 0
    for seed in range(400):
        random, values = Random(seed), []
        for _ in range(LOOKS):
            values.append(draw(random))
            found = bounds(values)
            if not found.low <= 0.0 <= found.high:
                misses += 1
                break
    assert misses / 400 <= 0.05 + 3 * sqrt(0.05 * 0.95 / 400)


def test_looking_at_ordinary_intervals_would_be_wrong_far_more_often() -> None:
    """What the sequence is for: 95 % intervals by Student, looked at 40 times."""
    misses = 0
    for seed in range(400):
        random, values = Random(seed), []
        for n in range(1, LOOKS + 1):
            values.append(random.gauss(0.0, 1.0))
            mean = sum(values) / n
            spread = sqrt(sum((v - mean) ** 2 for v in values) / max(1, n - 1) / n)
            if n >= 6 and abs(mean) > 2.2 * spread:
                misses += 1
                break
    assert misses / 400 > 0.12


def test_it_narrows_and_is_found_by_a_real_difference() -> None:
    random = Random(5)
    values = [random.gauss(1.0, 1.0) for _ in range(60)]
    widths = [found.high - found.low for n in (10, 20, 60) if (found := bounds(values[:n]))]
    assert widths[0] > widths[1] > widths[2]
    assert bounds(values).low > 0.0
