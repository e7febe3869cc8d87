"""The whole extension surface of routing: one method.

A policy is a pure function of the query, the candidates, the query's own draws and a context of
values. It keeps no state: what it needs to remember (moving averages, who was served last, prices)
is in the views, where replay can restore it and where several policies can share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query, Task, TaskEstimate
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate, EndpointView

_NO_ROUTES: Mapping[Task, str] = MappingProxyType({})


class Context(NamedTuple):
    """What a policy may know besides the query and its candidates.

    Attributes:
        now_s: The time of the decision.
        task: What the query asks for.
        routes: The static rules, task to model name.
        capped: Whether the common admission holds: an endpoint without a free slot may not be
            chosen. Off, a policy behaves as people run it without admission control.
        share: Share of an endpoint's slots, and at least one, that the query may fill; below 1
            for queries that are held back for more urgent ones.
        last: The query has waited in vain for an endpoint without a free slot: one that has a free
            slot is to be chosen among, if there is any.
    """

    now_s: float
    task: TaskEstimate
    routes: Mapping[Task, str] = _NO_ROUTES
    capped: bool = True
    share: float = 1.0
    last: bool = False

    def is_open(self, view: EndpointView) -> bool:
        """Whether the query may be dispatched there right now."""
        if not self.capped or self.share >= 1.0:
            return view.is_open or not self.capped
        taken = view.in_flight + view.foreign_in_flight
        return view.is_open and taken < max(1.0, self.share * view.slots)

    def open(self, candidates: Sequence[Candidate]) -> list[int]:
        """Indices of the candidates that may be dispatched to right now, in fleet order."""
        if not self.capped:
            return list(range(len(candidates)))
        if self.share < 1.0:
            return [index for index, one in enumerate(candidates) if self.is_open(one.view)]
        return [
            index
            for index, (view, *_) in enumerate(candidates)
            if view.in_flight + view.foreign_in_flight < view.slots and not view.paused
        ]


class Choice(NamedTuple):
    """What a policy answers.

    Attributes:
        index: The chosen candidate; None to wait for any of them. Choosing a candidate without a
            free slot means to wait for that one.
        propensity: Probability of this choice over the draws, in (0, 1].
        scores: One per candidate, higher is better; NaN for a candidate that cannot be scored;
            empty when the policy does not score.
        shed: Refuse the query: serving it costs others more than it is worth (`index` is None).
        retry_after_s: With `shed`, when the policy expects to serve such a query again; None when
            it cannot say.
    """

    index: int | None  # type: ignore[assignment] # the name that policies speak of
    reason: Reason
    propensity: float = 1.0
    scores: tuple[float, ...] = ()
    shed: bool = False
    retry_after_s: float | None = None


class Policy(Protocol):
    """Chooses among candidates that have already passed every hard filter."""

    @property
    def name(self) -> str:
        """Its name in `zeta.yaml`, in logs and in metrics."""

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The choice for `query`; `candidates` has at least one entry, in fleet order.

        Must not depend on that order (ties are broken by endpoint id), must not raise, and must
        not choose a candidate without a free slot in order to dispatch to it when
        `context.capped`.
        """


WAIT = Choice(None, Reason.WAIT_SLOT)
"""The choice of a policy that finds nothing open."""
