"""The simulator against queueing theory. Seeds are fixed: a test here fails always or never.

An engine with one slot and a millisecond per token is an M/M/1 server when answers have
exponentially many tokens; with c slots and a step time that does not depend on the batch it is
M/M/c; with unlimited slots and a step time proportional to the batch it shares its processor.
Tolerances are about four standard errors of the estimates (found by repeating with other seeds:
5 to 7 % for the mean waits at these lengths).
"""

from collections.abc import Callable
from math import factorial
from random import Random
from statistics import fmean

import pytest

from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel

STEP_S = 0.001
MEAN_TOKENS = 1000  # so that the mean service time is one second


class Stopwatch:
    """Notes for every job when it came, began and ended, and the population over time."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.came: dict[str, float] = {}
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.inside = 0
        self.area = 0.0  # job-seconds
        self._since_s = 0.0

    def change(self, by: int) -> None:
        self.area += self.inside * (self.kernel.now_s - self._since_s)
        self._since_s = self.kernel.now_s
        self.inside += by

    def first_token(self, job: Job) -> None:
        self.began[job.id] = self.kernel.now_s - STEP_S

    def finished(self, job: Job) -> None:
        self.ended[job.id] = self.kernel.now_s
        self.change(-1)

    def failed(self, job: Job) -> None:
        raise AssertionError(job.id)

    def waits_s(self) -> list[float]:
        return [self.began[key] - came_s for key, came_s in self.came.items()]

    def sojourns_s(self) -> list[float]:
        return [self.ended[key] - came_s for key, came_s in self.came.items()]


def exponential(random: Random) -> int:
    return 1 + int(random.expovariate(1 / (MEAN_TOKENS - 0.5)))


def constant(random: Random) -> int:
    return MEAN_TOKENS


def play(
    spec: EngineSpec,
    *,
    rate: float,
    count: int,
    seed: int,
    tokens: Callable[[Random], int] = exponential,
) -> tuple[Stopwatch, Engine, float]:
    kernel, random = Kernel(), Random(seed)
    watch = Stopwatch(kernel)
    engine = Engine(kernel, spec, watch)

    def arrive(number: int) -> None:
        job = Job(str(number), 0, tokens(random))
        watch.came[job.id] = kernel.now_s
        watch.change(+1)
        engine.submit(job)
        if number + 1 < count:
            kernel.at(kernel.now_s + random.expovariate(rate), arrive, number + 1)

    kernel.at(0.0, arrive, 0)
    kernel.run()
    return watch, engine, kernel.now_s


def erlang_c(servers: int, load: float) -> float:
    """Probability that an M/M/c arrival has to wait; `load` = arrival rate / service rate."""
    full = load**servers / factorial(servers) / (1 - load / servers)
    return full / (sum(load**k / factorial(k) for k in range(servers)) + full)


def slots(count: int) -> EngineSpec:
    return EngineSpec(prefill_tokens_per_s=1e9, step_s=STEP_S, step_per_seq_s=0.0, slots=count)


@pytest.mark.parametrize("load", [0.5, pytest.param(0.65, marks=pytest.mark.matrix)])
def test_one_slot_is_m_m_1(load: float) -> None:
    watch, engine, end_s = play(slots(1), rate=load, count=20_000, seed=1)
    waits_s = watch.waits_s()
    assert fmean(waits_s) == pytest.approx(load / (1 - load), rel=0.22)
    waited = sum(wait_s > 2 * STEP_S for wait_s in waits_s) / len(waits_s)
    assert waited == pytest.approx(load, abs=0.02)
    assert engine.busy_s / end_s == pytest.approx(load, rel=0.03)


@pytest.mark.parametrize(
    ("servers", "per_server"), [(4, 0.6), pytest.param(8, 0.6, marks=pytest.mark.matrix)]
)
def test_c_slots_are_m_m_c(servers: int, per_server: float) -> None:
    load = servers * per_server
    watch, _, _ = play(slots(servers), rate=load, count=50_000, seed=2)
    waits_s = watch.waits_s()
    probability = erlang_c(servers, load)
    waited = sum(wait_s > 2 * STEP_S for wait_s in waits_s) / len(waits_s)
    assert waited == pytest.approx(probability, abs=0.04)
    assert fmean(waits_s) == pytest.approx(probability / (servers - load), rel=0.25)


@pytest.mark.parametrize("tokens", [exponential, constant])
def test_a_step_time_that_grows_with_the_batch_is_processor_sharing(
    tokens: Callable[[Random], int],
) -> None:
    """M/G/1-PS: the mean time in the system is E[S]/(1 - load), whatever the lengths' law."""
    spec = EngineSpec(prefill_tokens_per_s=1e9, step_s=0, step_per_seq_s=STEP_S, slots=10_000)
    watch, _, _ = play(spec, rate=0.6, count=10_000, seed=3, tokens=tokens)
    assert fmean(watch.sojourns_s()) == pytest.approx(1 / (1 - 0.6), rel=0.22)


@pytest.mark.parametrize("spec", [slots(1), slots(8)])
def test_littles_law(spec: EngineSpec) -> None:
    watch, _, end_s = play(spec, rate=0.6 * spec.slots, count=5_000, seed=4)
    population = watch.area / end_s
    arrival_rate = len(watch.came) / end_s
    assert population == pytest.approx(arrival_rate * fmean(watch.sojourns_s()), rel=1e-9)


def test_saturated_throughput_is_what_the_bounds_call_r() -> None:
    """Tokens a second at a full batch: B/(step + per_seq B)."""
    spec = EngineSpec(prefill_tokens_per_s=1e9, step_s=0.01, step_per_seq_s=0.001, slots=20)
    _, engine, end_s = play(spec, rate=1000.0, count=2_000, seed=5)
    assert engine.served_tokens / end_s == pytest.approx(20 / (0.01 + 0.001 * 20), rel=0.02)
