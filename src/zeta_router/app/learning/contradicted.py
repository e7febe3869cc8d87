"""Whether live results contradict a promotion, looked at as often as one likes.

The promoted head and the one that it replaced, kept in shadow, both predict every judged answer.
How much worse the promoted one was lies in [-1, 1] (squared errors). Somebody who bets on "worse"
at fair odds keeps what he has on average as long as it is not, so that he multiplies it by 1,000
with a chance of at most one in 1,000, however often one looks: that is when it is rolled back.

Source: Ville 1939; Waudby-Smith and Ramdas 2024 (testing by betting).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log
from typing import Final

ODDS: Final = 1000.0
"""Gain at which a promotion is contradicted; its inverse bounds the chance of a false alarm."""

_STAKES: Final = (0.05, 0.2, 0.5)
"""Parts of the fortune that are bet, a third of it each: small ones find small harm, later."""


@dataclass(frozen=True, slots=True)
class Bet:
    """How the bet on "worse" stands.

    Attributes:
        answers: Judged answers bet on, up to the one that decided.
        gain: Largest gain so far.
        contradicted: Whether it reached `ODDS`.
    """

    answers: int
    gain: float
    contradicted: bool


def bet_on_worse(worse_by: Iterable[float]) -> Bet:
    """Bet along how much worse the promoted head predicted each answer, each in [-1, 1]."""
    logs = [0.0] * len(_STAKES)
    answers, best = 0, 1.0
    for difference in worse_by:
        answers += 1
        bounded = min(1.0, max(-1.0, difference))
        logs = [have + log(1.0 + s * bounded) for have, s in zip(logs, _STAKES, strict=True)]
        best = max(best, sum(map(exp, logs)) / len(logs))
        if best >= ODDS:
            return Bet(answers, best, contradicted=True)
    return Bet(answers, best, contradicted=False)
