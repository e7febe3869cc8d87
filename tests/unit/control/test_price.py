"""The shadow price: a virtual queue, in quality per engine-second."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.price import HIGHEST, VirtualQueue

SECONDS = st.floats(0.0, 1e4)
WORK = st.floats(-100.0, 100.0)
STEPS = st.lists(st.tuples(SECONDS, WORK), max_size=30)


def test_an_idle_endpoint_is_free() -> None:
    assert VirtualQueue().at(0.0) == 0.0
    assert VirtualQueue().at(1e9) == 0.0


def test_ten_engine_seconds_of_work_price_a_100_ms_job_at_0_2() -> None:
    price = VirtualQueue(eta=0.2, rho=0.8)
    price.charge(5.0, 10.0)
    assert price.at(5.0) * 0.1 == pytest.approx(0.2)


def test_it_falls_at_the_target_load_and_not_below_zero() -> None:
    price = VirtualQueue(eta=0.2, rho=0.8)
    price.charge(0.0, 10.0)
    assert price.at(5.0) == pytest.approx(2.0 - 0.2 * 0.8 * 5.0)
    assert price.at(12.5) == pytest.approx(0.0)
    assert price.at(100.0) == 0.0


def test_at_the_target_load_it_stands_still() -> None:
    price = VirtualQueue()
    price.charge(0.0, 5.0)
    before = price.at(0.0)
    for second in range(1, 200):
        price.charge(float(second), 0.8)
    assert price.at(199.0) == pytest.approx(before)


def test_reading_changes_nothing() -> None:
    price = VirtualQueue()
    price.charge(0.0, 5.0)
    assert [price.at(2.0), price.at(1.0), price.at(2.0)] == [
        price.at(2.0),
        1.0 - 0.16,
        price.at(2.0),
    ]


def test_what_turned_out_to_be_less_work_is_given_back() -> None:
    price = VirtualQueue()
    price.charge(0.0, 10.0)
    price.charge(0.0, -4.0)
    assert price.at(0.0) == pytest.approx(0.2 * 6.0)
    price.charge(0.0, -100.0)
    assert price.at(0.0) == 0.0


def test_it_has_a_ceiling_from_which_it_falls_at_once() -> None:
    price = VirtualQueue()
    price.charge(0.0, 1e6)
    assert price.at(0.0) == HIGHEST
    assert price.at(1.0) == pytest.approx(HIGHEST - 0.16)


@pytest.mark.parametrize("work_s", [math.nan, math.inf, -math.inf])
def test_work_that_is_no_number_changes_nothing(work_s: float) -> None:
    price = VirtualQueue()
    price.charge(0.0, 5.0)
    price.charge(3.0, work_s)
    assert price.at(3.0) == pytest.approx(1.0 - 0.48)


def test_time_in_which_the_endpoint_was_down_does_not_count() -> None:
    price = VirtualQueue()
    price.charge(0.0, 10.0)
    price.charge(2.0, 0.0)  # it goes down
    price.freeze(60.0)  # it is back
    assert price.at(60.0) == pytest.approx(2.0 - 0.32)
    assert price.at(61.0) == pytest.approx(2.0 - 0.48)


def test_an_event_that_comes_late_does_not_turn_time_back() -> None:
    price = VirtualQueue()
    price.charge(10.0, 10.0)
    price.charge(9.0, 1.0)
    price.freeze(8.0)
    assert price.at(10.0) == pytest.approx(2.2)
    assert price.at(11.0) == pytest.approx(2.2 - 0.16)


@given(STEPS)
def test_never_negative_never_above_the_ceiling_and_falling_in_between(
    steps: list[tuple[float, float]],
) -> None:
    price = VirtualQueue()
    now_s = 0.0
    for gap_s, work_s in steps:
        before = price.at(now_s)
        now_s += gap_s
        assert 0.0 <= price.at(now_s) <= before
        price.charge(now_s, work_s)
        assert 0.0 <= price.at(now_s) <= HIGHEST


@given(STEPS, st.floats(0.0, 10.0))
def test_more_work_never_lowers_it(steps: list[tuple[float, float]], more_s: float) -> None:
    less, more = VirtualQueue(), VirtualQueue()
    now_s = 0.0
    for gap_s, work_s in steps:
        now_s += gap_s
        less.charge(now_s, work_s)
        more.charge(now_s, work_s + more_s)
        assert more.at(now_s) >= less.at(now_s) - 1e-9
