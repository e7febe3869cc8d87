"""The shadow price of an endpoint: what a second of its work is worth to the queries to come.

A virtual queue: work that is dispatched raises it by eta per engine-second, time lowers it by
eta·rho per second, it never goes below zero. That is a dual subgradient step on the capacity of the
endpoint, Lindley's recursion for a queue with service rate rho, and backpressure, in one number.

With eta 0.2, ten engine-seconds of work beyond the target load price a 100 ms job at 0.2 quality.

Source: Balseiro, Lu and Mirrokni 2020; Neely's drift-plus-penalty; DESIGN §2.
"""

from __future__ import annotations

from math import isfinite

HIGHEST = 4.0
"""Ceiling of a price, quality per engine-second: no job of a quarter second is worth more."""


class VirtualQueue:
    """One endpoint's price.

    Attributes:
        eta: Price step, quality per engine-second squared.
        rho: Target load, engine-seconds per second.
    """

    __slots__ = ("_at_s", "_price", "eta", "rho")

    def __init__(self, eta: float = 0.2, rho: float = 0.8) -> None:
        self.eta = eta
        self.rho = rho
        self._at_s = 0.0
        self._price = 0.0

    def at(self, now_s: float) -> float:
        """The price at `now_s`; reading it changes nothing."""
        if self._price == 0.0:
            return 0.0
        fallen = self.eta * self.rho * max(0.0, now_s - self._at_s)
        return max(0.0, self._price - fallen)

    def charge(self, now_s: float, work_s: float) -> None:
        """Account for work: dispatched (positive), or found to be less than charged (negative).

        Work that is not a finite number changes nothing.
        """
        if not isfinite(work_s):
            return
        self._price = min(max(0.0, self.at(now_s) + self.eta * work_s), HIGHEST)
        self._at_s = max(self._at_s, now_s)

    def freeze(self, now_s: float) -> None:
        """Let the time up to `now_s` pass without effect: an endpoint that is down serves nothing.

        Call it when the endpoint comes back.
        """
        self._at_s = max(self._at_s, now_s)
