"""What an uncertain query pays for asking whether to ask an embedder, per query, without asking.

Usage: ``python benchmarks/bench_second_opinion.py [--rounds N]``. Three fleets in which the answer
is no (no embedder; every task goes to one place; no slack) and one query whose task is certain. The
kernel of `bench_classify` runs beside every call, for comparison across machines.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping

import numpy as np
from bench_classify import kernel

from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.query import Operation, Query, Slo, Task, TaskEstimate, certain
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.second_opinion import SecondOpinion, SecondOpinionSettings
from zeta_router.gateway.upstream import Answer, UnreachableError
from zeta_router.learn.task.embedded import EmbedderHead
from zeta_router.learn.task.protocol import DEFAULT_COSTS, estimate_of
from zeta_router.router.events import Probed
from zeta_router.router.router import ZetaDynamicRouter

MODELS = {
    "small": Model("small", {Task.SIMPLE: 0.6, Task.REASONING: 0.3}, 4),
    "coder": Model("coder", {Task.CODE: 0.8, Task.SIMPLE: 0.6}, 7),
    "thinker": Model("thinker", {Task.SIMPLE: 0.7, Task.CODE: 0.6, Task.REASONING: 0.8}, 14),
    "e5": Model("e5", {Task.EMBEDDING: 1.0}, 0.1, embedding_space="e5"),
}
ROUTES = {Task.SIMPLE: "small", Task.CODE: "coder", Task.REASONING: "thinker"}


class Says:
    """A classifier of one opinion."""

    def __init__(self, simple: float, code: float, reasoning: float) -> None:
        self._masses = (simple, code, reasoning)

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """The same for every query."""
        if operation is Operation.EMBEDDING:
            return certain(Task.EMBEDDING)
        return estimate_of(self._masses, DEFAULT_COSTS)


class Nobody:
    """An upstream that must not be asked."""

    async def send(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Fail."""
        raise UnreachableError(f"{endpoint.id} was asked")


def fleet(*models: str, slo: Mapping[Task, Slo] | None = None) -> FleetConfig:
    """One endpoint for each model named."""
    endpoints = tuple(Endpoint(m, "http://127.0.0.1:9", m, slots=8) for m in models)
    return FleetConfig(MODELS, endpoints, ROUTES, slo or {}, "joint")


CASES = {
    "task certain": (Says(0.95, 0.03, 0.02), fleet("small", "coder", "thinker", "e5")),
    "no embedder": (Says(0.6, 0.1, 0.3), fleet("small", "coder", "thinker")),
    "one place for all": (Says(0.6, 0.1, 0.3), fleet("thinker", "e5")),
    "no slack": (
        Says(0.6, 0.1, 0.3),
        fleet("small", "coder", "thinker", "e5", slo={Task.REASONING: Slo(ttft_s=1e-3)}),
    ),
}


async def probe(endpoint: Endpoint, generation: int, by: Operation | None = None) -> Probed:
    """Alive."""
    return Probed(0.0, endpoint.id, generation, alive=True)


async def measure(classifier: Says, config: FleetConfig, rounds: int) -> tuple[float, float, float]:
    """Median and 99th percentile in microseconds, and the kernel's median."""
    driver = RouterDriver(
        ZetaDynamicRouter(config, classifier),
        clock=time.monotonic,
        probe=probe,
        on_record=lambda record: None,
    )
    head = EmbedderHead(np.zeros((384, 3), np.float32), np.zeros(3, np.float32), 1.0, "e5", "")
    settings = SecondOpinionSettings(head, DEFAULT_COSTS)
    second = SecondOpinion(driver, Nobody(), settings, new_id=lambda: "e")
    times, kernels = [], []
    for number in range(rounds):
        query = Query(f"q{number}", time.monotonic(), features=(1.0,), prompt_tokens=80)
        start = time.perf_counter_ns()
        await second.on(query, str)
        middle = time.perf_counter_ns()
        kernel()
        kernels.append((time.perf_counter_ns() - middle) / 1000)
        times.append((middle - start) / 1000)
    if second.tally.asked:
        raise RuntimeError("the embedder was asked")
    times.sort()
    kernels.sort()
    return times[rounds // 2], times[rounds * 99 // 100], kernels[rounds // 2]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    rounds = parser.parse_args().rounds
    sys.stdout.write(f"{'case':18s} {'p50 µs':>8s} {'p99 µs':>8s} {'kernel µs':>9s}\n")
    for name, (classifier, config) in CASES.items():
        p50, p99, base = asyncio.run(measure(classifier, config, rounds))
        sys.stdout.write(f"{name:18s} {p50:8.1f} {p99:8.1f} {base:9.1f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
