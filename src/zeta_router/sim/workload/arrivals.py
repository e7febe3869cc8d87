"""When requests come: renewal processes, and how to bend their time.

All take the random stream as an argument and give sorted times in seconds from 0, so that one seed
gives one workload. Bending time (`warped`) turns a stationary stream into a diurnal one or into a
flash crowd without touching its burstiness: a trace is bent in the same way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from math import exp, inf, lgamma, log, pi, sin
from random import Random

Interval = Callable[[Random], float]


def poisson(random: Random, rate_per_s: float, duration_s: float) -> list[float]:
    """Independent arrivals: the coefficient of variation of the gaps is 1."""
    return gamma(random, rate_per_s, 1.0, duration_s)


def gamma(random: Random, rate_per_s: float, cv: float, duration_s: float) -> list[float]:
    """Gamma-distributed gaps with coefficient of variation `cv` > 0: above 1 bursty."""
    shape = 1.0 / (cv * cv)
    return list(gamma_stream(random, rate_per_s, shape, duration_s))


def gamma_stream(
    random: Random, rate_per_s: float, shape: float, duration_s: float
) -> Iterator[float]:
    """A stationary renewal process with Gamma gaps of mean 1/rate and this shape.

    The first arrival comes after the residual of a gap that was under way (a length-biased gap,
    of which a uniform share is left). Starting with a whole gap, or with an arrival, would change
    the expected number of arrivals by (cv^2 - 1) / 2, which for bursty clients is hundreds.
    """
    scale = 1.0 / (rate_per_s * shape)
    first_s = random.random() * random.gammavariate(shape + 1.0, scale)
    return _renewal(random, first_s, lambda r: r.gammavariate(shape, scale), duration_s)


def weibull_stream(
    random: Random, rate_per_s: float, shape: float, duration_s: float
) -> Iterator[float]:
    """As `gamma_stream`, with Weibull gaps."""
    # In logarithms: for the shapes that real clients have, the scale alone would underflow.
    log_scale = -log(rate_per_s) - lgamma(1.0 + 1.0 / shape)

    def power(base: float) -> float:
        exponent = log_scale + log(base) / shape if base > 0.0 else -inf
        return exp(exponent) if exponent < 700.0 else inf

    first_s = random.random() * power(random.gammavariate(1.0 + 1.0 / shape, 1.0))
    return _renewal(random, first_s, lambda r: power(r.expovariate(1.0)), duration_s)


def _renewal(random: Random, first_s: float, gap: Interval, duration_s: float) -> Iterator[float]:
    at_s = first_s
    while at_s < duration_s:
        yield at_s
        at_s += gap(random)


class Warp:
    """A change of speed: simulated time as a function of a stream's own time.

    Args:
        pieces: `(until_s, speed)` in simulated time, ascending; the stream runs `speed` times as
            fast until then. The last speed holds for ever.
    """

    def __init__(self, pieces: Sequence[tuple[float, float]]) -> None:
        self._starts_s = [0.0]  # of each piece, in the stream's time
        self._simulated_s = [0.0]
        self._speeds = []
        for until_s, speed in pieces:
            if not speed > 0:
                raise ValueError(f"a speed of {speed} is not greater than 0")
            self._speeds.append(speed)
            length_s = until_s - self._simulated_s[-1]
            self._starts_s.append(self._starts_s[-1] + length_s * speed)
            self._simulated_s.append(until_s)

    def simulated_s(self, stream_s: float) -> float:
        """When something that happens at `stream_s` in the stream happens in the simulation."""
        piece = min(bisect_right(self._starts_s, stream_s), len(self._speeds)) - 1
        into_s = stream_s - self._starts_s[piece]
        return self._simulated_s[piece] + into_s / self._speeds[piece]


def flash_crowd(at_s: float, duration_s: float, factor: float) -> Warp:
    """A stream that runs `factor` times as fast for a while: a crowd with the stream's burstiness.

    What comes afterwards comes earlier; no request is invented.
    """
    return Warp([(at_s, 1.0), (at_s + duration_s, factor), (inf, 1.0)])


def diurnal(period_s: float, amplitude: float, duration_s: float, steps: int = 96) -> Warp:
    """A day: speed 1 + amplitude * sin(2 pi t / period), in `steps` pieces a period.

    Args:
        period_s: Length of the day.
        amplitude: 0 is flat, below 1.
        duration_s: How far to go.
        steps: Pieces a period.
    """
    width_s = period_s / steps
    pieces = []
    for index in range(int(duration_s / width_s) + 1):
        middle = (index + 0.5) * width_s
        pieces.append(((index + 1) * width_s, 1.0 + amplitude * sin(2 * pi * middle / period_s)))
    return Warp([*pieces, (inf, 1.0)])
