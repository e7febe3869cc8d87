"""One cell: the formula, what fades, and what one voter can do."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.learn.quality.cell import DISCOUNT, MOST_VOTERS, BetaCell


def test_the_formula_by_hand() -> None:
    """α - n0 μ0 ← γ (α - n0 μ0) + ω y, the same for β; n0 ← 4 + .97 (n0 - 4); γ .985."""
    cell = BetaCell(20.0)
    successes = failures = 0.0
    for y in (1.0, 0.0, 0.25):
        successes = 0.985 * successes + y
        failures = 0.985 * failures + 1.0 - y
        cell.add(y, 1.0 - y)
    weight = 4.0 + 16.0 * 0.97**3
    alpha, beta = weight * 0.7 + successes, weight * 0.3 + failures
    mean = alpha / (alpha + beta)
    assert cell.prior_weight == pytest.approx(weight)
    assert cell.mean(0.7) == pytest.approx(mean)
    assert cell.sigma(0.7) == pytest.approx(math.sqrt(mean * (1 - mean) / (alpha + beta + 1)))


def test_evidence_is_bounded_by_the_discount_and_the_prior_fades_to_four() -> None:
    cell = BetaCell(20.0)
    for _ in range(2000):
        cell.add(1.0, 0.0)
    assert cell.evidence == pytest.approx(1.0 / (1.0 - DISCOUNT))
    assert cell.prior_weight == pytest.approx(4.0)
    assert cell.mean(0.5) == pytest.approx((2.0 + cell.evidence) / (4.0 + cell.evidence))


def test_a_prior_that_was_weak_to_begin_with_does_not_fade() -> None:
    cell = BetaCell(2.0)
    cell.add(1.0, 0.0)
    assert cell.prior_weight == 2.0


def test_faint_hints_discount_faintly() -> None:
    """1,000 hints of weight .05 must not outvote 50 clear rewards for good."""
    cell = BetaCell(20.0)
    for _ in range(50):
        cell.add(1.0, 0.0)
    before = cell.evidence
    cell.add(0.0, 0.05)
    assert cell.evidence == pytest.approx(before * DISCOUNT**0.05 + 0.05)


def test_a_vote_taken_back_leaves_what_was_there() -> None:
    cell, plain = BetaCell(4.0), BetaCell(4.0)
    for y in (1.0, 1.0, 0.0):
        cell.add(y, 1.0 - y)
        plain.add(y, 1.0 - y)
    trace = cell.add(0.25, 0.75)
    assert trace is not None
    for y in (0.0, 1.0):
        cell.add(y, 1.0 - y)
    cell.take_back(trace)
    kept = DISCOUNT**1.0  # what it had faded stays faded
    plain.successes *= kept
    plain.failures *= kept
    for y in (0.0, 1.0):
        plain.add(y, 1.0 - y)
    assert cell.successes == pytest.approx(plain.successes)
    assert cell.failures == pytest.approx(plain.failures)


def test_taking_back_after_everything_was_forgotten_does_no_harm() -> None:
    cell = BetaCell(4.0)
    trace = cell.add(0.0, 1.0)
    assert trace is not None
    cell.keep(0.2)
    assert cell.failures == pytest.approx(0.2)
    cell.take_back(trace)
    assert cell.evidence == pytest.approx(0.0, abs=1e-12)
    cell.take_back(trace)
    assert cell.evidence == 0.0


votes = st.lists(
    st.tuples(st.sampled_from("abcx"), st.floats(0.0, 1.0), st.floats(0.01, 1.0)), max_size=120
)


@given(votes, st.floats(0.01, 0.9))
def test_nobody_holds_more_than_its_cap(votes: list[tuple[str, float, float]], cap: float) -> None:
    """However often x votes and whatever others do: never above its part after its own vote."""
    cell = BetaCell(20.0)
    for voter, y, weight in votes:
        if voter == "x":
            cell.add(y * weight, (1.0 - y) * weight, "x", cap)
            assert cell.held("x") <= cap + 1e-9
        else:
            cell.add(y * weight, (1.0 - y) * weight, voter)
        assert cell.successes >= 0.0
        assert cell.failures >= 0.0
        mine = [cell.held(name) for name in "abcx"]
        assert sum(mine) * (cell.prior_weight + cell.evidence) == pytest.approx(cell.evidence)


@pytest.mark.parametrize("cap", [0.05, 0.1, 0.3])
def test_a_thousand_downs_move_the_mean_by_no_more_than_the_cap(cap: float) -> None:
    """Against the same cell without them; others voted before and go on voting."""
    with_x, without = BetaCell(20.0), BetaCell(20.0)
    for index in range(1000):
        good = float(index % 10 < 8)
        for cell in (with_x, without):
            if index % 4 == 0:
                cell.add(good, 1.0 - good, "honest")
        with_x.add(0.0, 1.0, "x", cap)
        assert abs(with_x.mean(0.8) - without.mean(0.8)) <= cap + 0.02
    assert with_x.mean(0.8) < without.mean(0.8) - 0.5 * cap * 0.8  # it is heard, all the same


def test_who_is_at_its_cap_may_still_change_its_mind() -> None:
    cell = BetaCell(20.0)
    for _ in range(100):
        cell.add(0.0, 1.0, "x", 0.3)
    low = cell.mean(0.5)
    others = cell.evidence
    for _ in range(100):
        cell.add(1.0, 0.0, "x", 0.3)
    assert cell.mean(0.5) == pytest.approx(low + 0.3, abs=0.02)
    assert cell.evidence == pytest.approx(others, rel=0.05)


def test_the_smallest_voter_is_forgotten_first_and_its_votes_stay() -> None:
    cell = BetaCell(20.0)
    for index in range(MOST_VOTERS):
        cell.add(0.5 + index / 100, 0.0, f"v{index:02}")
    before = cell.evidence
    cell.add(1.0, 0.0, "new")
    assert cell.held("v00") == 0.0
    assert cell.held("v01") > 0.0
    assert cell.evidence == pytest.approx(before * DISCOUNT + 1.0)


def test_a_cell_comes_back_from_its_state() -> None:
    cell = BetaCell(20.0)
    for voter in ("a", "b", "a"):
        cell.add(1.0, 0.0, voter, 0.5)
    copy = BetaCell.of(*cell.state())  # type: ignore[arg-type]
    for each in (cell, copy):
        each.add(0.0, 1.0, "a", 0.2)
    assert copy.mean(0.5) == pytest.approx(cell.mean(0.5))
    assert copy.held("a") == pytest.approx(cell.held("a"))
    assert math.isfinite(copy.sigma(0.5))
