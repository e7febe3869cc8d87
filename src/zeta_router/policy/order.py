"""What "less busy" means, and how ties are broken, in one place.

Ties go to the endpoint that was dispatched to least recently and only then by id. Breaking them by
id alone sends all traffic of an idle fleet to one endpoint: with nothing in flight every
comparison of counts is a tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import TypeGuard

from zeta_router.core.snapshot import Candidate, EndpointView

BusyKey = tuple[float, int, str]


def load(view: EndpointView) -> int:
    """Requests on the endpoint, ours and, where a poll shows them, those of others."""
    return view.in_flight + view.foreign_in_flight


def busy_key(view: EndpointView) -> BusyKey:
    """Sorts views by share of slots in use, then least recently used, then id. No two are equal."""
    return view.busy_ratio, view.dispatched_seq, view.endpoint.id


def least_busy(candidates: Sequence[Candidate], among: Iterable[int]) -> int:
    """The index of the least busy candidate among the indices given (at least one)."""
    return min(among, key=lambda index: busy_key(candidates[index].view))


def by_id(candidates: Sequence[Candidate], among: Iterable[int]) -> list[int]:
    """The indices ordered by endpoint id: a draw must not depend on the order of candidates."""
    return sorted(among, key=lambda index: candidates[index].view.endpoint.id)


def usable(value: float | None) -> TypeGuard[float]:
    """Whether an estimate can be compared at all: there, finite and not negative."""
    return value is not None and isfinite(value) and value >= 0.0


def ends_in_s(candidate: Candidate) -> float:
    """Predicted time from now to the last token; NaN when any part of it is.

    `Candidate.e2e_s` takes an unknown answer length for a short answer; a policy must not.
    """
    tokens = candidate.output_tokens
    return candidate.ttft_s + (0.0 if tokens <= 1.0 else candidate.tpot_s * (tokens - 1.0))


def quality_of(candidate: Candidate) -> float:
    """Predicted quality; -1 where there is no usable one, so that it never wins by absence."""
    return candidate.quality if usable(candidate.quality) else -1.0
