"""When requests are sent: a synthetic peak, or whatever `zeta simulate` takes as a trace.

A peak is a Poisson stream whose rate rises to `factor` times the base rate, stays there and falls
again, in parts of a sixth: base, ramp up, two sixths at the top, ramp down, base.
"""

from __future__ import annotations

from itertools import pairwise
from math import inf
from random import Random

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.arrivals import Warp, poisson
from zeta_router.sim.workload.source import load, numbers_of, options_of

PEAK_MINUTES = 3.0
"""Length of a peak when no length is asked for."""

_PEAK = {"rate": 5.0, "factor": 3.0}
_SHAPE = ((0.0, 0.0), (1 / 6, 0.0), (2 / 6, 1.0), (4 / 6, 1.0), (5 / 6, 0.0), (1.0, 0.0))
"""Share of the time, share of the way from base to top; straight lines between."""

_RAMP_STEPS = 30


def arrivals(spec: str, *, seed: int, minutes: float | None, rate: float) -> list[float]:
    """When each request is sent, in seconds from the start, ascending.

    Args:
        spec: ``peak:rate=5,factor=3`` (requests a second at the base, and times that at the top), a
            generator or a trace file (`sim.workload.source`).
        seed: Of the generators.
        minutes: Length; None is `PEAK_MINUTES` for a peak and the whole of a file.
        rate: Times the source's own rate, > 0.

    Raises:
        ConfigError: For a source that cannot be read, or one without arrivals.
    """
    name, _, text = spec.partition(":")
    if name != "peak":
        return [row.at_s for row in load(spec, seed=seed, minutes=minutes, rate=rate)]
    values = numbers_of(options_of(text, "trace peak"), _PEAK, "trace peak")
    base, factor = values["rate"] * rate, values["factor"]
    if not (0 < base < inf and 1 <= factor < inf):
        raise ConfigError("trace peak", "rate > 0 and factor >= 1 are needed, both finite")
    times = peak(Random(f"arrivals:peak:{seed}"), base, factor, (minutes or PEAK_MINUTES) * 60)
    if not times:
        raise ConfigError("trace", f"{spec} gives no arrival in the time asked for")
    return times


def peak(random: Random, rate_per_s: float, factor: float, duration_s: float) -> list[float]:
    """A Poisson stream that runs up to `factor` times as fast in the middle."""
    pieces = _pieces(factor, duration_s)
    starts = [0.0, *(until_s for until_s, _ in pieces)]
    widths = [until_s - from_s for from_s, until_s in pairwise(starts)]
    length_s = sum(width * speed for width, (_, speed) in zip(widths, pieces, strict=True))
    warp = Warp([*pieces, (inf, 1.0)])
    return [warp.simulated_s(at_s) for at_s in poisson(random, rate_per_s, length_s)]


def _pieces(factor: float, duration_s: float) -> list[tuple[float, float]]:
    """The shape as pieces of constant speed: `(until_s, speed)`."""
    pieces = []
    for (from_x, from_y), (to_x, to_y) in pairwise(_SHAPE):
        steps = 1 if from_y == to_y else _RAMP_STEPS
        for step in range(steps):
            part = (step + 0.5) / steps
            speed = 1 + (factor - 1) * (from_y + part * (to_y - from_y))
            pieces.append(((from_x + (step + 1) / steps * (to_x - from_x)) * duration_s, speed))
    return pieces
