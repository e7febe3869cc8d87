"""One cell of evidence about a model's answers, in which no voter outweighs its share.

A vote fades what was seen before it, so that a cell remembers about 67 votes. Whoever may hold only
a part of a cell (`cap`) gets that part and no more: what it says beyond that replaces what it said
before and leaves the evidence of others alone. The mean then moves by at most `cap` of the way from
where it would be without that voter to what the voter wants, however often it votes.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import NamedTuple

PRIOR_WEIGHT_LEFT = 4.0
PRIOR_FADE = 0.97
"""Share of the rest that a prior keeps at each reward in its cell."""

DISCOUNT = 0.985
_AGE = -log(DISCOUNT)

MOST_VOTERS = 32
"""Voters told apart in a cell; the one that holds least is forgotten first, its votes stay."""


class _Share:
    """What one voter holds, as of when the cell was `aged`."""

    __slots__ = ("aged", "failures", "successes")

    def __init__(self) -> None:
        self.successes = self.failures = self.aged = 0.0

    def fade_to(self, aged: float) -> None:
        if aged != self.aged:
            kept = exp(self.aged - aged)
            self.successes *= kept
            self.failures *= kept
            self.aged = aged

    @property
    def weight(self) -> float:
        return self.successes + self.failures


class Trace(NamedTuple):
    """What one vote left in a cell, so that it can be taken back."""

    cell: BetaCell
    voter: str
    successes: float
    failures: float
    aged: float


class BetaCell:
    """Evidence of successes and failures beyond a prior that is held elsewhere.

    Attributes:
        prior_weight: Observations that the prior is worth; fades with rewards.
        aged: How much of the earliest evidence has faded, as minus its logarithm.
    """

    __slots__ = ("_shares", "aged", "failures", "prior_weight", "successes")

    def __init__(self, prior_weight: float, successes: float = 0.0, failures: float = 0.0) -> None:
        self.prior_weight = prior_weight
        self.successes = successes
        self.failures = failures
        self.aged = 0.0
        self._shares: dict[str, _Share] = {}

    @property
    def evidence(self) -> float:
        """Observations it is worth, beyond the prior."""
        return self.successes + self.failures

    @property
    def prior_part(self) -> float:
        """Share of the cell that is its prior."""
        return self.prior_weight / (self.prior_weight + self.evidence)

    def mean(self, prior: float) -> float:
        """Posterior mean under the prior mean `prior`."""
        weight, successes = self.prior_weight, self.successes
        return (weight * prior + successes) / (weight + (successes + self.failures))

    def sigma(self, prior: float) -> float:
        """Posterior standard deviation under the prior mean `prior`."""
        mean = self.mean(prior)
        return sqrt(mean * (1.0 - mean) / (self.prior_weight + self.evidence + 1.0))

    def add(
        self,
        successes: float,
        failures: float,
        voter: str = "",
        cap: float = 1.0,
        prior_held: float = 0.0,
    ) -> Trace | None:
        """Take in a vote worth `successes` + `failures` in (0, 1] observations.

        A weak one fades less: else a stream of faint hints would wipe out the evidence of strong
        ones. None when nothing of it was taken in.

        Args:
            successes: What it is worth in successes; for a reward y of weight w, w·y.
            failures: The same in failures, w·(1 - y).
            voter: Whose vote it is.
            cap: The share of the cell, its prior included, that this voter may hold; 1 is no bound.
            prior_held: The share of the prior that it holds already, where the prior is learned.
        """
        weight = successes + failures
        if weight <= 0.0:
            return None
        mine = self._share_of(voter)
        if cap < 1.0:
            fresh = min(weight, self._room(mine, cap, prior_held))
            self._fade(fresh)
            mine.fade_to(self.aged)
            if fresh < weight and (held := mine.weight):
                self._scale(mine, max(0.0, 1.0 - (weight - fresh) / held))
            part = min(1.0, self._room(mine, cap, prior_held) / weight)
        else:
            self._fade(weight)
            mine.fade_to(self.aged)
            part = 1.0
        self._put(mine, part * successes, part * failures)
        if part <= 0.0:
            return None
        return Trace(self, voter, part * successes, part * failures, self.aged)

    def take_back(self, trace: Trace) -> None:
        """Undo what is left of an earlier vote; what it had faded stays faded."""
        left = exp(trace.aged - self.aged)
        share = self._shares.get(trace.voter)
        if share is None:
            self.successes = max(0.0, self.successes - left * trace.successes)
            self.failures = max(0.0, self.failures - left * trace.failures)
            return
        share.fade_to(self.aged)
        successes = min(share.successes, left * trace.successes)
        failures = min(share.failures, left * trace.failures)
        self._put(share, -successes, -failures)

    def keep(self, share: float) -> None:
        """Scale the evidence, e.g. by .2 after an alarm that the model changed."""
        self.successes *= share
        self.failures *= share
        self.aged -= log(max(share, 1e-9))

    def held(self, voter: str) -> float:
        """Share of the cell that a voter holds, its prior included."""
        share = self._shares.get(voter)
        if share is None:
            return 0.0
        share.fade_to(self.aged)
        evidence = self.successes + self.failures
        return (share.successes + share.failures) / (self.prior_weight + evidence)

    def state(self) -> list[object]:
        """Everything it knows, as plain values."""
        shares = []
        for voter, share in self._shares.items():
            share.fade_to(self.aged)
            shares.append([voter, [share.successes, share.failures]])
        return [self.prior_weight, self.successes, self.failures, shares]

    @classmethod
    def of(
        cls,
        prior_weight: float,
        successes: float,
        failures: float,
        shares: list[tuple[str, tuple[float, float]]],
    ) -> BetaCell:
        """The cell of an earlier `state()`."""
        cell = cls(float(prior_weight), float(successes), float(failures))
        for voter, (good, bad) in shares:
            share = cell._shares[str(voter)] = _Share()
            share.successes, share.failures = float(good), float(bad)
        return cell

    # ---- bookkeeping

    def _room(self, mine: _Share, cap: float, prior_held: float) -> float:
        """How much more a voter may hold: held + room = cap · (total + room)."""
        weight = self.prior_weight
        total = weight + (self.successes + self.failures)
        held = mine.successes + mine.failures + weight * prior_held
        return max(0.0, (cap * total - held) / (1.0 - cap))

    def _fade(self, weight: float) -> None:
        kept = DISCOUNT**weight
        left = min(self.prior_weight, PRIOR_WEIGHT_LEFT)
        self.prior_weight = left + PRIOR_FADE**weight * (self.prior_weight - left)
        self.successes *= kept
        self.failures *= kept
        self.aged += weight * _AGE

    def _scale(self, mine: _Share, kept: float) -> None:
        gone = 1.0 - kept
        self._put(mine, -gone * mine.successes, -gone * mine.failures)

    def _put(self, mine: _Share, successes: float, failures: float) -> None:
        mine.successes = max(0.0, mine.successes + successes)
        mine.failures = max(0.0, mine.failures + failures)
        self.successes = max(0.0, self.successes + successes)
        self.failures = max(0.0, self.failures + failures)

    def _share_of(self, voter: str) -> _Share:
        share = self._shares.get(voter)
        if share is None:
            if len(self._shares) >= MOST_VOTERS:
                self._forget_least()
            share = self._shares[voter] = _Share()
            share.aged = self.aged
        elif share.aged != self.aged:
            share.fade_to(self.aged)
        return share

    def _forget_least(self) -> None:
        for share in self._shares.values():
            share.fade_to(self.aged)
        least = min(self._shares, key=lambda name: (self._shares[name].weight, name))
        del self._shares[least]
