"""The engine in closed form against one that takes every iteration by itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel

TICK_S = 1 / 1024


@dataclass
class Plain:
    """A request of the plain engine."""

    at_s: float
    prompt: int
    output: int
    done: int = 0
    to_compute: int = 0
    log: list[tuple[str, float]] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether its prompt is computed."""
        return self.to_compute < 0


class PlainEngine:
    """One iteration after the other, one token after the other, no cleverness."""

    def __init__(self, spec: EngineSpec) -> None:
        self.spec = spec
        self.capacity = spec.kv_tokens or 10**9
        self.now_s = 0.0
        self.waiting = deque[Plain]()
        self.inside: list[Plain] = []

    def play(self, jobs: list[Plain]) -> None:
        arrivals = deque(jobs)
        while arrivals or self.waiting or self.inside:
            if not self.waiting and not self.inside:
                self.now_s = max(self.now_s, arrivals[0].at_s)
            while arrivals and arrivals[0].at_s <= self.now_s + 1e-12:
                self.waiting.append(arrivals.popleft())
            self.preempt()
            self.admit()
            self.iterate()

    def kv(self) -> int:
        return sum(job.prompt + job.done for job in self.inside)

    def preempt(self) -> None:
        while len(self.inside) > 1 and self.kv() + len(self.inside) > self.capacity:
            self.waiting.appendleft(self.inside.pop())

    def admit(self) -> None:
        while self.waiting and len(self.inside) < self.spec.slots:
            job = self.waiting[0]
            if self.kv() + job.prompt + job.done + len(self.inside) + 1 > self.capacity:
                break
            job.to_compute = job.prompt + job.done
            self.inside.append(self.waiting.popleft())

    def prefill(self) -> int:
        """Compute prompt tokens in order of admission, up to the budget."""
        budget = self.spec.prefill_chunk_tokens or 10**9
        tokens = 0
        for job in self.inside:
            if job.ready:
                continue
            take = min(job.to_compute, budget - tokens)
            tokens += take
            job.to_compute -= take
            if job.to_compute:
                break
            job.to_compute = -1
        return tokens

    def iterate(self) -> None:
        used = self.kv()
        tokens = self.prefill()
        self.now_s += tokens / self.spec.prefill_tokens_per_s
        lucky = [job for job in self.inside if job.ready]
        if lucky:
            self.now_s += self.spec.step_time_s(len(lucky), used)
        for job in lucky:
            job.done += 1
            if job.done == 1:
                job.log.append(("first", self.now_s))
            if job.done == job.output:
                job.log.append(("end", self.now_s))
                self.inside.remove(job)


@st.composite
def workloads(draw: st.DrawFn) -> tuple[EngineSpec, list[tuple[float, int, int]]]:
    kv_tokens = draw(st.none() | st.integers(60, 300))
    spec = EngineSpec(
        prefill_tokens_per_s=draw(st.sampled_from([512.0, 4096.0])),
        step_s=draw(st.integers(1, 40)) * TICK_S,
        step_per_seq_s=draw(st.integers(0, 8)) * TICK_S,
        slots=draw(st.integers(1, 6)),
        step_per_kv_token_s=draw(st.sampled_from([0.0, 2.0**-16])),
        kv_tokens=kv_tokens,
        prefill_chunk_tokens=draw(st.none() | st.sampled_from([16, 64])),
    )
    gaps = st.integers(1, 400)
    jobs, at_s = [], 0.0
    for index in range(draw(st.integers(1, 12))):
        at_s += draw(gaps) * TICK_S
        # Off the grid of iteration ends, each by another irrational part: rounding decides ties.
        off_s = (sqrt(2) * (index + 1)) % 1 * TICK_S
        jobs.append((at_s + off_s, draw(st.integers(0, 40)), draw(st.integers(1, 20))))
    return spec, jobs


class Watch:
    """Checks the invariants at every step, and remembers when tokens came."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.log: dict[str, list[tuple[str, float]]] = {}

    def first_token(self, job: Job) -> None:
        self.log.setdefault(job.id, []).append(("first", self.kernel.now_s))

    def finished(self, job: Job) -> None:
        self.log.setdefault(job.id, []).append(("end", self.kernel.now_s))

    def failed(self, job: Job) -> None:
        raise AssertionError(job.id)


@given(workloads())
@settings(max_examples=150, deadline=None)
def test_closed_form_and_iteration_by_iteration_give_the_same_times(
    workload: tuple[EngineSpec, list[tuple[float, int, int]]],
) -> None:
    spec, jobs = workload
    plain = [Plain(*job) for job in jobs]
    PlainEngine(spec).play(plain)

    kernel = Kernel()
    watch = Watch(kernel)
    engine = Engine(kernel, spec, watch)
    for index, (at_s, prompt, output) in enumerate(jobs):
        kernel.at(at_s, engine.submit, Job(str(index), prompt, output))
    while kernel.step():
        assert engine.running <= spec.slots
        assert engine.kv_used_tokens <= (spec.kv_tokens or 10**9)
        # work conserved: nothing waits beside a free slot unless an iteration is under way
        assert engine.running or not engine.waiting

    for index, job in enumerate(plain):
        got = watch.log[str(index)]
        assert [name for name, _ in got] == ["first", "end"]
        for (_, mine), (_, theirs) in zip(got, job.log, strict=True):
            assert abs(mine - theirs) < 1e-6
    assert engine.served_tokens == sum(job.output for job in plain)
    assert engine.kv_used_tokens == 0
