"""The fleets of the live benchmark: three emulated engines, or the embedded ones."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from zeta_router.app.embedded.fleet import EmbeddedFleet
from zeta_router.app.training.weights import shipped_classifier
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, FleetConfig, Model, SimulatedSpeed
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Slo, Task
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.sim.workload.tables import Prompt, load_tables

TABLES = ("gsm", "crux", "math-l5")
TABLE_MODELS = {
    "small-4b": "Phi-3.5-mini-instruct",
    "coder-7b": "Qwen2-7B-Instruct",
    "reasoner-14b": "Qwen2-72B-Instruct",
}
"""The tables' model that stands for each model of the reference fleet."""

SIZES_B = {"small-4b": 4.0, "coder-7b": 7.0, "reasoner-14b": 14.0}
SPEEDS = {
    "small-4b": SimulatedSpeed(12000, 0.008, 0.00025, 32),
    "coder-7b": SimulatedSpeed(8000, 0.013, 0.0004, 32),
    "reasoner-14b": SimulatedSpeed(4000, 0.026, 0.0008, 32),
}
"""The routing benchmark's speeds: prefill tokens/s, step, step per sequence, slots."""

PRIORS = {
    "small-4b": {Task.SIMPLE: 0.60, Task.CODE: 0.45, Task.REASONING: 0.30},
    "coder-7b": {Task.SIMPLE: 0.65, Task.CODE: 0.50, Task.REASONING: 0.40},
    "reasoner-14b": {Task.SIMPLE: 0.75, Task.CODE: 0.60, Task.REASONING: 0.60},
}
"""Where there is no table to take them from."""

ROUTES = {Task.SIMPLE: "small-4b", Task.CODE: "coder-7b", Task.REASONING: "reasoner-14b"}
SLO = Slo(ttft_s=2.0, tpot_s=0.05)


def tables_in(data: Path) -> Sequence[Path]:
    """The scores files of the benchmark in a folder.

    Raises:
        ConfigError: When one is not there.
    """
    paths = [data / "quality" / f"zeroeval_{name}.scores.csv.gz" for name in TABLES]
    for path in paths:
        if not path.exists():
            raise ConfigError(str(path), "is not there", "the original is WildEval/ZeroEval")
    return paths


def emulated_fleet(data: Path | None) -> FleetConfig:
    """The reference fleet on free ports; priors from the half of the prompts that is not played."""
    priors = PRIORS if data is None else known_quality(data)
    ports = free_ports(len(SPEEDS))
    return FleetConfig(
        models={
            name: Model(name, priors[name], SIZES_B[name], context_tokens=32768) for name in SPEEDS
        },
        endpoints=tuple(
            Endpoint(name, f"http://127.0.0.1:{port}", name, slots=speed.slots, simulate=speed)
            for port, (name, speed) in zip(ports, SPEEDS.items(), strict=True)
        ),
        routes=ROUTES,
        slo=dict.fromkeys(ROUTES, SLO),
    )


def known_quality(data: Path) -> Mapping[str, Mapping[Task, float]]:
    """Mean score per model and task over the known half, each prompt by what it is taken for."""
    classifier = shipped_classifier()
    scores: dict[tuple[str, Task], list[tuple[float, float]]] = defaultdict(list)
    for prompt in load_tables(tables_in(data), TABLE_MODELS).known:
        for task, share in _shares(classifier, prompt).items():
            for model, answer in prompt.answers.items():
                scores[model, task].append((share, answer.score))
    return {
        model: {task: _mean(scores[model, task], PRIORS[model][task]) for task in GENERATIVE_TASKS}
        for model in TABLE_MODELS
    }


def _shares(classifier: TaskClassifier, prompt: Prompt) -> dict[Task, float]:
    estimate = classifier.estimate(extract(Ask(prompt.text)), Operation.CHAT)
    return {task: estimate.probability(task) for task in GENERATIVE_TASKS}


def _mean(scores: Sequence[tuple[float, float]], prior: float) -> float:
    """The weighted mean, with one prompt's worth of the prior."""
    weight = 1.0 + sum(share for share, _ in scores)
    return round((prior + sum(share * score for share, score in scores)) / weight, 3)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def embedded_fleet() -> Iterator[FleetConfig]:
    """The embedded engines, watched by a thread of their own until the end of the block."""
    started, stop = threading.Event(), threading.Event()
    found: list[FleetConfig] = []

    async def run() -> None:
        async with EmbeddedFleet() as fleet:
            found.append(fleet.fleet_config())
            started.set()
            await asyncio.to_thread(stop.wait)

    def body() -> None:
        try:
            asyncio.run(run())
        finally:
            started.set()

    thread = threading.Thread(target=body)
    thread.start()
    try:
        started.wait()
        if not found:
            raise ConfigError("--embedded", "the engines did not start")
        yield found[0]
    finally:
        stop.set()
        thread.join()
