"""A stretch of iterations between two changes of the batch, in closed form."""

from __future__ import annotations

from math import ceil, sqrt


class Stretch:
    """Iterations laid out from `start_s` on, the first of `base_s`, each `growth_s` longer.

    Attributes:
        steps: How many.
        gives_tokens: Whether each running sequence gets a token in each of them (a chunk of a
            long prompt computed on an otherwise empty engine gives none).
        paused_s: Time within it in which the engine stood still.
    """

    __slots__ = ("base_s", "gives_tokens", "growth_s", "paused_s", "start_s", "steps")

    def __init__(
        self,
        start_s: float,
        steps: int = 1,
        base_s: float = 0.0,
        growth_s: float = 0.0,
        gives_tokens: bool = False,
    ) -> None:
        self.start_s = start_s
        self.steps = steps
        self.base_s = base_s
        self.growth_s = growth_s
        self.gives_tokens = gives_tokens
        self.paused_s = 0.0

    @property
    def working_s(self) -> float:
        """Time that its iterations take."""
        return self.steps * self.base_s + self.growth_s * self.steps * (self.steps - 1) / 2

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.working_s + self.paused_s

    def cut(self, now_s: float) -> bool:
        """End it with the iteration that is running at `now_s`; whether that changed anything."""
        if self.steps <= 1:
            return False
        steps = self._begun(now_s - self.start_s)
        if steps >= self.steps:
            return False
        self.steps = steps
        return True

    def completed(self, now_s: float) -> int:
        """Iterations that are over at `now_s`, if it was never paused."""
        if self.base_s <= 0.0 or now_s <= self.start_s:
            return 0
        return min(self.steps, int(self._position(now_s - self.start_s) + 1e-9))

    def _begun(self, elapsed_s: float) -> int:
        """Iterations that have begun after `elapsed_s`, at least 1.

        One that ends at this very instant is not followed by the next: 1e-9 of an iteration
        absorbs the rounding of the division.
        """
        return max(1, ceil(self._position(elapsed_s) - 1e-9))

    def _position(self, elapsed_s: float) -> float:
        """How many iterations, the last one in part, fit into `elapsed_s`."""
        if self.growth_s <= 0.0:
            return elapsed_s / self.base_s
        linear = self.base_s - self.growth_s / 2
        root = sqrt(linear * linear + 2 * self.growth_s * elapsed_s)
        return (root - linear) / self.growth_s
