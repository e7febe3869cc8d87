"""When it is worth asking again, in closed form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.retry_after import LONGEST_S, SHORTEST_S, retry_after_s

SECONDS = st.floats(0.0, 1e6)
RUNNING = st.lists(st.lists(SECONDS, max_size=5), max_size=5)


def test_nothing_runs_so_ask_again_soon() -> None:
    assert retry_after_s([], [], 0) == SHORTEST_S
    assert retry_after_s([[], []], [1, 1], 7) == SHORTEST_S


def test_the_first_in_line_waits_for_the_first_end() -> None:
    assert retry_after_s([[9.0, 4.0], [6.0]], [2, 1], 0) == 4.0


def test_each_end_serves_one_of_the_line() -> None:
    assert retry_after_s([[9.0, 4.0], [6.0]], [2, 1], 1) == 6.0
    assert retry_after_s([[9.0, 4.0], [6.0]], [2, 1], 2) == 9.0


def test_beyond_those_that_run_the_rest_drains_at_their_rate() -> None:
    # One slot, a query that has 4 s left of the 8 s that queries take on average (twice the mean
    # remainder): the next ends at 12 s, the one after it at 20 s.
    assert retry_after_s([[4.0]], [1], 1) == 12.0
    assert retry_after_s([[4.0]], [1], 2) == 20.0


def test_more_slots_drain_faster() -> None:
    assert retry_after_s([[4.0]], [4], 1) == 6.0


def test_within_what_a_header_can_say_and_a_client_will_wait() -> None:
    assert retry_after_s([[0.01]], [1], 0) == SHORTEST_S
    assert retry_after_s([[500.0]], [1], 0) == LONGEST_S


def test_no_slots_is_no_division_by_zero() -> None:
    assert retry_after_s([[4.0]], [0], 5) == 44.0


@given(RUNNING, st.integers(0, 50), st.integers(0, 50))
def test_bounded_and_never_shorter_for_who_comes_later(
    running: list[list[float]], ahead: int, more: int
) -> None:
    slots = [max(1, len(one)) for one in running]
    first = retry_after_s(running, slots, ahead)
    assert SHORTEST_S <= first <= LONGEST_S
    assert retry_after_s(running, slots, ahead + more) >= first
