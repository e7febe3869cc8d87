"""Whether an endpoint lives: a failed connection takes it out, an answered probe brings it back.

Only broken connections count. What an endpoint answers, and whether it does, is the business of
`ejection`. A connection that breaks is believed at once, because the probe that follows costs a
millisecond and sending more queries into a dead process costs them all.
"""

from __future__ import annotations

from zeta_router.core.outcome import Outcome, Status, Teaches

FIRST_PROBE_S = 0.1
LONGEST_PROBE_S = 2.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0


_SUCCESS = Teaches.SUCCESS
"""Looked up once: a member of an enum costs as much as a function call."""


class Liveness:
    """Life of one endpoint.

    Attributes:
        alive: Whether it may get traffic.
        paused_until_s: It said "busy"; until then nothing is sent.
        refusals: Pauses since it last gave a good answer.
        was_gone: A probe failed since it was taken down: it was not just one broken connection.
        next_probe_s: When to ask again whether it lives; None while it does.
    """

    __slots__ = (
        "_pause_s",
        "_probe_gap_s",
        "alive",
        "next_probe_s",
        "paused_until_s",
        "refusals",
        "was_gone",
    )

    def __init__(self) -> None:
        self.alive = True
        self.paused_until_s = 0.0
        self.next_probe_s: float | None = None
        self.refusals = 0
        self.was_gone = False
        self._probe_gap_s = FIRST_PROBE_S
        self._pause_s = FIRST_PAUSE_S

    def on_outcome(self, now_s: float, outcome: Outcome) -> None:
        """Learn from the end of an attempt."""
        lesson = outcome.status.teaches
        if lesson is _SUCCESS:
            self._pause_s = FIRST_PAUSE_S
            self.refusals = 0
        elif lesson is Teaches.BACKPRESSURE:
            self._pause(now_s, outcome.retry_after_s)
        elif lesson is Teaches.FAILURE and _broke(outcome):
            self.take_down(now_s)

    def _pause(self, now_s: float, asked_s: float | None) -> None:
        """Pause; each pause that follows another without a success in between is longer.

        What comes in during a pause was sent before it: a full engine refuses everything in flight
        within a millisecond, which is one word and not many.
        """
        pause_s = asked_s or 0.0
        if now_s >= self.paused_until_s:
            pause_s = asked_s or self._pause_s
            self.refusals += 1
            self._pause_s = min(2.0 * self._pause_s, LONGEST_PAUSE_S)
        until_s = now_s + min(pause_s, LONGEST_PAUSE_S)
        self.paused_until_s = max(self.paused_until_s, until_s)

    def take_down(self, now_s: float) -> None:
        """No traffic until a probe succeeds; the first one is due at once."""
        if self.alive:
            self.alive = False
            self.was_gone = False
            self._probe_gap_s = FIRST_PROBE_S
            self.next_probe_s = now_s

    def on_probe(self, now_s: float, alive: bool) -> None:
        """Learn from a probe."""
        if alive:
            self.alive = True
            self.next_probe_s = None
            self.paused_until_s = 0.0
        elif self.alive:
            self.take_down(now_s)
            self.was_gone = True
            self.next_probe_s = now_s + FIRST_PROBE_S
        else:
            self.was_gone = True
            self.next_probe_s = now_s + self._probe_gap_s
            self._probe_gap_s = min(2.0 * self._probe_gap_s, LONGEST_PROBE_S)


def _broke(outcome: Outcome) -> bool:
    """Whether the connection broke, or there was none."""
    return outcome.http_status is None and outcome.status is not Status.UPSTREAM_TIMEOUT
