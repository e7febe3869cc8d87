from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from zeta_router.core.draws import Draws
from zeta_router.policy.sample import best_of_sample


def wins(keys: list[tuple[float, ...]], size: int) -> list[float]:
    """The probability of each position by going through every sample; equal keys share."""
    share = [0.0] * len(keys)
    samples = list(combinations(range(len(keys)), size))
    for sample in samples:
        least = min(keys[at] for at in sample)
        best = [at for at in sample if keys[at] == least]
        for at in best:
            share[at] += 1.0 / len(best) / len(samples)
    return share


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
@pytest.mark.parametrize(
    "values", [[1.0], [1.0, 1.0], [1.0, 2.0, 3.0], [2.0, 1.0, 2.0, 1.0, 5.0], [0.0] * 4]
)
def test_probability_is_that_of_all_samples(values: list[float], size: int) -> None:
    keys = [(value,) for value in values]
    expected = wins(keys, min(size, len(keys)))
    found: dict[int, float] = {}
    for number in range(600):
        position, propensity = best_of_sample(keys, size, Draws(1, f"q{number}"))
        found[position] = propensity
    for position, share in enumerate(expected):
        assert found.get(position, 0.0) == pytest.approx(share)
    assert sum(found.values()) == pytest.approx(1.0)


def test_two_of_n_is_worse_over_pairs() -> None:
    """The closed form of the power of two choices: #worse / C(n, 2)."""
    keys = [(float(value),) for value in range(5)]
    for number in range(200):
        position, propensity = best_of_sample(keys, 2, Draws(1, f"q{number}"))
        assert propensity == pytest.approx((4 - position) / 10)


def test_the_worst_is_never_chosen_and_equal_ones_share() -> None:
    keys = [(0.0,), (1.0,), (1.0,), (9.0,)]
    counts = Counter(best_of_sample(keys, 2, Draws(2, f"q{n}"))[0] for n in range(3000))
    assert 3 not in counts
    assert counts[0] == pytest.approx(1500, abs=140)  # 5 standard deviations
    assert counts[1] == pytest.approx(750, abs=120)
    assert counts[2] == pytest.approx(750, abs=120)
