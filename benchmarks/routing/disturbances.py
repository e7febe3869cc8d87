"""The disturbances that are studied, each with its yardstick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zeta_router.sim.options import Feedback


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One scenario with its yardstick.

    Attributes:
        title: In words.
        scenario: As `--scenario` names it, with its times left open; None where something else is
            wrong.
        yardstick: The scenario of the runs to compare with; None is an undisturbed run.
        from_s, to_s: When it acts in a run of 20 minutes; `to_s` None is to the end.
        changes: Other options of the disturbed runs.
        both: Options of the disturbed and of the undisturbed runs.
        rate: Load.
    """

    title: str
    scenario: str | None
    from_s: float
    to_s: float | None
    yardstick: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    both: Mapping[str, Any] = field(default_factory=dict)
    rate: float = 1.0

    def at_scale(self, minutes: float) -> Disturbance:
        """For runs of this length, its times filled in."""
        scale = minutes / 20.0
        from_s, to_s = self.from_s * scale, None if self.to_s is None else self.to_s * scale
        for_s = 0.0 if to_s is None else to_s - from_s
        asked = self.scenario and self.scenario.format(from_s=from_s, to_s=to_s, for_s=for_s)
        return replace(self, scenario=asked, from_s=from_s, to_s=to_s)


FEEDBACK = Feedback(share=0.2, delay_s=30.0)

DISTURBANCES: Mapping[str, Disturbance] = {
    "slow": Disturbance(
        "the 14B engine takes 3 times as long",
        "slow:endpoint=c,factor=3,from_s={from_s:g},to_s={to_s:g}",
        300.0,
        600.0,
    ),
    "kill": Disturbance(
        "the 7B engine is killed and back after 60 s",
        "kill:endpoint=b,at_s={from_s:g},down_s={for_s:g}",
        300.0,
        360.0,
    ),
    "flash": Disturbance(
        "a flash crowd of 5 times the traffic for 30 s",
        "flash:factor=5,at_s={from_s:g},for_s={for_s:g}",
        300.0,
        330.0,
    ),
    "mix": Disturbance(
        "reasoning rises from 25 to 50 % of the prompts",
        "mix:at_s={from_s:g},before=0.25,after=0.5",
        600.0,
        None,
        yardstick="mix:at_s=0,before=0.5,after=0.5",
    ),
    "priors-x2": Disturbance(
        "priors of quality and length twice too high",
        None,
        0.0,
        None,
        changes={"priors": "x2"},
        both={"feedback": FEEDBACK},
    ),
    "priors-x0.5": Disturbance(
        "priors of quality and length half of the truth",
        None,
        0.0,
        None,
        changes={"priors": "x0.5"},
        both={"feedback": FEEDBACK},
    ),
    "drift": Disturbance(
        "the 14B model's answers become half as good, unseen but for feedback on 20 % of them",
        "drift:endpoint=c,factor=0.5,from_s={from_s:g}",
        300.0,
        None,
        both={"feedback": FEEDBACK},
    ),
    "cold": Disturbance(
        "the 14B model is not in memory at the start and takes 20 s to load",
        "cold:endpoint=c,load_s={for_s:g}",
        0.0,
        20.0,
    ),
}

TOLD_ONLY = ("drift",)
"""Lasting damage that no router can undo: reported, no goal."""
