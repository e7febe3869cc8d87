"""Filler that a gateway does not take for a model in a loop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.gateway.checking.degeneration import circles_in
from zeta_router.sim.engine.filler import filler


@given(st.integers(0, 10_000), st.integers(0, 500), st.integers(0, 500))
def test_it_is_the_same_in_one_piece_and_in_parts(serial, first, second):
    whole = filler(serial, 0, first + second)
    assert whole == filler(serial, 0, first) + filler(serial, first, second)
    assert len(whole.split()) == first + second


@given(st.integers(0, 10_000), st.integers(80, 2000))
def test_it_does_not_run_in_circles(serial, count):
    found = circles_in(filler(serial, 0, count))
    assert found is not None
    assert found.degeneration < 0.2


def test_two_answers_are_not_the_same():
    assert filler(1, 0, 50) != filler(2, 0, 50)
