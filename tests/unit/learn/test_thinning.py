"""All lessons while they are few, a bounded number while they are many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.learn.thinning import BURST, PER_S, Thinning


def taken(times_s: list[float]) -> int:
    """Lessons learned of those at these times."""
    thinning = Thinning()
    return sum(thinning.spare_one(at_s) for at_s in times_s)


def test_few_are_all_learned() -> None:
    assert taken([number / (0.9 * PER_S) for number in range(5_000)]) == 5_000


def test_a_crowd_at_once_is_learned_up_to_the_burst() -> None:
    assert taken([7.0] * 1_000) == BURST


def test_many_are_learned_at_the_rate() -> None:
    seconds = 20.0
    times_s = [100.0 + number / 2_000.0 for number in range(int(2_000 * seconds))]
    assert abs(taken(times_s) - PER_S * seconds) <= BURST + 1


@given(st.lists(st.floats(0.0, 50.0), max_size=400))
def test_never_more_than_the_rate_allows(gaps: list[float]) -> None:
    times_s = sorted(gaps)
    assert taken(times_s) <= BURST + PER_S * (times_s[-1] if times_s else 0.0) + 1e-6


def test_time_that_steps_back_gives_nothing() -> None:
    thinning = Thinning()
    assert all(thinning.spare_one(10.0) for _ in range(int(BURST)))
    assert not thinning.spare_one(9.0)
    assert not thinning.spare_one(10.0)
    assert thinning.spare_one(10.0 + 1.5 / PER_S)
