"""The shadow price: a virtual queue, in quality per engine-second."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.price import CEILING, LEAST_SLOTS, VirtualQueue

SECONDS = st.floats(0.0, 1e4)
WORK = st.floats(-100.0, 100.0)
STEPS = st.lists(st.tuples(SECONDS, WORK), max_size=30)


def loaded(
    queries: int = 10, work_s: float = 1.0, slots: int = 10, eta: float = 0.2, rho: float = 0.8
) -> VirtualQueue:
    """A price after so many queries of the same work at time 0."""
    price = VirtualQueue(eta, rho, slots)
    for _ in range(queries):
        price.charge(0.0, work_s)
    return price


def test_an_idle_endpoint_is_free() -> None:
    assert VirtualQueue().at(0.0) == 0.0
    assert VirtualQueue().at(1e9) == 0.0


@pytest.mark.parametrize("work_s", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("slots", [8, 32, 256])
def test_a_batch_of_backlog_costs_a_typical_query_eta_on_any_engine(
    work_s: float, slots: int
) -> None:
    price = loaded(slots, work_s, slots, eta=0.2)
    assert price.at(0.0) * work_s == pytest.approx(0.2)


def test_few_slots_do_not_make_the_price_jump() -> None:
    assert loaded(1, 1.0, slots=1).at(0.0) == pytest.approx(0.2 / LEAST_SLOTS)


def test_a_short_query_pays_by_its_work() -> None:
    price = loaded(10, 1.0, 10)
    assert price.at(0.0) * 0.1 == pytest.approx(0.02)


def test_it_falls_at_the_target_load_and_not_below_zero() -> None:
    price = loaded(10, 1.0, 10, eta=0.2, rho=0.8)
    assert price.at(5.0) == pytest.approx(0.2 * (1.0 - 0.8 * 5.0 / 10.0))
    assert price.at(12.5) == pytest.approx(0.0)
    assert price.at(100.0) == 0.0


def test_at_the_target_load_it_stands_still() -> None:
    price = loaded(10, 0.8, 10)
    before = price.at(0.0)
    for second in range(1, 200):
        price.charge(float(second), 0.8)
    assert price.at(199.0) == pytest.approx(before)


def test_reading_changes_nothing() -> None:
    price = loaded()
    assert [price.at(2.0), price.at(1.0), price.at(2.0)] == [
        price.at(2.0),
        pytest.approx(0.2 * 0.92),
        price.at(2.0),
    ]


def test_what_turned_out_to_be_less_work_is_given_back() -> None:
    price = loaded()
    price.correct(0.0, -4.0)
    assert price.at(0.0) == pytest.approx(0.2 * 0.6)
    price.correct(0.0, -100.0)
    assert price.at(0.0) == 0.0
    assert price.typical_work_s == pytest.approx(1.0), "a correction is no query"


def test_what_is_typical_follows_the_queries() -> None:
    price = loaded(1, 1.0)
    for _ in range(300):
        price.charge(0.0, 3.0)
    assert price.typical_work_s == pytest.approx(3.0, rel=0.01)


def test_few_queries_are_a_plain_mean() -> None:
    """A tiny first one does not make a batch of backlog out of the next one."""
    price = VirtualQueue(slots=8)
    price.charge(0.0, 0.0005)
    price.charge(0.0, 0.0135)
    assert price.typical_work_s == pytest.approx(0.007)
    assert price.at(0.0) * 0.0135 < 0.2


@pytest.mark.parametrize(("ratio", "one_in"), [(1, 2), (10, 5), (40, 10), (100, 20)])
def test_long_queries_among_short_ones_are_served_at_light_load(ratio: int, one_in: int) -> None:
    """At 40 % of the load hardly any pays more than it is worth, however unequal they are."""
    draw, price, now_s, dear = random.Random(1), VirtualQueue(slots=8), 0.0, 0
    short_s = 0.05
    mean_s = short_s * (1.0 + (ratio - 1) / one_in)
    for _ in range(5000):
        now_s += draw.expovariate(0.4 / mean_s)
        work_s = short_s * (ratio if draw.randrange(one_in) == 0 else 1)
        dear += price.at(now_s) * work_s > 0.7
        price.charge(now_s, work_s)
    assert dear < 0.01 * 5000


def test_a_state_of_before_has_no_mean_square() -> None:
    price = loaded(50, 2.0)
    old = VirtualQueue(slots=price.slots)
    state = price.state()
    del state["square_s2"]
    old.restore(state)
    assert old.step == pytest.approx(price.step)
    with pytest.raises(ValueError, match="negative"):
        old.restore({**price.state(), "square_s2": math.nan})


def test_what_was_restored_is_no_first_query() -> None:
    price, later = loaded(50, 1.0), VirtualQueue(slots=8)
    later.restore(price.state())
    later.charge(0.0, 2.0)
    assert later.typical_work_s == pytest.approx(1.02)


def test_it_has_a_ceiling_from_which_it_falls_at_once() -> None:
    price = loaded(1000, 1.0, 10)
    assert price.at(0.0) == pytest.approx(CEILING)
    assert price.at(1.0) == pytest.approx(CEILING - 0.2 * 0.8 / 10.0)


@pytest.mark.parametrize("work_s", [math.nan, math.inf, -math.inf])
def test_work_that_is_no_number_changes_nothing(work_s: float) -> None:
    price = loaded()
    price.charge(3.0, work_s)
    price.correct(3.0, work_s)
    assert price.at(3.0) == pytest.approx(0.2 * 0.76)


def test_time_in_which_the_endpoint_was_down_does_not_count() -> None:
    price = loaded()
    price.correct(2.0, 0.0)  # it goes down
    price.freeze(60.0)  # it is back
    assert price.at(60.0) == pytest.approx(0.2 * 0.84)
    assert price.at(61.0) == pytest.approx(0.2 * 0.76)


def test_an_event_that_comes_late_does_not_turn_time_back() -> None:
    price = VirtualQueue(rho=0.8, slots=10)
    price.charge(10.0, 1.0)
    price.charge(9.0, 1.0)
    price.freeze(8.0)
    assert price.at(10.0) == pytest.approx(0.04)
    assert price.at(11.0) == pytest.approx(0.02 * 1.2)


def test_with_eta_0_everything_is_free() -> None:
    assert loaded(1000, eta=0.0).at(0.0) == 0.0


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
        assert 0.0 <= price.at(now_s) <= price.highest * (1 + 1e-12)


@given(STEPS, st.floats(0.0, 10.0))
def test_more_work_left_never_lowers_it(steps: list[tuple[float, float]], more_s: float) -> None:
    less, more = VirtualQueue(), VirtualQueue()
    now_s = 0.0
    for gap_s, work_s in steps:
        now_s += gap_s
        for price in (less, more):
            price.charge(now_s, work_s)
        less.correct(now_s, 0.0)
        more.correct(now_s, more_s)
        assert more.at(now_s) >= less.at(now_s) - 1e-9
