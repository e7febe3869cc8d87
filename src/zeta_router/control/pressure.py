"""Whether an endpoint's process is short of CPU or memory, before its answers show it.

What an endpoint's answers teach follows a shortage after the fact. So predictions are raised at
once by what the latest poll says, as far as it goes beyond what is usual for this endpoint while it
works: inference on CPUs fills them always, and its measured speed knows that already.

A server with a share u of its capacity in use has 1 - u left, so a CPU that is fuller than usual
slows down by the ratio of what used to be left to what is left, at most twice. Memory slows nothing
until the system begins to reclaim it; from there on predictions rise to twice, and where hardly any
is left, the endpoint gets no more than it has.
"""

from __future__ import annotations

from math import exp

from zeta_router.core.signal import EngineSample

MAX_AGE_S = 10.0
"""How long a poll's word is believed."""

USUAL_OVER_S = 600.0
"""Time constant of what is usual."""

LEAST_LEFT = 0.1
"""Share of the CPU that counts as left even where none is: a full one cannot get fuller."""

CPU_HIGH = 0.8
"""A CPU below this slows nothing down."""

MEMORY_HIGH = 0.9
MEMORY_FULL = 0.98
"""Share of the memory that it has or could have, from which on reclaiming slows it down, and from
which on it gets no more queries than it has."""

MOST = 2.0
"""A poll alone raises predictions at most so many times."""


class Pressure:
    """How scarce CPU and memory are for one endpoint.

    Attributes:
        slowdown: Factor on predicted times, 1..`MOST`.
        capped: No more than what is in flight should be there.
        cpu_limit: Share of the CPU above which it is capped; None for never.
        memory_ratio: Share of its memory in use at the latest poll; None when unknown.
        until_s: When the latest poll's word is too old.
    """

    __slots__ = (
        "_at_s",
        "_usual",
        "capped",
        "cpu_limit",
        "memory_ratio",
        "slowdown",
        "until_s",
    )

    def __init__(self) -> None:
        self.slowdown = 1.0
        self.capped = False
        self.cpu_limit: float | None = None
        self.memory_ratio: float | None = None
        self.until_s = 0.0
        self._usual: float | None = None
        self._at_s = 0.0

    def on_sample(self, at_s: float, sample: EngineSample, busy: bool) -> None:
        """A poll; `busy` when the endpoint works at that moment."""
        cpu = sample.cpu_ratio.fresh(at_s, MAX_AGE_S) if sample.cpu_ratio is not None else None
        self.memory_ratio = _memory_ratio(at_s, sample)
        full = self.memory_ratio if self.memory_ratio is not None else 0.0
        self.capped = full >= MEMORY_FULL
        self.slowdown = 1.0 + (MOST - 1.0) * _part(full, MEMORY_HIGH, MEMORY_FULL)
        if cpu is not None:
            usual = self._usual if self._usual is not None else cpu
            if cpu > CPU_HIGH:
                slower = max(LEAST_LEFT, 1.0 - usual) / max(LEAST_LEFT, 1.0 - cpu)
                self.slowdown = max(self.slowdown, min(MOST, slower))
            if busy:
                step = 1.0 - exp(-max(0.0, at_s - self._at_s) / USUAL_OVER_S)
                self._usual = usual + step * (cpu - usual)
                self._at_s = at_s
            self.capped = self.capped or (self.cpu_limit is not None and cpu > self.cpu_limit)
        self.until_s = at_s + MAX_AGE_S

    def expire(self, now_s: float) -> None:
        """Forget a word that is too old: absent is neither full nor empty."""
        if now_s >= self.until_s:
            self.slowdown, self.capped, self.memory_ratio = 1.0, False, None


def _memory_ratio(at_s: float, sample: EngineSample) -> float | None:
    if sample.rss_bytes is None or sample.memory_left_bytes is None:
        return None
    used = sample.rss_bytes.fresh(at_s, MAX_AGE_S)
    left = sample.memory_left_bytes.fresh(at_s, MAX_AGE_S)
    if used is None or left is None or used <= 0.0:
        return None
    return used / (used + max(0.0, left))


def _part(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))
