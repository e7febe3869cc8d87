"""Whether a model still gives the same first-token probabilities as it used to.

One token after the prompt ``x``, with the log-probabilities of the likeliest twenty, five times in
a round. The first four rounds are the reference. A later round is compared with them by the energy
distance (how much farther rounds are from each other than samples within one), and its chance by a
permutation test: how many of the ways to take five of the twenty-five samples look as different as
the round does. Twice in a row below .001 is a change. Weights, adapter, template and quantisation
all move these numbers, long before they move answers.

Source: the idea of auditing an API by the log-probabilities of a single token (arXiv 2512.03816).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

Sample = Mapping[str, float]
"""Log-probability by token, of one answer."""

ROUND = 5
REFERENCE_ROUNDS = 4
P_ALARM = 1e-3
ROUNDS_TO_ALARM = 2

_FLOOR = -20.0
"""What a token counts that is not among the likeliest."""

_EVERY = 23
"""Of the 53,130 ways to take five of twenty-five, every 23rd is looked at: 2,310."""


class LogprobWatch:
    """One endpoint's first-token probabilities.

    Attributes:
        p_value: Of the latest round; 1 while the reference is being gathered.
    """

    __slots__ = ("_reference", "_unlike", "p_value")

    def __init__(self) -> None:
        self._reference: list[dict[str, float]] = []
        self._unlike = 0
        self.p_value = 1.0

    @property
    def changed(self) -> bool:
        """Whether the last rounds agree that it is another model than the reference."""
        return self._unlike >= ROUNDS_TO_ALARM

    def observe(self, samples: Sequence[Sample]) -> None:
        """Take in a round; one of another size than `ROUND`, or of empty samples, is left out."""
        if len(samples) != ROUND or not all(samples):
            return
        if len(self._reference) < ROUND * REFERENCE_ROUNDS:
            self._reference += [dict(sample) for sample in samples]
            return
        self.p_value = p_value_of(self._reference, samples)
        self._unlike = self._unlike + 1 if self.p_value < P_ALARM else 0

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {
            "reference": [dict(sample) for sample in self._reference],
            "unlike": self._unlike,
            "p_value": self.p_value,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self._reference = [
            {str(token): float(value) for token, value in sample.items()}
            for sample in state["reference"]
        ]
        self._unlike, self.p_value = int(state["unlike"]), float(state["p_value"])


def p_value_of(reference: Sequence[Sample], samples: Sequence[Sample]) -> float:
    """Chance that a round of `ROUND` samples differs this much from `reference` by accident.

    The least that it can be is one over the number of ways that are looked at, about .0004.
    """
    everything = [*reference, *samples]
    apart = _distances(everything)
    ways = _ways(len(everything))
    distances = _energy(apart, ways)
    own = np.zeros((1, len(everything)))
    own[0, len(reference) :] = 1.0
    seen = _energy(apart, own)[0]
    if seen <= 1e-9:
        return 1.0
    return float((1 + np.count_nonzero(distances >= seen - 1e-12)) / (1 + len(ways)))


def _distances(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Mean absolute difference of log-probabilities over all tokens, between all pairs."""
    tokens = sorted({token for sample in samples for token in sample})
    table = np.array([[max(s.get(token, _FLOOR), _FLOOR) for token in tokens] for s in samples])
    apart: NDArray[np.float64] = np.abs(table[:, None, :] - table[None, :, :]).mean(axis=2)
    return apart


def _ways(count: int) -> NDArray[np.float64]:
    """Ways to take `ROUND` of `count`, one row each with ones where they are taken."""
    taken = list(islice(combinations(range(count), ROUND), 0, None, _EVERY))
    ways = np.zeros((len(taken), count))
    ways[np.arange(len(taken))[:, None], np.array(taken)] = 1.0
    return ways


def _energy(apart: NDArray[np.float64], ways: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy distance between those that are taken and the others, for each way."""
    others = 1.0 - ways
    m, n = float(ways[0].sum()), float(others[0].sum())
    from_taken = ways @ apart
    between = (from_taken * others).sum(axis=1) / (m * n)
    within = (from_taken * ways).sum(axis=1) / (m * m)
    among = ((others @ apart) * others).sum(axis=1) / (n * n)
    result: NDArray[np.float64] = 2.0 * between - within - among
    return result
