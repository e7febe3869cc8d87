from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.price_floor import ClassDemand, clearing_prices

EASY = ClassDemand(1.0, (0.6, 0.8), (0.1, 0.4))
HARD = ClassDemand(0.5, (0.2, 0.7), (0.2, 0.6))


def scaled(rate: float) -> list[ClassDemand]:
    return [ClassDemand(rate * d.rate_per_s, d.value, d.work_s) for d in (EASY, HARD)]


def dual(
    demands: list[ClassDemand], capacity: tuple[float, ...], prices: tuple[float, ...]
) -> float:
    total = sum(p * c for p, c in zip(prices, capacity, strict=True))
    for demand in demands:
        rows = zip(demand.value, prices, demand.work_s, strict=True)
        nets = [value - price * work for value, price, work in rows if work < inf]
        total += demand.rate_per_s * max(0.0, *nets)
    return total


def test_with_room_for_all_nothing_has_a_price() -> None:
    assert clearing_prices(scaled(0.2), (1.0, 1.0), (0.0, 0.0)) == (0.0, 0.0)


def test_prices_rise_with_demand_and_first_where_it_is_wanted_most() -> None:
    prices = [clearing_prices(scaled(rate), (1.0, 1.0), (0.0, 0.0)) for rate in (1, 2, 4, 12)]
    best = [price[1] for price in prices]
    assert best == sorted(best)
    assert best[1] > 0.0
    assert prices[1][0] == 0.0
    assert prices[-1][0] > 0.0


def test_a_warm_start_comes_near_the_optimum() -> None:
    """One endpoint, rate 4 of work .5 and value .8 on capacity 1: the price is .8 / .5 = 1.6."""
    demand = [ClassDemand(4.0, (0.8,), (0.5,))]
    prices: tuple[float, ...] = (0.0,)
    for _ in range(3):
        prices = clearing_prices(demand, (1.0,), prices)
    assert dual(demand, (1.0,), prices) == pytest.approx(1.6, rel=0.02)


def test_nobody_there_and_nothing_up_have_no_price() -> None:
    assert clearing_prices([], (1.0, 1.0), (3.0, 0.0)) == (0.0, 0.0)
    only = [ClassDemand(100.0, (0.9, 0.0), (1.0, inf))]
    prices = clearing_prices(only, (0.0, 1.0), (5.0, 5.0))
    assert prices == (0.0, 0.0)


@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 50.0),
            st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
            st.tuples(st.floats(0.001, 5.0), st.floats(0.001, 5.0)),
        ),
        max_size=4,
    ),
    st.tuples(st.floats(0.0, 3.0), st.floats(0.0, 3.0)),
)
def test_never_worse_than_the_start_and_never_negative(
    rows: list[tuple[float, tuple[float, float], tuple[float, float]]],
    start: tuple[float, float],
) -> None:
    demands = [ClassDemand(*row) for row in rows]
    if not demands:
        return
    capacity = (0.8, 0.8)
    prices = clearing_prices(demands, capacity, start)
    assert all(0.0 <= price < inf for price in prices)
    usable = tuple(s if any(d.value[i] > 0 for d in demands) else 0.0 for i, s in enumerate(start))
    assert dual(demands, capacity, prices) <= dual(demands, capacity, usable) + 1e-9
