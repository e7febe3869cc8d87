"""The time of day for a run whose wall clock may be set while it runs.

A machine without a battery clock starts in 1970 and is told the time minutes later; a resumed one
is told that it has slept. The driver's clock notices neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable

MOVED_S = 1.0
"""How far the wall clock must have moved against the driver's for the offset to follow it."""


def since_boot_s() -> float:
    """Seconds since the machine was started, those counted in which it slept, where it can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Wall:
    """Two answers to what time it is: one to write down, one by which things grow old.

    The offset follows the wall clock, so what is written bears the time that people see. The age
    of what was written must not jump when somebody sets that clock, so it goes by the earlier of
    the wall clock and the one at the start plus what has passed: nothing seems older than it can
    be, and what is old stays until the next start where the clock was put forward.

    Args:
        clock: The driver's.
        wall_clock: Seconds since 1970, as the machine has it at present.
        steady_clock: Never set, but goes on while the machine sleeps.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        steady_clock: Callable[[], float] = since_boot_s,
    ) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._steady_clock = steady_clock
        self._offset_s = wall_clock() - clock()
        self._begun_s = wall_clock() - steady_clock()

    def offset_s(self) -> float:
        """Wall time minus the driver's; the same until the wall clock has moved visibly."""
        offset_s = self._wall_clock() - self._clock()
        if abs(offset_s - self._offset_s) >= MOVED_S:
            self._offset_s = offset_s
        return self._offset_s

    def aging_s(self) -> float:
        """Seconds since 1970 by which what was written grows old."""
        return min(self._wall_clock(), self._begun_s + self._steady_clock())
