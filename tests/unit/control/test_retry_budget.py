"""Retries are a share of the traffic, and a few besides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.retry_budget import LEAST_PER_S, SHARE, WINDOW_S, RetryBudget

FLOOR = int(LEAST_PER_S * WINDOW_S)


def spent_at(budget: RetryBudget, now_s: float, tries: int = 1000) -> int:
    """How many of so many retries are allowed."""
    return sum(budget.spend(now_s) for _ in range(tries))


def test_a_quiet_fleet_may_retry_a_few() -> None:
    budget = RetryBudget()
    assert spent_at(budget, 5.0) == FLOOR
    assert not budget.spend(5.0)


def test_traffic_adds_its_share() -> None:
    budget = RetryBudget()
    for number in range(200):
        budget.arrived(number * 0.01)
    assert spent_at(budget, 2.0) == FLOOR + round(200 * SHARE)


def test_what_is_older_than_the_window_counts_no_more() -> None:
    budget = RetryBudget()
    for _ in range(100):
        budget.arrived(0.0)
    assert spent_at(budget, 0.0) == FLOOR + 10
    assert not budget.spend(WINDOW_S - 0.01)
    assert budget.left(WINDOW_S) == pytest.approx(FLOOR)
    assert spent_at(budget, WINDOW_S) == FLOOR


def test_a_fleet_that_fails_always_gets_little_more_than_its_traffic() -> None:
    """At 50 queries a second for a minute, each of which asks for a retry."""
    budget = RetryBudget()
    retries = 0
    for number in range(3000):
        now_s = number / 50
        budget.arrived(now_s)
        retries += budget.spend(now_s)
    assert retries <= 1.2 * (SHARE * 3000 + LEAST_PER_S * 60) + FLOOR


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.booleans()), max_size=200))
def test_no_window_holds_more_than_its_share(steps: list[tuple[float, bool]]) -> None:
    budget, now_s = RetryBudget(), 0.0
    queries: list[float] = []
    retries: list[float] = []
    for wait_s, is_query in steps:
        now_s += wait_s
        if is_query:
            budget.arrived(now_s)
            queries.append(now_s)
        elif budget.spend(now_s):
            retries.append(now_s)
        # kept by the second, so what counts goes back between WINDOW_S - 1 and WINDOW_S
        recent_retries = sum(now_s - at_s < WINDOW_S - 1.0 for at_s in retries)
        recent_queries = sum(now_s - at_s <= WINDOW_S for at_s in queries)
        assert recent_retries <= FLOOR + SHARE * recent_queries + 1e-9
        assert budget.left(now_s) >= 0.0
