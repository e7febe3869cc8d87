"""How well an endpoint does, on four axes that are kept apart.

A model can be quick and wrong, or right and slow, or right and quick and about to run out of
memory. One number for all of it would make the router throw out a correct engine for being busy.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Axis(StrEnum):
    """What is looked at."""

    LIVENESS = "liveness"
    LATENCY = "latency"
    QUALITY = "quality"
    MEMORY = "memory"


class Condition(StrEnum):
    """How it looks there, from well to out of service, and on the way back."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    DEGRADED = "degraded"
    EJECTED = "ejected"
    PROBING = "probing"


class Finding(NamedTuple):
    """What is the matter on one axis.

    Attributes:
        since_s: Since when it is so, on the driver's clock.
        value: The figure that it was judged by: evidence of a fall for quality, times slower for
            latency, bytes per hour for memory, ejections for liveness.
        text: One sentence for people, with what to do; empty when all is well.
    """

    axis: Axis
    condition: Condition
    since_s: float
    value: float = 0.0
    text: str = ""


TRUST = {Condition.SUSPECT: 0.9, Condition.DEGRADED: 0.6}
"""What the quality of an endpoint counts for while it is in doubt (ALGORITHMS §8.3); else 1."""
