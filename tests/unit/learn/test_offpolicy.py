"""Off-policy estimates on logs whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, nan
from random import Random

import pytest

from zeta_router.learn.offpolicy import CLIP, Estimate, Refusal, Row, difference, estimate

ARMS = ("small", "coder", "large")
LOGGING = 0.15
TARGET = 0.08


def _softmax(scores: Sequence[float], temperature: float) -> tuple[float, ...]:
    shares = [exp((score - max(scores)) / temperature) for score in scores]
    return tuple(share / sum(shares) for share in shares)


def _truth(context: float) -> tuple[float, ...]:
    return (0.9 - 0.6 * context, 0.4 + 0.3 * context, 0.55 + 0.35 * context)


def simulated(
    seed: int,
    count: int = 1000,
    *,
    predicted: Sequence[float] = (0.6, 0.6, 0.6),
    judged: Sequence[float] = (1.0, 1.0, 1.0),
    logging: float = LOGGING,
    target: float = TARGET,
) -> tuple[list[Row], float]:
    """A log of a softmax policy, and what another softmax policy is worth on its contexts."""
    random = Random(f"offpolicy:{seed}")
    rows, worth = [], 0.0
    for _ in range(count):
        context = random.random()
        truth = _truth(context)
        shares = _softmax(truth, logging)
        wanted = _softmax(truth, target)
        worth += sum(p * q for p, q in zip(wanted, truth, strict=True))
        chosen = random.choices(range(3), shares)[0]
        reward = float(random.random() < truth[chosen])
        said = random.random() < judged[chosen]
        rows.append(
            Row(ARMS, chosen, shares[chosen], wanted, tuple(predicted), reward if said else None)
        )
    return rows, worth / count


def covered(result: Estimate, truth: float) -> bool:
    assert result.dr is not None
    return result.dr.low <= truth <= result.dr.high


@pytest.mark.parametrize("predicted", [(0.6, 0.55, 0.7), (0.0, 1.0, 0.2)])
def test_interval_covers_the_truth(predicted: tuple[float, ...]) -> None:
    """95 % nominal. With a true coverage of .94, more than 5 of 40 miss once in 30 runs."""
    hits = 0
    for seed in range(40):
        rows, truth = simulated(seed, 600, predicted=predicted)
        hits += covered(estimate(rows), truth)
    assert hits >= 35


def test_interval_covers_when_arms_are_judged_in_other_shares() -> None:
    hits = 0
    for seed in range(40):
        rows, truth = simulated(seed, 1000, judged=(0.9, 0.2, 0.5))
        hits += covered(estimate(rows), truth)
    assert hits >= 35


def test_good_predictions_make_it_shorter_than_snips() -> None:
    rows, _ = simulated(1, 2000)
    told = []
    for row, context in zip(rows, _contexts(1, 2000), strict=True):
        told.append(replace(row, quality=_truth(context)))
    result = estimate(told)
    assert result.dr is not None
    assert result.snips is not None
    assert result.dr.high - result.dr.low < result.snips.high - result.snips.low


def _contexts(seed: int, count: int) -> list[float]:
    """The contexts that `simulated` drew."""
    random = Random(f"offpolicy:{seed}")
    contexts = []
    for _ in range(count):
        context = random.random()
        contexts.append(context)
        random.choices(range(3), _softmax(_truth(context), LOGGING))
        random.random()
        random.random()
    return contexts


def test_the_logging_policy_itself_gives_its_mean_reward() -> None:
    rows, _ = simulated(2, 500, target=LOGGING)
    result = estimate(rows)
    mean = sum(row.reward or 0.0 for row in rows) / len(rows)
    assert result.snips is not None
    assert result.snips.mean == pytest.approx(mean)
    assert result.ess == pytest.approx(500)
    assert result.coverage == pytest.approx(1.0)


@pytest.mark.parametrize("epsilon", [0.0, 0.001])
def test_refuses_what_the_log_never_or_hardly_ever_chose(epsilon: float) -> None:
    """A deterministic log, or one that tries the arm once in a thousand: both say nothing of it."""
    random = Random("overlap")
    rows = []
    for _ in range(4000):
        explored = random.random() < epsilon
        propensity = epsilon if explored else 1.0 - epsilon
        rows.append(
            Row(ARMS, 1 if explored else 0, propensity, (0.7, 0.3, 0.0), (0.5, 0.9, 0.5), 1.0)
        )
    result = estimate(rows)
    assert result.refusal is Refusal.NO_OVERLAP
    assert result.dr is None
    assert result.snips is None
    assert result.coverage < 0.8


def test_refuses_when_the_wanted_arm_was_never_judged() -> None:
    rows, _ = simulated(3, 2000, judged=(1.0, 1.0, 0.0))
    assert estimate(rows).refusal is Refusal.NO_OVERLAP


def test_refuses_few_effective_samples() -> None:
    rows, _ = simulated(4, 90, target=LOGGING)
    result = estimate(rows)
    assert result.refusal is Refusal.FEW_EFFECTIVE
    assert result.ess == pytest.approx(90)


def test_refuses_without_rewards_and_without_rows() -> None:
    rows, _ = simulated(5, 300, judged=(0.0, 0.0, 0.0))
    assert estimate(rows).refusal is Refusal.NO_REWARDS
    assert estimate([]).refusal is Refusal.NO_REWARDS


def test_weights_are_clipped() -> None:
    rows, _ = simulated(6, 1000)
    rows.append(Row(ARMS, 2, 1e-6, (0.0, 0.0, 1.0), (0.5, 0.5, 0.5), 1.0))
    clipped, wild = estimate(rows), estimate(rows, clip=1e9)
    assert clipped.clipped_ratio > 0.0
    assert clipped.ess > 10 * wild.ess
    assert CLIP == 20.0


@pytest.mark.parametrize(
    "change",
    [
        {"propensity": 0.0},
        {"propensity": nan},
        {"quality": (nan, 0.5, 0.5)},
        {"target": (0.5, 0.0, 0.0)},
        {"target": (1.5, -0.5, 0.0)},
        {"reward": nan},
    ],
)
def test_unusable_rows_are_left_out_and_counted(change: dict[str, object]) -> None:
    rows, _ = simulated(7, 500)
    bad = replace(rows[0], **change)  # type: ignore[arg-type]
    result = estimate([*rows[1:], bad])
    assert result.unusable == 1
    assert result.dr == estimate(rows[1:]).dr


def test_difference_of_equal_policies_is_zero_and_sure() -> None:
    rows, _ = simulated(8, 800)
    result = difference(rows, rows)
    assert result.dr is not None
    assert result.dr.mean == 0.0
    assert result.dr.high - result.dr.low == pytest.approx(0.0, abs=1e-12)


def test_difference_covers_the_truth_and_is_sharper_than_both() -> None:
    hits, shorter = 0, 0
    for seed in range(40):
        mine, worth = simulated(seed, 800)
        others, other_worth = simulated(seed, 800, target=0.12)
        result = difference(mine, others)
        assert result.dr is not None
        assert result.target.dr is not None
        hits += result.dr.low <= worth - other_worth <= result.dr.high
        shorter += result.dr.high - result.dr.low < result.target.dr.high - result.target.dr.low
    assert hits >= 34
    assert shorter == 40


def test_difference_is_refused_with_either_side() -> None:
    rows, _ = simulated(9, 800)
    never = [replace(row, chosen=0, propensity=1.0, target=(0.0, 0.0, 1.0)) for row in rows]
    assert difference(rows, never).dr is None
    with pytest.raises(ValueError, match="cannot be paired"):
        difference(rows, rows[1:])
