"""An engine that says it has no work while queries of ours wait there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.router.endpoint.swallowed import LOST_S, Swallowed


def polled(*counts: tuple[float, int, int]) -> Swallowed:
    """After polls at those times, each with the engine's count and ours."""
    swallowed = Swallowed()
    for at_s, counted, ours in counts:
        swallowed.on_count(at_s, counted, ours)
    return swallowed


SEEN = (0.0, 1, 1)
"""A poll that shows work of ours, so that the engine's count is believed."""


def test_a_query_that_every_poll_denies_is_lost() -> None:
    swallowed = polled(SEEN, (1.0, 0, 1), (4.0, 0, 1), (7.0, 0, 1))
    assert not swallowed.denies(0.99 + LOST_S, since_s=0.5)
    assert swallowed.denies(1.0 + LOST_S, since_s=0.5)


def test_one_that_was_just_sent_is_not() -> None:
    swallowed = polled(SEEN, (1.0, 0, 1), (7.0, 0, 1))
    assert not swallowed.denies(7.0, since_s=7.0 - LOST_S + 0.01)


def test_an_engine_that_never_showed_work_of_ours_is_not_believed() -> None:
    assert not polled((0.0, 3, 0), (1.0, 0, 1), (99.0, 0, 1)).denies(99.0, since_s=0.0)


def test_one_poll_that_shows_work_begins_anew() -> None:
    swallowed = polled(SEEN, (1.0, 0, 1), (6.5, 1, 1), (7.0, 0, 1), (13.0, 0, 1))
    assert not swallowed.denies(12.9, since_s=0.0)
    assert swallowed.denies(13.0, since_s=0.0)


def test_one_poll_that_was_too_early_denies_nothing_by_itself() -> None:
    assert not polled(SEEN, (10.0, 0, 1)).denies(99.0, since_s=9.9)


def test_a_poll_that_does_not_tell_begins_anew() -> None:
    swallowed = polled(SEEN, (10.0, 0, 1))
    swallowed.on_silence()
    swallowed.on_count(17.0, 0, 1)
    assert not swallowed.denies(17.0, since_s=9.9)
    swallowed.on_count(23.0, 0, 1)
    assert swallowed.denies(23.0, since_s=9.9)


def test_nothing_is_denied_while_nothing_is_there() -> None:
    assert not polled(SEEN, (1.0, 0, 1), (5.0, 0, 0), (6.0, 0, 1)).denies(11.9, since_s=1.0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_only_a_run_of_denying_polls_of_that_length_says_so(polls: list[tuple[int, int]]) -> None:
    swallowed = polled(*((float(at), counted, ours) for at, (counted, ours) in enumerate(polls)))
    now = len(polls) - 1
    run = 0
    for counted, ours in reversed(polls):
        if counted or not ours:
            break
        run += 1
    shown = any(counted and ours for counted, ours in polls)
    said = swallowed.denies(float(now), since_s=-1.0)
    assert said == (shown and run - 1 >= LOST_S)
