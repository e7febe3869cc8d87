"""Upper bounds on quality-goodput: what a router could have reached that knew everything.

- `class_bound` knows the arrivals and each topic's mean quality and length per model (of the played
  half), in windows of 60 s.
- `oracle_bound` knows each prompt's outcome, in windows of 60 s.
- `certified_bound` is strict for the engine model of this simulator: realised outcomes, one window
  of the whole run plus the longest time that a query can take within its objectives. A result above
  it is a bug. The two others are references, which a lucky run may exceed: work carried over the
  edge of a window is not counted in them.

All are the linear programme of `sim.bounds.lp` over query-endpoint pairs: value is the quality (0
where the objectives cannot be met even alone), capacity one engine-second a second, work
input/prefill rate + output/R with R = B/(step + per_seq B), B = min(slots, floor((SLO_tpot -
step)/per_seq)).

Why the certified work is a lower bound: an iteration with b sequences takes step + per_seq b at
least, so each token in it costs per_seq + step/b. A query within its TPOT objective saw iterations
of at most SLO_tpot on average, so b <= (SLO_tpot - step)/per_seq on average over its tokens after
the first, and by Jensen's inequality these cost at least 1/R each on average (with B not rounded
down); a first token costs at least as much as in a batch that fills all slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf

import numpy as np

from zeta_router.core.query import Slo
from zeta_router.sim.bounds.lp import Array, solve
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.workload.priors import Means
from zeta_router.sim.workload.queries import Played

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """An endpoint as the bounds see it: which model, how fast."""

    model: str
    spec: EngineSpec

    def tokens_per_s(self, tpot_s: float | None, *, strict: bool = False) -> float:
        """R: output tokens a second at the largest batch that keeps TPOT; 0 when none does."""
        spec = self.spec
        batch: float = spec.slots
        if tpot_s is not None and spec.step_per_seq_s > 0:
            room = (tpot_s - spec.step_s) / spec.step_per_seq_s + 1e-9
            batch = min(batch, room if strict else floor(room))
        elif tpot_s is not None and spec.step_s > tpot_s:
            batch = 0.0
        if batch < 1:
            return 0.0
        return batch / (spec.step_s + spec.step_per_seq_s * batch)

    def meets_alone(self, slo: Slo, input_tokens: int, output_tokens: float) -> bool:
        """Whether an idle engine would serve it within its objectives."""
        step_s = self.spec.step_time_s(1)
        ttft_s = input_tokens / self.spec.prefill_tokens_per_s + step_s
        e2e_s = ttft_s + step_s * max(0.0, output_tokens - 1)
        return (
            ttft_s <= _limit(slo.ttft_s)
            and (output_tokens < 2 or step_s <= _limit(slo.tpot_s))
            and e2e_s <= _limit(slo.e2e_s)
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds on the quality-goodput of one run."""

    class_bound: float
    oracle_bound: float
    certified_bound: float


def bounds_of(
    queries: Sequence[Played], specs: Mapping[str, tuple[str, EngineSpec]], class_means: Means
) -> Bounds:
    """All bounds of a run.

    Args:
        queries: The run's queries, at least one, in the order of arrival.
        specs: Model and engine of each endpoint.
        class_means: Mean quality and length by topic and model, over the played half.
    """
    servers = [Server(model, spec) for model, spec in specs.values()]
    at_s = np.array([query.at_s for query in queries])
    inputs = _least_inputs(queries, servers)
    value, work = _by_class(queries, servers, inputs, class_means)
    class_bound = _windowed(at_s, value, work)
    value, work = _by_outcome(queries, servers, inputs, strict=False)
    oracle_bound = _windowed(at_s, value, work)
    value, work = _by_outcome(queries, servers, inputs, strict=True)
    span_s = float(at_s[-1] - at_s[0]) + _longest_s(queries, value)
    if span_s == inf:
        certified = float(value.max(axis=1).sum())
    else:
        certified = solve(value, work, np.full(len(servers), span_s)).bound
    count = len(queries)
    return Bounds(class_bound / count, oracle_bound / count, certified / count)


def _by_class(
    queries: Sequence[Played], servers: Sequence[Server], inputs: Sequence[int], means: Means
) -> tuple[Array, Array]:
    """Value and work by what is known of a query's topic."""
    value = np.zeros((len(queries), len(servers)))
    work = np.full_like(value, inf)
    for row, (query, tokens) in enumerate(zip(queries, inputs, strict=True)):
        slo = query.card.slo
        for column, server in enumerate(servers):
            mean = means[query.card.topic, server.model]
            output = mean.output_tokens
            if output is None:
                output = query.outcomes[server.model].output_tokens
            rate = server.tokens_per_s(slo.tpot_s)
            if rate > 0.0:
                value[row, column] = mean.quality
                work[row, column] = tokens / server.spec.prefill_tokens_per_s + output / rate
    return value, _finite(value, work)


def _by_outcome(
    queries: Sequence[Played], servers: Sequence[Server], inputs: Sequence[int], *, strict: bool
) -> tuple[Array, Array]:
    """Value and work by each query's own outcomes."""
    value = np.zeros((len(queries), len(servers)))
    work = np.full_like(value, inf)
    for row, (query, tokens) in enumerate(zip(queries, inputs, strict=True)):
        slo = query.card.slo
        for column, server in enumerate(servers):
            outcome = query.outcomes[server.model]
            output = outcome.output_tokens
            rate = server.tokens_per_s(slo.tpot_s if output > 1 else None, strict=strict)
            if rate <= 0.0 or not server.meets_alone(slo, tokens, output):
                continue
            decode_s = output / rate
            if strict:
                decode_s = (output - 1) / rate + 1 / server.tokens_per_s(None)
            value[row, column] = outcome.score
            work[row, column] = tokens / server.spec.prefill_tokens_per_s + decode_s
    return value, _finite(value, work)


def _finite(value: Array, work: Array) -> Array:
    """Work with something finite where there is nothing to gain."""
    return np.where(value > 0.0, work, 1.0)


def _windowed(at_s: Array, value: Array, work: Array) -> float:
    """The sum over windows of what each can hold at most."""
    window = np.floor(at_s / WINDOW_S)
    capacity = np.full(value.shape[1], WINDOW_S)
    return sum(
        solve(value[inside], work[inside], capacity).bound
        for inside in (window == number for number in np.unique(window))
    )


def _longest_s(queries: Sequence[Played], value: Array) -> float:
    """The longest time that any query can take within its objectives."""
    longest_s = 0.0
    for query, row in zip(queries, value, strict=True):
        if not row.any():
            continue
        slo = query.card.slo
        tokens = max(outcome.output_tokens for outcome in query.outcomes.values())
        decode_s = _limit(slo.tpot_s) * (tokens - 1) if tokens > 1 else 0.0
        longest_s = max(longest_s, min(_limit(slo.e2e_s), _limit(slo.ttft_s) + decode_s))
    return longest_s


def _least_inputs(queries: Sequence[Played], servers: Sequence[Server]) -> list[int]:
    """Prompt tokens that somebody has to compute: blocks seen before may be cached somewhere."""
    block_tokens = max((s.spec.block_tokens for s in servers if s.spec.prefix_blocks), default=0)
    seen: set[int] = set()
    inputs = []
    for query in queries:
        cached = 0
        if block_tokens:
            for block in query.prefix_hashes:
                if block not in seen:
                    break
                cached += block_tokens
            seen.update(query.prefix_hashes)
        inputs.append(max(1, query.input_tokens - cached))
    return inputs


def _limit(limit_s: float | None) -> float:
    return inf if limit_s is None else limit_s
