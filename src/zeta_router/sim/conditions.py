"""Under what a run in virtual time is played: polls, what clients say of answers, who looks on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeta_router.core.draws import Draws
from zeta_router.sim.options import Feedback
from zeta_router.sim.record import End, Record
from zeta_router.sim.replay.decision_log import SimulatedLog
from zeta_router.sim.watching import POLLS, Polls

if TYPE_CHECKING:
    from zeta_router.sim.drive import Drive


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything about a run beside the router, the engines and the queries.

    Attributes:
        seed: Of feedback; router and faults have their own.
        polls: How the engines are polled.
        feedback: Explicit feedback; None gives none.
        judge: What is said of a served query's answer: a score, or None for nothing. Without it
            the answer's own score is told of the share that `feedback` names.
        tell_lengths: Whether queries carry the true length of each model's answer.
        watch: Called every `WATCH_S` seconds of virtual time, e.g. to draw a timeline.
        log: Keeps every decision, outcome and judgement; None keeps none.
    """

    seed: int = 0
    polls: Polls = POLLS
    feedback: Feedback | None = None
    judge: Callable[[Record], float | None] | None = None
    tell_lengths: bool = False
    watch: Callable[[Drive], None] | None = None
    log: SimulatedLog | None = None

    def said_of(self, record: Record) -> tuple[float, float] | None:
        """After how many seconds a client says what of its answer; None when it says nothing."""
        if self.feedback is None or record.end is not End.SERVED:
            return None
        if self.judge is not None:
            score = self.judge(record)
            return None if score is None else (self.feedback.delay_s, score)
        draw = Draws(self.seed, f"{record.played.id}:feedback").uniform()
        return (self.feedback.delay_s, record.score) if draw < self.feedback.share else None
