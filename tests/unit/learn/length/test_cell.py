from __future__ import annotations

import json
import math
import random
import statistics

import pytest

from zeta_router.learn.length.cell import MEMORY, Length, LengthCell, blend, length_of


def test_the_first_answers_are_a_plain_mean() -> None:
    cell = LengthCell()
    lengths = [10.0, 100.0, 1000.0, 40.0]
    for tokens in lengths:
        cell.add(tokens, 1.0)
    logs = [math.log(tokens) for tokens in lengths]
    assert cell.count == 4.0
    assert cell.moments.mean_tokens == pytest.approx(statistics.fmean(lengths))
    assert cell.moments.log_mean == pytest.approx(statistics.fmean(logs))
    assert cell.moments.log_variance == pytest.approx(statistics.pvariance(logs))


def test_old_answers_fade_with_the_memory() -> None:
    """After n further answers an old mean keeps (1 - 1/MEMORY)^n of its weight."""
    cell = LengthCell()
    for _ in range(200):
        cell.add(100.0, 1.0)
    for _ in range(60):
        cell.add(500.0, 1.0)
    kept = (1.0 - 1.0 / MEMORY) ** 60
    assert cell.moments.mean_tokens == pytest.approx(500.0 - 400.0 * kept)


def test_two_humps_have_their_own_mean_not_the_log_normals() -> None:
    """Half one word, half a page: the log-normal formula would expect six times too much."""
    rng = random.Random(1)
    cell = LengthCell()
    for _ in range(2000):
        cell.add(rng.choice((1.0, 600.0)), 1.0)
    mean, log_mean, log_variance = cell.moments
    assert mean == pytest.approx(300.5, rel=0.4)
    assert math.exp(log_mean + log_variance / 2) > 5 * 300.5


def test_half_a_share_counts_half() -> None:
    cell = LengthCell()
    cell.add(100.0, 1.0)
    cell.add(400.0, 0.5)
    assert cell.count == 1.5
    assert cell.moments.mean_tokens == pytest.approx((100.0 + 0.5 * 400.0) / 1.5)


def test_a_seed_is_as_many_answers() -> None:
    cell = LengthCell()
    cell.seed(length_of(200.0, 0.5), 10.0)
    assert (cell.count, cell.moments) == (10.0, length_of(200.0, 0.5))
    cell.seed(length_of(400.0, 0.5), 10.0)
    assert cell.moments.mean_tokens == pytest.approx(300.0)
    cell.add(300.0, 1.0)
    assert cell.count == 21.0


def test_length_of_has_the_mean_that_was_asked_for() -> None:
    length = length_of(200.0, 0.8)
    assert math.exp(length.log_mean + length.log_variance / 2) == pytest.approx(200.0)
    assert length_of(0.0, 0.5).mean_tokens == 1.0


def test_a_blend_has_the_moments_of_the_mixture() -> None:
    one, other = [1.0, 2.0, 3.0], [11.0, 13.0]
    parts = [
        Length(statistics.fmean(part), statistics.fmean(part), statistics.pvariance(part))
        for part in (one, other)
    ]
    both = blend(parts[0], 3 / 5, parts[1])
    assert both.log_mean == pytest.approx(statistics.fmean(one + other))
    assert both.log_variance == pytest.approx(statistics.pvariance(one + other))


def test_state_restores_it() -> None:
    cell = LengthCell()
    for tokens in (3.0, 70.0, 500.0):
        cell.add(tokens, 0.7)
    copy = LengthCell.restored(json.loads(json.dumps(cell.state())))
    assert (copy.count, copy.moments) == (cell.count, cell.moments)
