from __future__ import annotations

import json
import math
import random

import pytest

from zeta_router.learn.quality.residual import MIN_REWARDS, QualityResidual
from zeta_router.learn.task.ask import FEATURE_NAMES

PLACE = FEATURE_NAMES.index("kw_logic")


def asked(logic: float) -> tuple[float, ...]:
    return tuple(logic if index == PLACE else 0.0 for index in range(len(FEATURE_NAMES)))


def taught(rewards: int, slope: float, seed: int = 1) -> QualityResidual:
    """A model of mean .6 whose log-odds fall by `slope` where the query is about logic."""
    rng = random.Random(seed)
    residual = QualityResidual()
    for _ in range(rewards):
        logic = rng.choice((-1.0, 1.0))
        odds = 1.5 * math.exp(-slope * logic)
        y = float(rng.random() < odds / (1.0 + odds))
        residual.learn(0.6, "m", residual.pack(asked(logic)), y)
    return residual


def test_it_finds_what_the_cell_cannot_see() -> None:
    residual = taught(2000, 1.0)
    assert residual.useful("m")
    hard = residual.corrected(0.6, "m", asked(1.0))
    easy = residual.corrected(0.6, "m", asked(-1.0))
    assert hard == pytest.approx(0.6 - 0.245, abs=0.08)
    assert easy == pytest.approx(0.6 + 0.203, abs=0.08)


def test_it_is_off_until_200_rewards_have_shown_it() -> None:
    young = taught(MIN_REWARDS - 1, 2.0)
    assert young.corrected(0.6, "m", asked(1.0)) == 0.6
    assert taught(MIN_REWARDS + 100, 2.0).useful("m")


def test_where_there_is_nothing_to_find_it_stays_off_or_harmless() -> None:
    for seed in range(5):
        residual = taught(3000, 0.0, seed)
        corrected = residual.corrected(0.6, "m", asked(1.0))
        assert corrected == pytest.approx(0.6, abs=0.06)


def test_it_shifts_by_one_unit_of_log_odds_at_most() -> None:
    residual = taught(20_000, 6.0)
    corrected = residual.corrected(0.6, "m", asked(-1.0))
    assert corrected <= 1.0 / (1.0 + math.exp(-1.0) / 1.5) + 1e-9


def test_a_model_without_rewards_is_not_corrected() -> None:
    residual = taught(2000, 1.0)
    assert residual.corrected(0.6, "other", asked(1.0)) == 0.6


@pytest.mark.parametrize(
    ("features", "y", "weight"),
    [
        ((), 1.0, 1.0),
        (asked(1.0), math.nan, 1.0),
        (asked(1.0), 2.0, 1.0),
        (asked(1.0), 1.0, 0.0),
        (asked(1.0), 1.0, math.nan),
    ],
)
def test_impossible_lessons_are_ignored(
    features: tuple[float, ...], y: float, weight: float
) -> None:
    residual = QualityResidual()
    before = residual.state()
    residual.learn(0.6, "m", residual.pack(features), y, weight)
    assert residual.state() == before


def test_certain_means_stay_finite() -> None:
    residual = taught(2000, 1.0)
    for mean in (0.0, 1.0):
        residual.learn(mean, "m", residual.pack(asked(1.0)), 1.0 - mean)
        assert 0.0 <= residual.corrected(mean, "m", asked(1.0)) <= 1.0


def test_state_restores_it() -> None:
    residual, copy = taught(500, 1.0), QualityResidual()
    copy.restore(json.loads(json.dumps(residual.state())))
    assert copy.corrected(0.6, "m", asked(1.0)) == residual.corrected(0.6, "m", asked(1.0))
    other = json.loads(json.dumps(residual.state()))
    other["inputs"]["names"] = ["chars"]
    fresh = QualityResidual()
    fresh.restore(other)
    assert not fresh.useful("m")
