"""Taking an endpoint out of traffic because of how it answers, and letting it back in.

`health` knows whether an engine can be reached. This knows whether what it answers is any good: an
engine may accept every connection and fail every request, in 5 ms, and to everything that looks at
load it is the idlest one of all.

Three bad answers in a row eject it: for 5 s at first, and twice as long each time it is ejected
again within five minutes of coming back, up to ten minutes. When that time is over it is not sent
queries but asked a question of our own, every 5 s, until it answers. Then one query at a time is
let through (half-open), and after three good answers all of them again. So a long outage ends
within 5 s of its cause, and an engine that comes and goes is left alone for longer and longer.

Whether anything better is there is not asked here: the last endpoint that can do a task is used
even when it is ejected (`router.decision.candidates`).

Source: Envoy's outlier detection and gobreaker's half-open state.
"""

from __future__ import annotations

from enum import StrEnum

BAD_IN_A_ROW = 3
GOOD_TO_CLOSE = 3
FIRST_S = 5.0
LONGEST_S = 600.0
PROBE_EVERY_S = 5.0

FORGIVEN_S = 300.0
"""Time in traffic without an ejection after which the next one is short again."""


class Circuit(StrEnum):
    """Whether queries may pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


_HALF_OPEN = Circuit.HALF_OPEN
"""Looked up once: a member of an enum costs as much as a function call."""


class Ejection:
    """The circuit of one endpoint.

    Attributes:
        circuit: `CLOSED` lets all pass, `HALF_OPEN` one at a time, `OPEN` none.
        reason: Why it was opened last; empty when it never was.
        since_s: Since when the circuit is as it is.
        next_probe_s: When to ask it a question; None when no question is due.
        times: Ejections that have not been forgiven.
        until_s: Before then it is not asked when it has been taken out.
    """

    __slots__ = (
        "_bad",
        "_good",
        "circuit",
        "next_probe_s",
        "reason",
        "since_s",
        "times",
        "until_s",
    )

    def __init__(self) -> None:
        self.circuit = Circuit.CLOSED
        self.reason = ""
        self.since_s = 0.0
        self.next_probe_s: float | None = None
        self.times = 0
        self._bad = 0
        self._good = 0
        self.until_s = 0.0

    def on_good(self, now_s: float) -> None:
        """A good answer; what was sent before the circuit opened changes nothing."""
        self._bad = 0
        if self.circuit is not _HALF_OPEN:
            return
        self._good += 1
        if self._good >= GOOD_TO_CLOSE:
            self._turn(Circuit.CLOSED, now_s)

    def on_bad(self, now_s: float, reason: str) -> bool:
        """An answer that was of no use; whether that ejected it."""
        if self.circuit is Circuit.OPEN:
            return False
        self._bad += 1
        if self.circuit is Circuit.CLOSED and self._bad < BAD_IN_A_ROW:
            return False
        self.eject(now_s, reason)
        return True

    def eject(self, now_s: float, reason: str) -> None:
        """Take it out at once, e.g. because it has gone silent."""
        if self.circuit is Circuit.OPEN:
            return
        if self.circuit is Circuit.CLOSED and now_s - self.since_s > FORGIVEN_S:
            self.times = 0
        self.times += 1
        self.until_s = now_s + min(FIRST_S * 2.0 ** (self.times - 1), LONGEST_S)
        self.next_probe_s = self.until_s
        self.reason = reason
        self._turn(Circuit.OPEN, now_s)

    def asked(self, now_s: float) -> None:
        """Our question is on its way; should its answer get lost, another one is asked."""
        self.next_probe_s = now_s + 2.0 * PROBE_EVERY_S

    def on_answer(self, now_s: float, fit: bool) -> None:
        """Our own question came back, `fit` when the answer was."""
        if self.circuit is not Circuit.OPEN or now_s < self.until_s:
            return
        if fit:
            self.next_probe_s = None
            self._turn(Circuit.HALF_OPEN, now_s)
        else:
            self.next_probe_s = now_s + PROBE_EVERY_S

    def back_at_once(self, now_s: float) -> None:
        """It is known to work again: one query at a time, without waiting for its time to end."""
        if self.circuit is Circuit.OPEN:
            self.next_probe_s = None
            self._turn(Circuit.HALF_OPEN, now_s)

    def _turn(self, circuit: Circuit, now_s: float) -> None:
        self.circuit = circuit
        self.since_s = now_s
        self._bad = self._good = 0
