"""Learning from some of many: beyond so many a second, another answer teaches next to nothing.

A fit to the latest answers is as sharp with fifty a second as with a thousand, and the thousand
would take more of a processor than the decisions. Which ones are left out depends on nothing but
time, so what is learned from stays a fair sample.
"""

from __future__ import annotations

from zeta_router.core.bucket import Bucket

PER_S = 50.0
"""Answers per second and endpoint that are all learned from."""

BURST = 50.0


class Thinning(Bucket):
    """The lessons that one endpoint's answers may still give."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(BURST, PER_S, 0.0)
