"""Engine constants from what an endpoint did in a log.

The log says when each request was sent to an endpoint, how long its prompt and answer were, and
when its first and last token came. Played on a simulated engine of the right constants, the same
requests at the same times take the same time. So the constants are searched for which they do:
prefill rate, step, and step per sequence, by trying each larger and smaller.

This needs no assumption on what waited for what; that is in the engine model. What it cannot find
is what the log does not show: an endpoint that never had more than one request at a time says
nothing about its steps in a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import median
from typing import NamedTuple

from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel

MOST_REQUESTS = 800
"""Requests that are played per try; the busiest stretch of a log holds the most about batches."""

LEAST_REQUESTS = 20
"""Requests below which nothing is fitted."""

_COARSE = (2.0, 1.4, 1.15)
_FINE = (1.15, 1.05, 1.02)
_PASSES = 3
_FEW = 250
"""Requests of the first search, which begins at several places: the loss has more than one dip."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as an endpoint served it.

    Attributes:
        prompt_tokens: Those that it had to compute, cached ones left out.
        output_tokens: Of its answer, at least 1.
        ttft_s: Sent to first token; None where the answer came in one piece.
        e2e_s: Sent to the last token.
    """

    sent_at_s: float
    prompt_tokens: int
    output_tokens: int
    ttft_s: float | None
    e2e_s: float

    @property
    def tpot_s(self) -> float | None:
        """Seconds per token after the first; None where it cannot be told."""
        if self.ttft_s is None or self.output_tokens < 2:
            return None
        return (self.e2e_s - self.ttft_s) / (self.output_tokens - 1)


@dataclass(frozen=True, slots=True)
class Fit:
    """An engine's constants, and how well they tell what was seen.

    Attributes:
        overhead_s: What every answer takes besides: the network, HTTP, tokenising.
        requests: How many it was fitted on.
        ttft_error, tpot_error, e2e_error: Median of ``|simulated - seen| / seen`` per request;
            None where nothing of the kind was seen.
    """

    spec: EngineSpec
    overhead_s: float
    requests: int
    ttft_error: float | None
    tpot_error: float | None
    e2e_error: float | None


def fit_engine(seen: Sequence[Seen], slots: int) -> Fit | None:
    """The engine that would have served these requests as they were; None for too few of them."""
    if len(seen) < LEAST_REQUESTS:
        return None
    part = _busiest(sorted(seen, key=lambda each: each.sent_at_s))
    few = part[:_FEW]
    starts = [_search(few, start, _COARSE) for start in _starts(part, slots)]
    best, _ = _search(part, min(starts, key=lambda found: found[1])[0], _FINE)
    overhead_s, ttft, tpot, e2e = _errors(part, best.spec)
    return Fit(best.spec, overhead_s, len(part), _median(ttft), _median(tpot), _median(e2e))


def _search(
    seen: Sequence[Seen], start: _Speeds, factors: Sequence[float]
) -> tuple[_Speeds, float]:
    """The best constants near `start`, and their loss."""
    best, loss = start, _loss(seen, start.spec)
    for factor in factors:
        for _ in range(_PASSES):
            before = loss
            for tried in best.around(factor):
                reached = _loss(seen, tried.spec)
                if reached < loss:
                    best, loss = tried, reached
            if loss >= before:
                break
    return best, loss


def _busiest(seen: Sequence[Seen]) -> Sequence[Seen]:
    """The stretch of `MOST_REQUESTS` requests that took the least time."""
    if len(seen) <= MOST_REQUESTS:
        return seen
    starts = range(0, len(seen) - MOST_REQUESTS + 1, MOST_REQUESTS // 8)
    start = min(starts, key=lambda at: seen[at + MOST_REQUESTS - 1].sent_at_s - seen[at].sent_at_s)
    return seen[start : start + MOST_REQUESTS]


class _Speeds(NamedTuple):
    """An engine's constants as they are searched: rate, and the step alone and with all slots.

    The step and its growth would compensate each other; these two hardly do.
    """

    prefill_tokens_per_s: float
    alone_s: float
    full_s: float
    slots: int

    @property
    def spec(self) -> EngineSpec:
        """The engine of these constants."""
        growth_s = (self.full_s - self.alone_s) / (self.slots - 1) if self.slots > 1 else 0.0
        step_s = max(0.0, self.alone_s - growth_s)
        return EngineSpec(self.prefill_tokens_per_s, step_s, growth_s, self.slots)

    def around(self, factor: float) -> Iterator[_Speeds]:
        """Each constant, both steps together, and rate and steps together, larger and smaller.

        A full batch is never faster than one alone, nor slower than one by one: what departs from
        that is set to the bound, so that the next try begins where it counts.
        """
        for rates, alones, fulls in _DIRECTIONS:
            alone_s = self.alone_s * factor**alones
            full_s = min(max(self.full_s * factor**fulls, alone_s), self.slots * alone_s)
            rate = self.prefill_tokens_per_s * factor**rates
            yield _Speeds(rate, alone_s, full_s, self.slots)


_DIRECTIONS = (
    (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1),
    (0, 1, 1), (0, -1, -1), (0, 1, -1), (0, -1, 1), (1, 1, 1), (-1, -1, -1),
)  # fmt: skip


def _starts(seen: Sequence[Seen], slots: int) -> list[_Speeds]:
    """Where to begin: the fastest prompts and tokens alone; a batch costs hardly more, or much."""
    tpots = sorted(tpot for each in seen if (tpot := each.tpot_s) is not None)
    step_s = max(1e-6, tpots[len(tpots) // 10]) if tpots else 0.001
    rates = sorted(each.prompt_tokens / max(1e-6, each.ttft_s or each.e2e_s) for each in seen)
    rate = max(1.0, rates[-1 - len(rates) // 10])
    return [
        _Speeds(rate, alone * step_s, full * step_s, slots)
        for alone, full in ((1.0, 1.2), (0.9, 2.0), (0.7, 3.0))
    ]


def _loss(seen: Sequence[Seen], spec: EngineSpec) -> float:
    """Mean over the kinds of times of the mean error; a factor of e at most counts for each."""
    _, *found = _errors(seen, spec)
    kinds = [errors for errors in found if errors]
    return sum(sum(min(1.0, error) for error in kind) / len(kind) for kind in kinds) / len(kinds)


def _errors(
    seen: Sequence[Seen], spec: EngineSpec
) -> tuple[float, list[float], list[float], list[float]]:
    """The overhead, and ``|ln simulated / seen|`` of TTFT, TPOT and E2E with it.

    The overhead is what is missing in the median, so that it needs no search.
    """
    pairs = list(zip(seen, _played(seen, spec), strict=True))
    missing = [
        each.e2e_s - got.e2e_s if each.ttft_s is None else each.ttft_s - (got.ttft_s or 0.0)
        for each, got in pairs
    ]
    overhead_s = max(0.0, median(missing))
    ttft, tpot, e2e = [], [], []
    for each, got in pairs:
        e2e.append(_apart(got.e2e_s + overhead_s, each.e2e_s))
        if each.ttft_s is not None:
            ttft.append(_apart((got.ttft_s or 0.0) + overhead_s, each.ttft_s))
        seen_s, got_s = each.tpot_s, got.tpot_s
        if seen_s is not None and got_s is not None:
            tpot.append(_apart(got_s, seen_s))
    return overhead_s, ttft, tpot, e2e


def _apart(simulated_s: float, seen_s: float) -> float:
    return abs(log(max(simulated_s, 1e-6) / max(seen_s, 1e-6)))


def _median(errors: Sequence[float]) -> float | None:
    return median(errors) if errors else None


def _played(seen: Sequence[Seen], spec: EngineSpec) -> list[Seen]:
    """The same requests, sent at the same times, on an engine of these constants."""
    clients = _Clients()
    engine = Engine(clients.kernel, spec, clients)
    start_s = seen[0].sent_at_s
    for number, each in enumerate(seen):
        job = Job(str(number), each.prompt_tokens, each.output_tokens)
        clients.kernel.at(each.sent_at_s - start_s, engine.submit, job)
    clients.kernel.run()
    return [
        Seen(
            each.sent_at_s,
            each.prompt_tokens,
            each.output_tokens,
            clients.first_at_s[str(number)] - (each.sent_at_s - start_s),
            clients.last_at_s[str(number)] - (each.sent_at_s - start_s),
        )
        for number, each in enumerate(seen)
    ]


class _Clients:
    """Notes when the tokens come."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        self.first_at_s: dict[str, float] = {}
        self.last_at_s: dict[str, float] = {}

    def first_token(self, job: Job) -> None:
        """See `Listener`."""
        self.first_at_s[job.id] = self.kernel.now_s

    def finished(self, job: Job) -> None:
        """See `Listener`."""
        self.last_at_s[job.id] = self.kernel.now_s

    def failed(self, job: Job) -> None:
        """See `Listener`."""


def typical(fits: Sequence[Fit], slots: int) -> EngineSpec | None:
    """An engine for an endpoint that the log says too little of: like its fellows, if any."""
    if not fits:
        return None

    def middle(name: str) -> float:
        values = sorted(getattr(fit.spec, name) for fit in fits)
        return sqrt(values[(len(values) - 1) // 2] * values[len(values) // 2])

    return EngineSpec(
        middle("prefill_tokens_per_s"), middle("step_s"), middle("step_per_seq_s"), slots
    )
