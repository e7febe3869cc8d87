"""Quality times the chance to be in time, less the price of the capacity it takes from others.

Formula: ``weight · quality · P(SLO) − slowdown − price · work − switch_cost`` for every endpoint.
The price is `view.price` in quality per engine-second, the work is in engine-seconds at full batch,
the slowdown is what the running batch would lose (`externality`). Softmax at temperature 0.01, and
with probability 0.01 any open endpoint, so that wrong estimates are found out; models of which the
quality is in doubt are tried as often as that asks for. The propensity is exact.

A full endpoint stays in the comparison with its wait inside P. If it wins, the query is held: the
right model a little later can be better than an idle wrong one. Where no time was promised that
costs nothing, so such a query is decided anew, among what is open, once it has waited in vain. An
endpoint is full for a query when its slots are, or when one more sequence would take the running
ones to their TPOT objective (`crowding`). Below the floor an endpoint is worth neither a wait nor a
slot, unless serving costs nobody anything: it is idle, has room at no price, or only its price
stands in the way of a free slot and it has at most eight, or uses at most a quarter of them, or no
pace was promised. With none of these, and no endpoint above the floor, the query is shed, because
serving it costs others more than it is worth.

Intent: each query where it is worth most to all of them, given what the fleet can do right now.

Corners: price 0 and P 1 is routing by task; equal quality is least work left; two models are a
threshold on difficulty that floats with load; a large price everywhere is admission control.

Limits: as good as the predictions it multiplies. Prices answer a burst after it has begun.

Source: Balseiro, Lu and Mirrokni 2020 for the price as a dual variable; Neely's drift-plus-penalty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, nan
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.crowding import tpot_limit_s, when_one_ends
from zeta_router.policy.doubt import doubted
from zeta_router.policy.net_value import net_values
from zeta_router.policy.order import by_id, least_busy, load
from zeta_router.policy.protocol import WAIT, Choice, Context

_TIE = 1e-9
_HARDLY_USED = 0.25
"""Share of its slots in use up to which an endpoint's price refuses nobody."""

_FEW_SLOTS = 8
"""An endpoint with no more slots than that refuses nobody for its price alone while one is free."""

_NEGLIGIBLE = 15.0
"""Temperatures below the best score (a weight of 3e-7) at which an endpoint is not drawn at all."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Shadow prices over quality and live load.

    Attributes:
        floor: Score below which a query is not worth a wait.
        temperature: Of the softmax, in quality; 0 takes the highest score.
        epsilon: Share of decisions that go to any open endpoint.
        slowdown: Weight of what the running batch would lose; 0 leaves the batch out.
    """

    floor: float = 0.02
    temperature: float = 0.01
    epsilon: float = 0.01
    slowdown: float = 0.5
    name: ClassVar[str] = "joint"

    def __post_init__(self) -> None:
        for field in ("floor", "temperature", "epsilon", "slowdown"):
            value = getattr(self, field)
            if not (isfinite(value) and value >= 0.0):
                raise ConfigError(f"joint.{field}", f"{value!r} is not a number of 0 or more")
        if self.epsilon > 1.0:
            raise ConfigError("joint.epsilon", f"{self.epsilon!r} is more than 1", "it is a share")

    @classmethod
    def of(cls, config: FleetConfig) -> Joint:
        """With the dials of the fleet file."""
        return cls(config.joint.floor)

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The best score of all; a full endpoint means to be held for it."""
        waited_s = context.now_s - query.arrived_at_s
        nets = net_values(candidates, query.slo, waited_s, query.weight, self.slowdown)
        free = context.open(candidates)
        if query.slo.tpot_s is not None and context.capped:
            free = self._with_room(query, candidates, nets, free, waited_s)
        if context.last:
            nets = [net if index in free else -inf for index, net in enumerate(nets)]
        best = max(nets)
        if best >= self.floor:
            free = [index for index in free if nets[index] >= self.floor]
        else:
            if context.capped:
                batched = query.slo.tpot_s is not None
                free = [i for i in free if self._harms_nobody(candidates[i], nets[i], batched)]
            if not free:
                return self._without_room(candidates, nets)
            best = max([nets[index] for index in free])
        soft = self._softmax(candidates, nets, free, best)
        index, propensity, explored = self._draw(candidates, soft, free, draws)
        if index not in free:
            reason = Reason.WAIT_SLOT
        elif nets[index] >= best - _TIE:
            reason = Reason.BEST_SCORE
        else:
            reason = Reason.EXPLORED if explored else Reason.BALANCED
        return Choice(index, reason, propensity, _scores(nets))

    def _harms_nobody(self, candidate: Candidate, net: float, batched: bool) -> bool:
        """Whether serving there costs others nothing to speak of, however little it is worth.

        On an idle endpoint, or on one that has room at no price and slows nobody down: what is left
        of the score is then hardly below zero.

        A price alone stops no query that is worth something where most slots are free, where there
        are few (a batch script with as many workers as slots fills them all, and nobody waits), or
        where the tokens' pace was not promised (`batched` is False): a free slot is then all that
        anybody can want. Where many share a batch and pace counts, the price keeps room in it.
        """
        view = candidate.view
        running = load(view)
        if running == 0:
            return True
        asked = candidate.work_s * view.price
        if net + asked >= self.floor and (
            not batched or view.slots <= _FEW_SLOTS or running <= view.slots * _HARDLY_USED
        ):
            return True
        return net > -self.floor and asked <= self.floor

    def _with_room(
        self,
        query: Query,
        candidates: Sequence[Candidate],
        nets: list[float],
        free: list[int],
        waited_s: float,
    ) -> list[int]:
        """The open endpoints without those that are better waited for; `nets` get their worth."""
        left = []
        limit_s = tpot_limit_s(query.slo)
        for index in free:
            if candidates[index].tpot_s <= limit_s:
                left.append(index)
                continue
            later = when_one_ends(candidates[index], query.slo)
            if later is not None:
                (net,) = net_values([later], query.slo, waited_s, query.weight, 0.0)
                if net >= self.floor and net > nets[index]:
                    nets[index] = net
                    continue
            left.append(index)
        return left

    def _softmax(
        self, candidates: Sequence[Candidate], nets: list[float], free: list[int], best: float
    ) -> dict[int, float]:
        """Probability of each endpoint that can be drawn, in the order of their ids.

        A full endpoint takes part only from the floor up: below it, it is not worth a wait.
        """
        temperature, floor = self.temperature, self.floor
        least = best - temperature * _NEGLIGIBLE - _TIE
        near = [i for i, net in enumerate(nets) if net >= least and (net >= floor or i in free)]
        if len(near) == 1:
            return {near[0]: 1.0}
        if temperature == 0.0 or best == -inf:
            return {least_busy(candidates, near): 1.0}
        shares = {
            index: exp((nets[index] - best) / temperature) for index in by_id(candidates, near)
        }
        total = sum(shares.values())
        for index in shares:
            shares[index] /= total
        return shares

    def _draw(
        self,
        candidates: Sequence[Candidate],
        soft: dict[int, float],
        free: list[int],
        draws: Draws,
    ) -> tuple[int, float, bool]:
        """The chosen index, its exact probability, and whether it was chosen to learn about it.

        The probability is that of a mix of softmax, uniform over open, and models in doubt.
        """
        epsilon = self.epsilon if free else 0.0
        tries = doubted(candidates, free)
        trying = sum(tries.values())
        draw = draws.uniform()
        if draw < epsilon:
            index = by_id(candidates, free)[draws.below(len(free))]
        elif draw < epsilon + trying:
            index = _by_lot(tries, draw - epsilon)
        elif len(soft) == 1:
            (index,) = soft
        else:
            index = _by_lot(soft, draws.uniform())
        explored = epsilon / len(free) + tries.get(index, 0.0) if index in free else 0.0
        kept = 1.0 - epsilon - trying
        return index, explored + kept * soft.get(index, 0.0), draw < epsilon + trying

    def _without_room(self, candidates: Sequence[Candidate], nets: list[float]) -> Choice:
        """Nothing is worth a wait and nothing is open: shed, unless nothing could be scored."""
        if max(nets) == -inf:
            return WAIT
        return Choice(
            None,
            Reason.SHED,
            scores=_scores(nets),
            shed=True,
            retry_after_s=self._retry_after_s(candidates, nets),
        )

    def _retry_after_s(self, candidates: Sequence[Candidate], nets: list[float]) -> float | None:
        """Seconds until a price has fallen enough to lift its endpoint to the floor, at least 1.

        None when no price stands in the way: then it is the latency that has to change.
        """
        soonest_s = inf
        for candidate, net in zip(candidates, nets, strict=True):
            missing = self.floor - net
            falls_per_s = candidate.view.price_fall_per_s
            if falls_per_s > 0.0 and missing <= candidate.view.price * candidate.work_s:
                soonest_s = min(soonest_s, missing / (candidate.work_s * falls_per_s))
        return max(1.0, soonest_s) if soonest_s < inf else None


def _by_lot(shares: dict[int, float], draw: float) -> int:
    """The index whose share of [0, 1) the draw falls into."""
    index = -1
    for index, share in shares.items():  # noqa: B007
        draw -= share
        if draw < 0.0:
            break
    return index


def _scores(nets: list[float]) -> tuple[float, ...]:
    if -inf in nets:
        return tuple([net if net > -inf else nan for net in nets])
    return tuple(nets)
