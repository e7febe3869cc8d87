"""Fleets drawn at random, which nothing was tuned on.

One to three engines of each of two to five models, of odd speeds and slots, objectives from strict
to lax, arrivals even or in bursts. The seeds below are all shown, whatever came of them. A fleet's
load of 1 is 80 % of what its engines could do with every slot taken, answers of 250 tokens after
prompts of 300.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import mean

from bench import JOINT, Bench
from findings import Findings

from zeta_router.core.fleet import Endpoint, FleetConfig, Model, SimulatedSpeed
from zeta_router.core.query import Slo, Task
from zeta_router.sim.options import SimulateOptions

SEEDS = range(300, 312)
RATES = (0.5, 1.0, 2.0)
POLICIES = (
    "static", "least_requests", "peak_ewma", "latency", "shortest_expected", "greedy", JOINT,
)  # fmt: skip
SIZES_B = {
    "gemma-2-2b-it": 2,
    "Phi-3.5-mini-instruct": 4,
    "Qwen2-7B-Instruct": 7,
    "Meta-Llama-3-8B-Instruct": 8,
    "Meta-Llama-3.1-8B-Instruct": 8,
    "Yi-1.5-9B-Chat": 9,
    "gemma-2-9b-it": 9,
    "Yi-1.5-34B-Chat": 34,
    "Meta-Llama-3.1-70B-Instruct": 70,
    "Qwen2-72B-Instruct": 72,
}
"""Models that all three tables have, with their parameters in billions."""

TASKS = (Task.SIMPLE, Task.CODE, Task.REASONING)
_TOKENS, _PROMPT_TOKENS = 250, 300
_ARRIVALS = 2000


@dataclass(frozen=True, slots=True)
class World:
    """A fleet with what is asked of it.

    Attributes:
        table_model: The tables' model behind each model of the fleet.
        trace: Arrivals, as `--trace` names them.
        minutes: How long it takes for about 2,000 arrivals at load 1, 2 to 10.
    """

    fleet: FleetConfig
    table_model: dict[str, str]
    trace: str
    slo: Slo
    minutes: float


def drawn(seed: int) -> World:
    """The world of this seed."""
    draws = random.Random(seed)
    count = draws.choice([2, 2, 3, 3, 4, 5])
    names = sorted(draws.sample(sorted(SIZES_B), count), key=lambda name: SIZES_B[name])
    models: dict[str, Model] = {}
    endpoints: list[Endpoint] = []
    capacity_per_s = 0.0
    for rank, name in enumerate(names):
        tasks = (0.3 + 0.1 * rank, 0.25 + 0.08 * rank, 0.2 + 0.08 * rank)
        quality: dict[Task, float | None] = dict(zip(TASKS, tasks, strict=True))
        models[f"m{rank}"] = Model(f"m{rank}", quality, SIZES_B[name], context_tokens=32768)
        for replica in range(draws.choice([1, 1, 1, 2, 3])):
            speed = _speed(draws, SIZES_B[name])
            url = f"http://127.0.0.1:{18101 + len(endpoints)}"
            endpoints.append(Endpoint(f"e{rank}{replica}", url, f"m{rank}", simulate=speed))
            step_s = speed.step_s + speed.step_per_seq_s * speed.slots
            work_s = _TOKENS * step_s + _PROMPT_TOKENS / speed.prefill_tokens_per_s
            capacity_per_s += speed.slots / work_s
    slo = Slo(draws.choice([1.0, 2.0, 5.0, 10.0]), draws.choice([0.05, 0.1, 0.2, 0.3]))
    rate = f"rate={0.8 * capacity_per_s:.3f}"
    trace = draws.choice([f"poisson:{rate}", f"poisson:{rate}", f"gamma:{rate},cv=2"])
    routes = dict(zip(TASKS, ("m0", "m1", f"m{count - 1}"), strict=True))
    slos = dict.fromkeys(TASKS, slo)
    fleet = FleetConfig(models, tuple(endpoints), routes, slos, policy=JOINT)
    minutes = min(10.0, max(2.0, _ARRIVALS / capacity_per_s / 60.0))
    return World(fleet, dict(zip(models, names, strict=True)), trace, slo, minutes)


def _speed(draws: random.Random, size_b: float) -> SimulatedSpeed:
    slower = draws.uniform(0.6, 1.6)
    step_s = 0.002 * slower * size_b**0.85 + 0.003
    slots = draws.choice([1, 2, 4, 8, 8, 16, 32])
    return SimulatedSpeed(
        60000.0 / slower / size_b, step_s, step_s * draws.uniform(0.01, 0.06), slots
    )


def fleets(bench: Bench) -> Findings:
    """`joint` beside the best of the others, fleet by fleet."""
    found = Findings(
        "Fleets drawn at random",
        "Two to five models on one to three engines each, of odd speeds and slots, objectives "
        f"from strict to lax, arrivals even or in bursts; seeds {SEEDS[0]} to {SEEDS[-1]}, one run "
        "each, none left out. Load 1 is 80 % of what all slots could do. Each cell: `joint`, and "
        "by how much it is above or below the best of six others, which is not always the same.",
    )
    lines: list[list[str]] = []
    gains: dict[float, list[float]] = {rate: [] for rate in RATES}
    for seed in SEEDS:
        world = drawn(seed)
        rows = bench.run(f"fleet {seed}", _options(bench, world))["rows"]
        cells = [str(seed), _described(world)]
        for rate in RATES:
            of = {row["policy"]: row["quality_goodput"] for row in rows if row["rate"] == rate}
            best = max((policy for policy in of if policy != JOINT), key=of.__getitem__)
            gain = of[JOINT] / of[best] - 1.0
            gains[rate].append(gain)
            cells.append(f"{of[JOINT]:.3f}, {100 * gain:+.1f} % (`{best}`)")
        lines.append(cells)
    overall = ["mean; worst", ""]
    overall += [f"{100 * mean(g):+.1f} %; {100 * min(g):+.1f} %" for g in gains.values()]
    found.table(["seed", "fleet", *(f"×{rate:g}" for rate in RATES)], [*lines, overall])
    found.data["gains"] = {f"{rate:g}": values for rate, values in gains.items()}
    return found


def _options(bench: Bench, world: World) -> SimulateOptions:
    return bench.options(
        fleet=world.fleet,
        trace=world.trace,
        table_model=world.table_model,
        rates=RATES,
        policies=POLICIES,
        seeds=1,
        slo=world.slo,
        minutes=world.minutes,
    )


def _described(world: World) -> str:
    slots = "/".join(str(one.simulate.slots) for one in world.fleet.endpoints if one.simulate)
    kind = world.trace.partition(":")[0]
    slo = f"{world.slo.ttft_s:g} s, {1000 * (world.slo.tpot_s or 0.0):g} ms"
    return f"{len(world.fleet.models)} models, slots {slots}; {slo}; {kind}"
