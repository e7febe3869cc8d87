"""Acting on the forecast of load: price floors, the batch lane, and loading models ahead.

Arrivals are counted per task; every five seconds a timer closes a bin, forecasts anew and works out
what follows, so that no decision pays for it (`learn.forecast.arrivals`, `control.price_floor`).

A floor is the mean of the prices that would clear the market at several quantiles of the forecast:
where the count is uncertain, a price at one quantile is right for that one only, and at p90 it
drove ordinary chat off its best model. A floor steers between endpoints; what would be refused
under it is decided again at the price of the moment (`router.decision.decide`), because a forecast
alone never sheds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

from zeta_router.control.price_floor import ClassDemand, clearing_prices
from zeta_router.core.decision import Decision
from zeta_router.core.query import Query, Task
from zeta_router.learn.forecast.arrivals import STEP_S, Forecast
from zeta_router.router.commands import Command, Prewarm
from zeta_router.router.decision.placement import Placement
from zeta_router.router.endpoint.prewarm import to_load
from zeta_router.router.endpoint.watch import smallest_call
from zeta_router.router.query.demand import RecentDemand

FORECAST_TIMER = "forecast"

AHEAD_S = 30.0
"""Horizon that floors and the batch lane go by."""

QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is forecast, for people to look at.

    Attributes:
        arrivals: By horizon in seconds, then by task (`all` for the sum).
        work_s: Mean engine-seconds of a query, by task, of those dispatched lately.
        load_p90: Share of the capacity that all lanes but batch may take, at p90.
        floors: Price floors by endpoint, quality per engine-second; empty when they are off.
    """

    arrivals: Mapping[float, Mapping[str, Forecast]]
    work_s: Mapping[str, float]
    load_p90: float
    floors: Mapping[str, float]


class Foresight:
    """Counts arrivals, and every `STEP_S` acts on what is forecast."""

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._demand = RecentDemand()
        self._prices: dict[float, tuple[float, ...]] = {}
        self._load_p90 = 0.0

    def arrived(self, task: Task, at_s: float, commands: list[Command]) -> None:
        """A query of this task came in."""
        self._placement.knowledge.arrivals.count(task)
        if FORECAST_TIMER not in self._placement.timers:
            self._placement.knowledge.arrivals.advance(at_s)
            self._set_timer(at_s, commands)

    def decided(self, query: Query, decision: Decision) -> None:
        """It was decided what becomes of it at first."""
        self._demand.decided(query, decision)

    def step(self, now_s: float, commands: list[Command]) -> None:
        """Close the bin that has ended and act on the new forecast."""
        placement = self._placement
        arrivals = placement.knowledge.arrivals
        arrivals.advance(now_s)
        everything = arrivals.latest(AHEAD_S).get("all")
        p90 = everything.p90 if everything is not None else 0.0
        self._load_p90 = self._demand.urgent_load(p90 / AHEAD_S)
        placement.foresee(self._load_p90, now_s + STEP_S)
        self._set_floors()
        for state in to_load(placement, now_s):
            state.residency.begin(now_s)
            state.touch()
            commands.append(Prewarm(state.endpoint, smallest_call(state.model)))
        self._set_timer(now_s, commands)

    def seen(self) -> Foreseen:
        """The forecasts of the moment and what follows from them."""
        arrivals = self._placement.knowledge.arrivals
        states = self._placement.fleet.endpoints.values()
        floors = {s.endpoint.id: s.price.floor for s in states if s.price.floor > 0.0}
        by_horizon = {horizon_s: arrivals.latest(horizon_s) for horizon_s in arrivals.horizons_s}
        return Foreseen(by_horizon, self._demand.work_s(), self._load_p90, floors)

    def _set_timer(self, now_s: float, commands: list[Command]) -> None:
        due_s = (floor(now_s / STEP_S) + 1) * STEP_S
        self._placement.set_timer(FORECAST_TIMER, due_s, commands)

    def _set_floors(self) -> None:
        fleet = self._placement.fleet
        weight = fleet.config.joint.forecast_floor
        prices = self._clearing_prices() if weight > 0.0 else (0.0,) * len(fleet.endpoints)
        for state, price in zip(fleet.endpoints.values(), prices, strict=True):
            price_floor = min(weight * price, state.price.highest)
            if price_floor != state.price.floor:
                state.price.floor = price_floor
                state.touch()

    def _clearing_prices(self) -> tuple[float, ...]:
        """The mean over the forecast's quantiles."""
        fleet = self._placement.fleet
        classes = self._demand.classes(list(fleet.endpoints))
        rho = fleet.config.joint.rho
        capacity = [rho if s.liveness.alive else 0.0 for s in fleet.endpoints.values()]
        counts = self._placement.knowledge.arrivals.spread(AHEAD_S, QUANTILES)
        nothing = (0.0,) * len(capacity)
        for level, count in zip(QUANTILES, counts, strict=True):
            rate = count / AHEAD_S
            demands = [ClassDemand(rate * c.rate_per_s, c.value, c.work_s) for c in classes]
            start = self._prices.get(level, nothing)
            if len(start) != len(capacity):
                start = nothing
            self._prices[level] = clearing_prices(demands, capacity, start)
        return tuple([sum(each) / len(each) for each in zip(*self._prices.values(), strict=True)])
