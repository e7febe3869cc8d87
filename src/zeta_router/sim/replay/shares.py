"""The whole distribution of a policy's choice, found by trying what its draws may say.

A policy answers one choice and its exact probability. Off-policy estimates need the probability of
every choice. Policies are pure functions of the query, the candidates and the draws, so each can
be asked again and again with draws that are written beforehand, until the probabilities of the
choices it gave add up to 1: once for a policy that does not draw, a few times for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.protocol import Context, Policy

_ALMOST_ALL = 1.0 - 1e-9
_MOST_TRIES = 400

_GRID = (
    0.0, 1.0 - 2.0**-53, 0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875, 0.0625, 0.1875, 0.3125,
    0.4375, 0.5625, 0.6875, 0.8125, 0.9375, 0.02, 0.98,
)  # fmt: skip
"""What a uniform draw is made to say: the ends first, where exploring policies branch off."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Probability of each choice.

    Attributes:
        of: One per candidate: to be dispatched to it, or held for it.
        anybody: To be held for whichever is free first.
        shed: To be refused.
        found: What the choices that were found added up to before they were scaled to 1.
    """

    of: tuple[float, ...]
    anybody: float
    shed: float
    found: float


def shares_of(
    policy: Policy, query: Query, candidates: Sequence[Candidate], context: Context
) -> Shares:
    """How probable each choice of `policy` is; what cannot be found within 400 tries is left out.

    Choices rarer than a fiftieth that no exploration leads to may be missed; `found` tells.
    """
    found: dict[int | None, float] = {}
    shed = 0.0
    scripts: list[tuple[int, ...]] = [()]
    for _ in range(_MOST_TRIES):
        if not scripts:
            break
        draws = _Scripted(scripts.pop(0))
        choice = policy.choose(query, candidates, draws, context)
        if choice.shed:
            shed = choice.propensity
        else:
            found[choice.index] = choice.propensity
        if sum(found.values()) + shed >= _ALMOST_ALL:
            break
        scripts = draws.others() + scripts
    total = sum(found.values()) + shed
    return Shares(
        tuple(found.get(index, 0.0) / total for index in range(len(candidates))),
        found.get(None, 0.0) / total,
        shed / total,
        total,
    )


class _Scripted(Draws):
    """Draws that say what a script says, and beyond it always the first thing they could say."""

    __slots__ = ("_begins", "_options", "_said")

    def __init__(self, script: tuple[int, ...]) -> None:
        super().__init__(0, "")
        self._begins = script
        self._said: list[int] = []
        self._options: list[int] = []

    def uniform(self) -> float:
        """See `Draws`."""
        return _GRID[self._next(len(_GRID))]

    def below(self, n: int) -> int:
        """See `Draws`."""
        return self._next(n)

    def others(self) -> list[tuple[int, ...]]:
        """Scripts that depart from what was said where the script did not say it, latest first."""
        return [
            (*self._said[:at], other)
            for at in reversed(range(len(self._begins), len(self._said)))
            for other in range(1, self._options[at])
        ]

    def _next(self, options: int) -> int:
        at = len(self._said)
        said = self._begins[at] if at < len(self._begins) else 0
        self._said.append(said)
        self._options.append(options)
        return min(said, options - 1)
