"""The linear programme behind the bounds, solved exactly in numpy.

    maximise    sum_jm value_jm x_jm
    subject to  sum_m x_jm <= 1           for every query j      (the rest is shed)
                sum_j work_jm x_jm <= capacity_m    for every endpoint m
                x >= 0

A fleet has few endpoints, and each query's row touches nothing but that query, so Newton's system
of a primal-dual interior-point method shrinks to one equation per endpoint: 20,000 queries on 3
endpoints take well under a second, without a solver as a dependency. What is reported is not the
iterate's value but its certificate: for any prices >= 0,

    D(prices) = sum_j max(0, max_m (value_jm - price_m work_jm)) + sum_m price_m capacity_m

is at least the optimum, so an early stop could only make the bound looser, never wrong.

Source: Mehrotra 1992 (predictor-corrector); Wright 1997, ch. 10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TOLERANCE = 1e-7
_ITERATIONS = 80


@dataclass(frozen=True, slots=True)
class Solution:
    """The optimum between two numbers.

    Attributes:
        bound: D(prices), at least the optimum.
        reached: The value of a feasible x, at most the optimum.
        prices: Value per unit of work of each endpoint.
    """

    bound: float
    reached: float
    prices: Array


def certificate(value: Array, work: Array, capacity: Array, prices: Array) -> float:
    """D(prices): an upper bound for any prices >= 0."""
    best = np.maximum(0.0, (value - work * prices).max(axis=1))
    return float(best.sum() + prices @ capacity)


def solve(value: Array, work: Array, capacity: Array) -> Solution:
    """The optimum, to a relative gap of `TOLERANCE`.

    Args:
        value: Of query j on endpoint m, >= 0; shape (n, k).
        work: Likewise, > 0.
        capacity: Of each endpoint, > 0; shape (k,).
    """
    if not value.size or value.max() <= 0.0:
        return Solution(0.0, 0.0, np.zeros_like(capacity))
    # Capacities of 1 and values up to 1: the method's start needs no knowledge of the units then.
    scale = float(value.max())
    point = _Point(value / scale, work / capacity)
    for _ in range(_ITERATIONS):
        if point.gap <= TOLERANCE * max(1.0, point.reached):
            break
        point.step()
    prices = scale * np.maximum(point.prices, 0.0) / capacity
    return Solution(certificate(value, work, capacity, prices), scale * point.reached, prices)


class _Point:
    """A strictly feasible primal and dual point, moving along the central path.

    x and its reduced costs z = y + price * work - value; the slack s of a query's row with its
    dual y; the slack t of an endpoint's capacity with its price. Products of partners tend to 0.
    """

    def __init__(self, value: Array, work: Array) -> None:
        self.value, self.work = value, work
        queries, endpoints = value.shape
        self.x = np.broadcast_to(
            np.minimum(0.5 / endpoints, 0.5 / work.sum(axis=0)), value.shape
        ).copy()
        self.s = 1.0 - self.x.sum(axis=1)
        self.t = 1.0 - (work * self.x).sum(axis=0)
        self.prices = np.ones(endpoints)
        self.y = np.full(queries, 2.0)
        self.z = self._reduced_costs(self.y, self.prices) - value

    @property
    def reached(self) -> float:
        return float((self.value * self.x).sum())

    @property
    def gap(self) -> float:
        """Sum of all products, which is the dual value minus the primal one."""
        return float((self.x * self.z).sum() + self.s @ self.y + self.t @ self.prices)

    def step(self) -> None:
        """One predictor-corrector step."""
        count = self.x.size + self.s.size + self.t.size
        mean = self.gap / count
        none = (np.zeros_like(self.x), np.zeros_like(self.s), np.zeros_like(self.t))
        primal, dual = self._direction(0.0, none)
        after = self._gap_after(primal, dual, *self._lengths(primal, dual, 1.0)) / count
        target = mean * (after / mean) ** 3
        bend = (primal[0] * dual[0], primal[1] * dual[1], primal[2] * dual[2])
        primal, dual = self._direction(target, bend)
        forward, back = self._lengths(primal, dual, 0.995)
        self.x += forward * primal[0]
        self.s += forward * primal[1]
        self.t += forward * primal[2]
        self.z += back * dual[0]
        self.y += back * dual[1]
        self.prices += back * dual[2]

    def _reduced_costs(self, y: Array, prices: Array) -> Array:
        return y[:, None] + self.work * prices

    def _direction(
        self, target: float, bend: tuple[Array, Array, Array]
    ) -> tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]]:
        """Newton's direction towards products of `target`, corrected by the second-order `bend`."""
        ax = (target - bend[0]) / self.z - self.x
        as_ = (target - bend[1]) / self.y - self.s
        at = (target - bend[2]) / self.prices - self.t
        bx = self.x / self.z
        load = self.work * bx
        row = bx.sum(axis=1) + self.s / self.y
        right = ax.sum(axis=1) + as_
        matrix = np.diag((self.work * load).sum(axis=0) + self.t / self.prices)
        matrix -= load.T @ (load / row[:, None])
        wanted = (self.work * ax).sum(axis=0) + at - load.T @ (right / row)
        d_prices = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
        d_y = (right - load @ d_prices) / row
        d_z = self._reduced_costs(d_y, d_prices)
        d_x = ax - bx * d_z
        d_s = as_ - self.s / self.y * d_y
        d_t = at - self.t / self.prices * d_prices
        return (d_x, d_s, d_t), (d_z, d_y, d_prices)

    def _lengths(
        self, primal: tuple[Array, ...], dual: tuple[Array, ...], share: float
    ) -> tuple[float, float]:
        """How far each side can go and stay positive, times `share`."""
        return (
            min(1.0, share * _longest((self.x, self.s, self.t), primal)),
            min(1.0, share * _longest((self.z, self.y, self.prices), dual)),
        )

    def _gap_after(
        self,
        primal: tuple[Array, ...],
        dual: tuple[Array, ...],
        forward: float,
        back: float,
    ) -> float:
        now = ((self.x, self.z), (self.s, self.y), (self.t, self.prices))
        return float(
            sum(
                ((p + forward * dp) * (d + back * dd)).sum()
                for (p, d), dp, dd in zip(now, primal, dual, strict=True)
            )
        )


def _longest(values: tuple[Array, ...], directions: tuple[Array, ...]) -> float:
    """The largest step that leaves every value at least 0."""
    steps = [
        float((values_[down] / -direction[down]).min())
        for values_, direction in zip(values, directions, strict=True)
        if (down := direction < 0.0).any()
    ]
    return min(steps, default=1.0)
