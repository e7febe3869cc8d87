"""When a crashed child may start again: back-off that doubles, and is forgiven by health.

The rule alone, without clock or process, so that it is tested in virtual time.
"""

from __future__ import annotations

from dataclasses import dataclass

_MOST_DOUBLINGS = 64  # keeps the power finite for a child that crashes for days


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How long to wait before a crashed child is started again.

    Attributes:
        first_s: Wait after the first crash; each further one doubles it.
        longest_s: Where doubling ends.
        healthy_after_s: Readiness that lasted this long forgives all earlier crashes.
    """

    first_s: float = 0.2
    longest_s: float = 10.0
    healthy_after_s: float = 30.0


RESTART_POLICY = RestartPolicy()
"""What the embedded fleet uses: an engine killed once is back within two seconds."""


class RestartClock:
    """One child's crashes, and when it may start again. Time is given, never read."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._ready_at_s: float | None = None
        self.crashes = 0
        """Crashes in a row: since the start, or since it was last healthy for long enough."""

    def ready(self, at_s: float) -> None:
        """The child answers its health check."""
        self._ready_at_s = at_s

    def exited(self, at_s: float) -> float:
        """The child ended by itself; returns the seconds to wait before starting it again."""
        policy, ready_at_s = self._policy, self._ready_at_s
        if ready_at_s is not None and at_s - ready_at_s >= policy.healthy_after_s:
            self.crashes = 0
        self._ready_at_s = None
        self.crashes += 1
        doublings = min(self.crashes - 1, _MOST_DOUBLINGS)
        return min(policy.first_s * 2.0**doublings, policy.longest_s)
