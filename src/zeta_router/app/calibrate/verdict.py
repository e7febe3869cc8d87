"""How well the fitted speeds foretell answers that the fit did not see."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from zeta_router.app.calibrate.measuring import Measured
from zeta_router.app.calibrate.replay import errors
from zeta_router.sim.engine.spec import EngineSpec

GOOD_P50, GOOD_P90 = 0.25, 0.40
"""Errors up to which a calibration is called good."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Relative errors ``|predicted - observed| / observed``."""

    p50: float
    p90: float

    @property
    def good(self) -> bool:
        """Whether it is within the goals."""
        return self.p50 <= GOOD_P50 and self.p90 <= GOOD_P90


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the simulator's engine, at the fitted speeds, makes of runs.

    Attributes:
        answers: How many were compared.
        held_out: Whether the fit had not seen them.
    """

    ttft: Spread
    tpot: Spread
    answers: int
    held_out: bool


def judge(measured: Measured) -> Verdict | None:
    """Compare with the held-out runs, or with the others when there are none.

    None when there is no fit, or answers of one token only. The overhead of a request is added to
    the simulator's times, which have none.
    """
    fitted = measured.calibration
    if fitted is None:
        return None
    speed = fitted.speed(measured.slots)
    spec = EngineSpec(
        speed.prefill_tokens_per_s, speed.step_s, speed.step_per_seq_s, measured.slots
    )
    ttft: list[float] = []
    tpot: list[float] = []
    for run in measured.held_out or measured.runs:
        of_ttft, of_tpot = errors(run, spec, fitted.overhead_s)
        ttft += of_ttft
        tpot += of_tpot
    if not tpot:
        return None
    return Verdict(_spread(ttft), _spread(tpot), len(ttft), bool(measured.held_out))


def _spread(values: list[float]) -> Spread:
    ordered = sorted(values)
    return Spread(*(ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.9)))
