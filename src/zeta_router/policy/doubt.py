"""Which open endpoints are to be tried because nobody knows how good their model is any more."""

from __future__ import annotations

from collections.abc import Sequence

from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import by_id

MOST = 0.2
"""Share of decisions that trying takes at most, however many models are in doubt."""


def doubted(candidates: Sequence[Candidate], free: Sequence[int]) -> dict[int, float]:
    """Share of decisions of each endpoint to be tried, in the order of their ids; mostly empty.

    Replicas share what their model should get.
    """
    models: dict[str, list[int]] = {}
    for index in free:
        if candidates[index].doubt > 0.0:
            models.setdefault(candidates[index].view.model.name, []).append(index)
    if not models:
        return {}
    shares = {
        index: candidates[index].doubt / len(replicas)
        for replicas in models.values()
        for index in replicas
    }
    scale = min(1.0, MOST / sum(shares.values()))
    return {index: scale * shares[index] for index in by_id(candidates, list(shares))}
