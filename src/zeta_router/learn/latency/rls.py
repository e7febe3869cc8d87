"""Recursive least squares that forgets towards a prior instead of towards nothing.

The textbook form keeps a covariance and divides it by the forgetting factor at every step; where
the inputs do not vary (an engine that always runs the same batch), that covariance explodes. Kept
as sums (the information form) the same estimate needs no inverse to be stored, cannot explode,
falls back to the prior in every direction that the data do not show, and merges by addition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zeta_router.learn.latency.rls_solve import learner_of, solver_of


class Rls:
    """Weighted linear regression of a target on few features (d <= 8), newest first.

    Args:
        prior: Coefficients before any observation.
        scale: Size of each coefficient, > 0: how far it may plausibly lie from its prior.
        prior_weight: Observations that the prior is worth, per coefficient, > 0.
        forgetting: Weight that an observation keeps at each further one; .999 remembers about
            1,000 observations.
        nonnegative: Whether coefficients below zero are impossible; they are then held at 0 and
            the others fitted without them.
    """

    __slots__ = (
        "_forgetting",
        "_gram",
        "_moment",
        "_nonnegative",
        "_prior",
        "_prior_weight",
        "_scale",
        "coefficients",
    )

    def __init__(
        self,
        prior: Sequence[float],
        scale: Sequence[float],
        *,
        prior_weight: float = 0.01,
        forgetting: float = 0.999,
        nonnegative: bool = True,
    ) -> None:
        self._scale = tuple(scale)
        self._prior = tuple(p / s for p, s in zip(prior, scale, strict=True))
        self._prior_weight = prior_weight
        self._forgetting = forgetting
        self._nonnegative = nonnegative
        size = len(self._scale)
        self._gram = [[0.0] * (row + 1) for row in range(size)]
        self._moment = [0.0] * size
        self.coefficients: tuple[float, ...] = ()
        self._solve()

    def update(self, features: Sequence[float], target: float, weight: float = 1.0) -> None:
        """Learn one finite observation; `weight` is the inverse of its noise variance."""
        scaled = [x * s for x, s in zip(features, self._scale, strict=True)]
        learn = learner_of(len(scaled))
        solution = learn(
            self._gram,
            self._moment,
            self._prior,
            self._prior_weight,
            scaled,
            target,
            weight,
            self._forgetting,
        )
        self._take(solution)

    def merge(self, other: Rls) -> None:
        """Add another's observations; both must have been made with the same arguments."""
        for i, row in enumerate(self._gram):
            self._moment[i] += other._moment[i]
            for j in range(i + 1):
                row[j] += other._gram[i][j]
        self._solve()

    def state(self) -> dict[str, Any]:
        """The sums, as plain lists."""
        return {"gram": [list(row) for row in self._gram], "moment": list(self._moment)}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()`.

        Raises:
            ValueError: It is of a regression of other features.
        """
        gram = [[float(x) for x in row] for row in state["gram"]]
        moment = [float(x) for x in state["moment"]]
        size = len(self._scale)
        if len(moment) != size or [len(row) for row in gram] != list(range(1, size + 1)):
            raise ValueError(f"{len(moment)} sums are not those of {size} features")
        self._gram, self._moment = gram, moment
        self._solve()

    def _solve(self) -> None:
        size = len(self._scale)
        solve = solver_of(size, tuple(range(size)))
        self._take(solve(self._gram, self._moment, self._prior, self._prior_weight))

    def _take(self, solution: list[float]) -> None:
        """Take a fit over; where coefficients below zero are impossible, these are held at 0."""
        scale = self._scale
        if self._nonnegative and min(solution) < 0.0:
            solution = self._without_negative(solution)
        self.coefficients = tuple([x * size for x, size in zip(solution, scale, strict=True)])

    def _without_negative(self, solution: list[float]) -> list[float]:
        """The fit with one after the other held at 0, the worst first, until none is below it."""
        size = len(solution)
        free = list(range(size))
        while (worst := min(solution)) < 0.0:
            free.remove(solution.index(worst))
            solve = solver_of(size, tuple(free))
            solution = solve(self._gram, self._moment, self._prior, self._prior_weight)
        return solution
