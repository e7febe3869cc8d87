"""The shadow price of an endpoint: what a second of its work is worth to the queries to come.

A virtual queue: work that is dispatched lengthens it, time shortens it by rho per second, it is
never shorter than zero. The price is eta per batch of backlog, where a batch is as many typical
queries as the endpoint has slots:

    price = eta * backlog_s / (slots * mean of work_s squared)

so that eta is the quality that a typical query pays per batch that is in the line before it. The
mean of the squares and not the square of the mean: where one query in ten is forty times as long,
two long ones that come together are no crowd (docs/decisions/0019). That is a dual subgradient step
on the capacity of the endpoint, Lindley's recursion for a queue with service rate rho, and
backpressure, in one number. Stated in batches and not in seconds it means the same on an engine of
20 tokens a second with two slots as on one of 2,000 with thirty-two (docs/decisions/0012).

Source: Balseiro, Lu and Mirrokni 2020; Neely's drift-plus-penalty; DESIGN §2.
"""

from __future__ import annotations

from math import inf, isfinite

CEILING = 1.2
"""Most that a typical query is ever asked to pay, in quality: more than any is worth."""

LEAST_SLOTS = 8
"""Fewer slots count as so many: a batch of one would make a price jump with every query."""

_TYPICAL_START_S = 0.2
_TYPICAL_MEMORY = 50
"""Queries whose work makes the typical one. Fewer are a plain mean: a first embedding of half a
millisecond would otherwise make of the next few chats six batches of backlog."""

_LEAST_WORK_S = 1e-4


class VirtualQueue:
    """One endpoint's price.

    What it takes to turn backlog into a price is worked out when it changes, not when it is read:
    every decision reads the price of every endpoint.
    """

    __slots__ = (
        "_at_s",
        "_backlog_s",
        "_eta",
        "_highest",
        "_seen",
        "_slots",
        "_square_s2",
        "_step",
        "_typical_s",
        "floor",
        "rho",
    )

    def __init__(self, eta: float = 0.2, rho: float = 0.9, slots: int = LEAST_SLOTS) -> None:
        self.rho = rho
        self.floor = 0.0
        self._eta = eta
        self._slots = slots
        self._at_s = 0.0
        self._backlog_s = 0.0
        self._typical_s: float | None = None
        self._square_s2 = 0.0
        self._seen = 0
        self._refresh()

    @property
    def eta(self) -> float:
        """Quality that a typical query pays per batch of backlog."""
        return self._eta

    @property
    def slots(self) -> int:
        """Queries that the endpoint works on at once."""
        return self._slots

    @slots.setter
    def slots(self, value: int) -> None:
        if value != self._slots:
            self._slots = value
            self._refresh()

    def set_dials(self, eta: float, rho: float) -> None:
        """Take the dials of a configuration; `rho` is the target load, engine-seconds per second.

        The backlog stays.
        """
        self._eta = eta
        self.rho = rho
        self._refresh()

    @property
    def typical_work_s(self) -> float:
        """Engine-seconds of the queries that it gets, their mean."""
        return self._typical_s or _TYPICAL_START_S

    @property
    def step(self) -> float:
        """Price per engine-second of backlog."""
        return self._step

    @property
    def highest(self) -> float:
        """Ceiling of the price, quality per engine-second."""
        return self._highest

    def at(self, now_s: float) -> float:
        """The price at `now_s`, at least `floor`; reading it changes nothing."""
        backlog_s = self._backlog_s
        if backlog_s == 0.0:
            return self.floor
        passed_s = now_s - self._at_s
        if passed_s > 0.0:
            backlog_s -= self.rho * passed_s
            if not backlog_s > 0.0:
                return self.floor
        price = min(self._step * backlog_s, self._highest)
        return max(price, self.floor)

    def spot(self, now_s: float) -> float:
        """The price at `now_s` by the backlog alone, whatever is forecast."""
        return min(self._step * self._backlog_at(now_s), self._highest)

    def charge(self, now_s: float, work_s: float) -> None:
        """Account for the work of a query that is dispatched.

        Work that is not a finite number changes nothing.
        """
        if not isfinite(work_s):
            return
        work_s = max(work_s, 0.0)
        seen_s = max(work_s, _LEAST_WORK_S)
        self._seen = min(self._seen + 1, _TYPICAL_MEMORY)
        typical_s = self._typical_s or 0.0
        self._typical_s = typical_s + (seen_s - typical_s) / self._seen
        self._square_s2 += (seen_s * seen_s - self._square_s2) / self._seen
        self._refresh()
        self.correct(now_s, work_s)

    def correct(self, now_s: float, work_s: float) -> None:
        """Account for work that turned out to be more, or less (negative), than was charged."""
        if not isfinite(work_s):
            return
        most_s = self._highest / self._step if self._step > 0.0 else 0.0
        self._backlog_s = min(max(0.0, self._backlog_at(now_s) + work_s), most_s)
        self._at_s = max(self._at_s, now_s)

    def freeze(self, now_s: float) -> None:
        """Let the time up to `now_s` pass without effect: an endpoint that is down serves nothing.

        Call it when the endpoint comes back.
        """
        self._at_s = max(self._at_s, now_s)

    def state(self) -> dict[str, float | None]:
        """Backlog, as of when, the mean work of a query, and the mean of its square."""
        return {
            "at_s": self._at_s,
            "backlog_s": self._backlog_s,
            "typical_s": self._typical_s,
            "square_s2": self._square_s2,
        }

    def restore(self, state: dict[str, float | None]) -> None:
        """Replace what was learned by an earlier `state()`; the dials stay.

        Raises:
            ValueError: It is not such a state.
        """
        backlog_s, typical_s = float(state["backlog_s"] or 0.0), state["typical_s"]
        square_s2 = float(state.get("square_s2") or 0.0)
        sane = 0.0 <= backlog_s < inf and 0.0 <= square_s2 < inf
        if not sane or (typical_s is not None and not typical_s > 0.0):
            raise ValueError("neither backlog nor typical work can be negative")
        self._backlog_s = backlog_s
        if typical_s is None:
            self._typical_s, self._square_s2, self._seen = None, 0.0, 0
        else:
            self._typical_s = max(_LEAST_WORK_S, float(typical_s))
            self._square_s2 = max(self._typical_s**2, square_s2)
            self._seen = _TYPICAL_MEMORY
        self._at_s = float(state["at_s"] or 0.0)
        self._refresh()

    def _backlog_at(self, now_s: float) -> float:
        if self._backlog_s == 0.0:
            return 0.0
        return max(0.0, self._backlog_s - self.rho * max(0.0, now_s - self._at_s))

    def _refresh(self) -> None:
        typical_s = self._typical_s or _TYPICAL_START_S
        square_s2 = self._square_s2 or typical_s**2
        self._step = self._eta / (max(LEAST_SLOTS, self._slots) * square_s2)
        self._highest = CEILING / typical_s
