"""Whether answers would come no later with a challenger, by replaying the log with both heads.

Queries share engines, so what other choices do to latency cannot be estimated by reweighting; the
log is played again instead, with the same arrivals on engines fitted to it, once with what the
router knew and once with the challenger in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from zeta_router.app.learning.judge import Judgement
from zeta_router.app.learning.minds import Graft
from zeta_router.core.errors import ConfigError
from zeta_router.sim.replay.logged import Traffic
from zeta_router.sim.replay.play import Reading, as_logged, replay
from zeta_router.sim.replay.prepare import prepare

MARGIN: Final = 0.02
"""Share of queries that may miss their objectives in addition before answers count as later."""

_Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class InTime:
    """Shares of queries within their objectives, with the challenger and without.

    `low` bounds the difference from below (95 %); None when the log could not be replayed.
    """

    champion: float
    challenger: float
    low: float | None
    trouble: str = ""

    def added_to(self, evidence: dict[str, Any], reason: str) -> Judgement:
        """The verdict with this beside what else speaks for the challenger."""
        if self.low is None:
            return Judgement(False, f"the log cannot be replayed: {self.trouble}", evidence)
        told = {"champion": self.champion, "challenger": self.challenger, "low": self.low}
        evidence = {**evidence, "in_time": told}
        if self.low < -MARGIN:
            return Judgement(False, f"{reason}, but answers might come later", evidence)
        return Judgement(True, f"{reason}, and answers come no later", evidence)


def in_time(traffic: Traffic, challenger: Graft | None, reading: Reading = as_logged) -> InTime:
    """Replay the log with and without the challenger, query by query alike.

    `challenger` puts another head into the router; `reading` is how another classifier reads.
    """
    try:
        prepared = prepare(traffic)
    except ConfigError as error:
        return InTime(0.0, 0.0, None, str(error))
    before = [record.in_slo for record in replay(prepared, traffic.policy).records]
    after = [
        record.in_slo for record in replay(prepared, traffic.policy, challenger, reading).records
    ]
    apart = [int(b) - int(a) for a, b in zip(before, after, strict=True)]
    mean = sum(apart) / len(apart)
    variance = sum((one - mean) ** 2 for one in apart) / len(apart)
    half = _Z * sqrt(variance / len(apart))
    return InTime(sum(before) / len(before), sum(after) / len(after), mean - half)
