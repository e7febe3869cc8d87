"""Who asks what and when: arrivals of a trace, each with a real prompt of the quality tables.

Everything about a run that does not depend on the policy is fixed here, before the first event, so
that all policies face the same queries (common random numbers), the same prompt at the same place
in the stream at every rate.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo, Task, TaskEstimate
from zeta_router.sim.workload.scenarios import Hog, Mix, Scenario
from zeta_router.sim.workload.tables import Prompt
from zeta_router.sim.workload.traces import TraceRow

POLITE_TENANTS = 3
"""Tenants beside the one of the `tenant` scenario."""

HOG = "hog"
"""Name of the tenant with the long prompts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model would answer: its quality in [0, 1] and its length."""

    score: float
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Card:
    """A prompt as it is played.

    Attributes:
        topic: The table's topic; bounds and reports go by it.
        task: The task type that static routes and objectives go by.
        estimate: What the router is told; None leaves it to read `features`.
        outcomes: By model; None where the trace's own length has to be filled in.
    """

    prompt: Prompt
    topic: str
    task: Task
    estimate: TaskEstimate | None
    features: tuple[float, ...]
    slo: Slo
    outcomes: Mapping[str, Outcome] | None


@dataclass(frozen=True, slots=True)
class Played:
    """One query of a run."""

    id: str
    at_s: float
    card: Card
    input_tokens: int
    outcomes: Mapping[str, Outcome]
    prefix_hashes: tuple[int, ...] = ()
    tenant: str = ""


def deal(
    rows: Sequence[TraceRow],
    cards: Sequence[Card],
    *,
    seed: int,
    scenario: Scenario,
    tokens_from_trace: bool,
) -> tuple[Played, ...]:
    """A prompt for every arrival, uniformly with replacement unless the scenario says otherwise.

    Raises:
        ConfigError: If the trace has no lengths but they are asked for or needed.
    """
    if scenario.warp is not None:
        warp = scenario.warp
        rows = [row._replace(at_s=warp.simulated_s(row.at_s)) for row in rows]
    draw = _Drawing(cards, seed, scenario.mix)
    tenants = _Tenants(seed, scenario.hog)
    queries = []
    for index, row in enumerate(rows):
        card = draw.at(row.at_s)
        tenant, factor = tenants.at(row.at_s)
        queries.append(
            Played(
                id=f"s{seed}-{index}",
                at_s=row.at_s,
                card=card,
                input_tokens=round(_input_tokens(card, row, tokens_from_trace) * factor),
                outcomes=_outcomes(card, row),
                prefix_hashes=row.prefix_hashes if tokens_from_trace else (),
                tenant=tenant,
            )
        )
    return tuple(queries)


def _input_tokens(card: Card, row: TraceRow, from_trace: bool) -> int:
    if not from_trace:
        return card.prompt.input_tokens
    if row.input_tokens is None:
        raise ConfigError("input-tokens", "this source of arrivals has no prompt lengths")
    return row.input_tokens


def _outcomes(card: Card, row: TraceRow) -> Mapping[str, Outcome]:
    if card.outcomes is not None:
        return card.outcomes
    if row.output_tokens is None:
        raise ConfigError(
            "quality", "neither the tables nor the source of arrivals say how long answers are"
        )
    return {
        model: Outcome(
            answer.score,
            row.output_tokens if answer.output_tokens is None else answer.output_tokens,
        )
        for model, answer in card.prompt.answers.items()
    }


class _Drawing:
    """Draws cards; with a `Mix`, a set share of them of one task."""

    def __init__(self, cards: Sequence[Card], seed: int, mix: Mix | None) -> None:
        self._random = Random(f"prompts:{seed}")
        self._cards = cards
        self._mix = mix
        if mix is None:
            return
        self._of_task = [card for card in cards if card.task is mix.task]
        self._others = [card for card in cards if card.task is not mix.task]
        if not self._of_task or not self._others:
            raise ConfigError("scenario mix", f"needs prompts of {mix.task} and of other tasks")

    def at(self, at_s: float) -> Card:
        """The card of an arrival."""
        place = self._random.random()
        cards = self._cards
        if self._mix is not None:
            share = self._mix.after if at_s >= self._mix.at_s else self._mix.before
            cards = self._of_task if place < share else self._others
            place = self._random.random()
        return cards[int(place * len(cards))]


class _Tenants:
    """Deals arrivals to tenants; without a `Hog` all are one nameless tenant's."""

    def __init__(self, seed: int, hog: Hog | None) -> None:
        self._random = Random(f"tenants:{seed}")
        self._hog = hog
        self._polite = list(accumulate([1.0 / POLITE_TENANTS] * (POLITE_TENANTS - 1)))

    def at(self, at_s: float) -> tuple[str, float]:
        """The tenant of an arrival, and how many times as long its prompt is."""
        hog = self._hog
        if hog is None:
            return "", 1.0
        place = self._random.random()
        polite = f"tenant-{bisect_right(self._polite, self._random.random())}"
        if at_s >= hog.from_s and place < hog.share:
            return HOG, hog.factor
        return polite, 1.0
