"""What each endpoint's time will be worth if the forecast load comes: a small dual problem.

Queries are put into classes that arrive at some rate, are worth something on each endpoint and take
some engine-seconds there. Prices that clear the market of one second,

    minimise  sum_c rate_c max(0, max_m (value_cm - price_m work_cm)) + sum_m price_m capacity_m,

are found by projected subgradient steps, started from the prices of last time. The choice within a
class is a soft one, so that two endpoints of equal worth share it instead of taking turns.

A price of 0 means that the endpoint has room for all who want it. Source: DESIGN §2; ALGORITHMS §9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf

STEPS = 50
TEMPERATURE = 0.02
"""Of the soft choice, in value: endpoints closer than that share a class."""

_FIRST_STEP = 0.5
"""Length of the first step: a market over by its whole capacity moves a typical price by half."""


@dataclass(frozen=True, slots=True)
class ClassDemand:
    """Queries of one kind.

    Attributes:
        rate_per_s: How many arrive.
        value: Of one on each endpoint, 0..1; anything where it cannot be served.
        work_s: Engine-seconds that one takes there; infinite where it cannot be served.
    """

    rate_per_s: float
    value: Sequence[float]
    work_s: Sequence[float]


def clearing_prices(
    demands: Sequence[ClassDemand],
    capacity: Sequence[float],
    start: Sequence[float],
    steps: int = STEPS,
) -> tuple[float, ...]:
    """Quality per engine-second of each endpoint, >= 0; the best of all that were tried.

    Args:
        demands: Classes, each with one value and work per endpoint.
        capacity: Engine-seconds a second of each endpoint; 0 for one that serves nothing.
        start: Where to begin, e.g. the answer of last time.
        steps: Subgradient steps; each costs about 1 µs per class and endpoint.
    """
    units = [_unit(demands, index) for index in range(len(capacity))]
    prices = [
        max(0.0, price) if unit and limit > 0.0 else 0.0
        for price, unit, limit in zip(start, units, capacity, strict=True)
    ]
    best, best_dual = tuple(prices), inf
    for step in range(steps):
        load, dual = _market(demands, capacity, prices)
        if dual < best_dual:
            best, best_dual = tuple(prices), dual
        length = _FIRST_STEP / (1.0 + 0.2 * step)
        for index, limit in enumerate(capacity):
            if limit > 0.0:
                over = max(-1.0, min(1.0, load[index] / limit - 1.0))
                prices[index] = max(0.0, prices[index] + length * units[index] * over)
    return best


def _unit(demands: Sequence[ClassDemand], index: int) -> float:
    """The highest price that anybody would pay there: the scale of a step; 0 for nobody."""
    worth = (d.value[index] / d.work_s[index] for d in demands if d.work_s[index] > 0.0)
    return max(worth, default=0.0)


def _market(
    demands: Sequence[ClassDemand], capacity: Sequence[float], prices: Sequence[float]
) -> tuple[list[float], float]:
    """Engine-seconds a second that go to each endpoint at these prices, and the dual's value."""
    load = [0.0] * len(prices)
    dual = sum(price * limit for price, limit in zip(prices, capacity, strict=True))
    for demand in demands:
        nets = [
            value - price * work if work < inf and limit > 0.0 else -inf
            for value, price, work, limit in zip(
                demand.value, prices, demand.work_s, capacity, strict=True
            )
        ]
        best = max(0.0, *nets)
        dual += demand.rate_per_s * best
        # the option of serving nobody takes part in the choice, at a net of 0
        shares = [_soft(net - best) if net > -inf else 0.0 for net in nets]
        total = sum(shares) + _soft(-best)
        for index, share in enumerate(shares):
            if share > 0.0:
                load[index] += demand.rate_per_s * share / total * demand.work_s[index]
    return load, dual


def _soft(behind: float) -> float:
    """Weight of a choice that is so far behind the best one, <= 0."""
    return exp(max(-40.0, behind / TEMPERATURE))
