"""When a crashed child may start again, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.app.restart import RESTART_POLICY, RestartClock, RestartPolicy


def test_the_first_restart_is_quick_and_each_further_one_waits_twice_as_long() -> None:
    clock = RestartClock(RestartPolicy(first_s=0.2, longest_s=10.0))
    waits_s = [clock.exited(float(at_s)) for at_s in range(8)]
    assert waits_s == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0])


def test_readiness_that_lasted_forgives_earlier_crashes() -> None:
    clock = RestartClock(RestartPolicy(first_s=0.2, healthy_after_s=30.0))
    for at_s in (1.0, 2.0, 3.0):
        clock.exited(at_s)
    clock.ready(10.0)
    assert clock.exited(40.0) == 0.2
    assert clock.crashes == 1


def test_readiness_that_did_not_last_forgives_nothing() -> None:
    clock = RestartClock(RestartPolicy(first_s=0.2, healthy_after_s=30.0))
    clock.exited(1.0)
    clock.ready(10.0)
    assert clock.exited(39.9) == 0.4


def test_health_counts_from_readiness_not_from_the_start() -> None:
    clock = RestartClock(RestartPolicy(first_s=0.2, healthy_after_s=30.0))
    clock.exited(0.0)
    assert clock.exited(100.0) == 0.4, "a hundred seconds of never being ready are not health"


def test_health_of_an_earlier_life_does_not_count_twice() -> None:
    clock = RestartClock(RestartPolicy(first_s=0.2, healthy_after_s=30.0))
    clock.ready(0.0)
    clock.exited(50.0)
    assert clock.exited(100.0) == 0.4


@given(st.lists(st.floats(0.0, 1e4), max_size=2000), st.booleans())
def test_every_wait_is_within_the_policys_bounds(gaps_s: list[float], gets_ready: bool) -> None:
    clock, at_s = RestartClock(RESTART_POLICY), 0.0
    for gap_s in gaps_s:
        if gets_ready:
            clock.ready(at_s)
        at_s += gap_s
        assert RESTART_POLICY.first_s <= clock.exited(at_s) <= RESTART_POLICY.longest_s


def test_crashing_for_days_overflows_nothing() -> None:
    clock = RestartClock(RESTART_POLICY)
    assert {clock.exited(float(at_s)) for at_s in range(5000)} >= {10.0}
    assert clock.crashes == 5000
