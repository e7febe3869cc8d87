"""Who is late, and how many copies that may cost."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.hedge import BURST, KEPT, LEAST_S, LEAST_SEEN, HedgeClock


def usual(ratio: float = 0.03, parts: list[float] | None = None) -> HedgeClock:
    """A clock that has seen answers take so many times what was expected."""
    clock = HedgeClock(ratio)
    for part in parts if parts is not None else [1.0] * LEAST_SEEN:
        clock.answered("m", 0.1, 0.1 * part)
    return clock


def test_nobody_is_late_before_enough_was_seen() -> None:
    clock = usual(parts=[1.0] * (LEAST_SEEN - 1))
    clock.sent("q", 1, "m", 0.1, 0.0)
    assert clock.next_s is None
    assert list(clock.late(1e9)) == []


def test_late_is_the_95th_part_of_what_is_usual() -> None:
    clock = usual(parts=[number / 100 for number in range(1, 101)])
    clock.sent("q", 1, "m", 0.2, 10.0)
    assert clock.next_s == pytest.approx(10.0 + 0.2 * 0.95, rel=0.02)


def test_a_long_text_may_take_longer() -> None:
    clock = usual()
    clock.sent("long", 1, "m", 2.0, 0.0)
    clock.sent("short", 2, "m", 0.1, 0.0)
    assert list(clock.late(1.0)) == [("short", 2)]
    assert list(clock.late(2.0)) == [("long", 1)]
    assert list(clock.late(9.0)) == [], "each is told once"


def test_a_model_says_nothing_of_another_one() -> None:
    clock = usual()
    clock.sent("q", 1, "other", 0.1, 0.0)
    assert clock.next_s is None


def test_nothing_is_late_at_once() -> None:
    clock = usual()
    clock.sent("q", 1, "m", 1e-6, 0.0)
    assert clock.next_s == LEAST_S


def test_without_a_ratio_no_copy_is_ever_sent() -> None:
    clock = usual(ratio=0.0)
    clock.sent("q", 1, "m", 0.1, 0.0)
    assert clock.next_s is None


def test_what_is_usual_follows_the_traffic() -> None:
    clock = usual(parts=[1.0] * 100 + [3.0] * KEPT)
    clock.sent("q", 1, "m", 0.1, 0.0)
    assert clock.next_s == pytest.approx(0.3)


@given(st.floats(0.0, 0.2), st.lists(st.booleans(), max_size=600))
def test_copies_never_exceed_their_share_and_a_burst(ratio: float, wishes: list[bool]) -> None:
    clock = HedgeClock(ratio)
    spent = 0
    for number, wished in enumerate(wishes, 1):
        clock.sent(f"q{number}", 1, "m", 0.1, float(number))
        spent += wished and clock.spend()
        assert spent <= ratio * number + BURST + 1e-9


def test_three_in_a_hundred_when_everybody_is_late() -> None:
    clock, draw = HedgeClock(0.03), random.Random(1)
    spent = 0
    for number in range(10_000):
        clock.sent(f"q{number}", 1, "m", 0.1, draw.random())
        spent += clock.spend()
    assert spent == pytest.approx(300, abs=BURST + 1)
