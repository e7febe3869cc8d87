"""Memory of a made-up server: warm-up, load, garbage, wanderings, with or without a leak."""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import exp, pi, sin

MB = 1e6
STEP_S = 60.0


def memory_series(
    seed: int, leak_mb_per_h: float, hours: float, *, wander: float = 0.99, shake_mb: float = 4.0
) -> Iterator[tuple[float, float, float]]:
    """Time, resident bytes and load, a sample a minute.

    The load swings over 4 to 24 hours and takes 1 to 12 MB per unit, warm-up takes 50 to 300 MB in
    the first hour, garbage piles up to 60 MB before it goes, and an AR(1) of `wander` and
    `shake_mb` (a standing spread of 28 MB as given) stands for all the rest.
    """
    draw = random.Random(seed)
    base = draw.uniform(2e9, 4e9)
    phase, period_h = draw.uniform(0.0, 2.0 * pi), draw.choice((4, 6, 8, 12, 24))
    per_load, warm, tau_s = draw.uniform(1e6, 12e6), draw.uniform(5e7, 3e8), draw.uniform(600, 3000)
    strays = garbage = 0.0
    for index in range(int(hours * 3600.0 / STEP_S)):
        at_s = index * STEP_S
        load = max(0.0, 8.0 + 7.0 * sin(2.0 * pi * at_s / 3600.0 / period_h + phase))
        load = max(0.0, load + draw.gauss(0.0, 2.0))
        strays = wander * strays + draw.gauss(0.0, shake_mb * MB)
        garbage = garbage + draw.random() * 1.5 * MB if garbage < 60 * MB else 0.0
        leaked = leak_mb_per_h * MB * at_s / 3600.0
        warmed = warm * (1.0 - exp(-at_s / tau_s))
        yield at_s, base + warmed + per_load * load + strays + garbage + leaked, load
