"""The simulator against reality: one short trace on a real engine and on a simulated one.

Usage: ``python benchmarks/validity.py [--models A,B] [--seconds 60] [--load 0.65] [--runs 3]
[--budget-s 45] [--priority -15] [--json FILE]``.

Starts the embedded llama.cpp engines one at a time, calibrates each as `zeta calibrate` does, and
then plays a Poisson stream of prompts on it, several times. What was sent, and when, is played on
the simulator's engine at the calibrated speed. Both answer first come first served with the same
lengths (``ignore_eos``). Compared are the quantiles of TTFT, TPOT and end-to-end time; of several
runs the median error counts. Exit 1 when a median misses its goal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

from zeta_router.app.calibrate.measuring import Measuring
from zeta_router.app.calibrate.prompts import prompt
from zeta_router.app.calibrate.replay import Answered, Asked, play
from zeta_router.app.calibrate.target import find_target
from zeta_router.app.calibrate.verdict import GOOD_P50, GOOD_P90
from zeta_router.app.calibrate.wire import Wire, new_session
from zeta_router.app.embedded.fleet import EmbeddedFleet
from zeta_router.app.embedded.roster import ENGINES, EngineSpec
from zeta_router.learn.latency.calibration import Calibration, fit
from zeta_router.learn.latency.calibration_windows import Heard
from zeta_router.sim.engine.spec import EngineSpec as SimulatedEngine

WRITERS = {engine.name: engine for engine in ENGINES if not engine.is_embedder}
QUANTILES = {"p50": (0.5, GOOD_P50), "p90": (0.9, GOOD_P90)}
LONGEST_RUN_S = 90.0


@dataclass(frozen=True)
class Arrival:
    """One request of the trace."""

    at_s: float
    prompt_tokens: int
    output_tokens: int


def trace(engine: EngineSpec, fitted: Calibration, load: float, seconds: float) -> list[Arrival]:
    """Poisson arrivals at a share of what the engine can do; shorter prompts for slower ones."""
    draw = Random(f"validity:{engine.name}")
    longest, most_output = {1: (100, 24), 2: (60, 16)}.get(engine.work, (30, 12))
    sizes = [
        (round(draw.triangular(6, longest, 12)), draw.randint(6, most_output)) for _ in range(500)
    ]
    token_s = fitted.tpot_s(engine.slots) / engine.slots
    template = 34
    mean_s = statistics.mean(
        (tokens + template) * fitted.prefill_s_per_token + output * token_s
        for tokens, output in sizes
    )
    arrivals: list[Arrival] = []
    at_s = 0.0
    while (at_s := at_s + draw.expovariate(load / mean_s)) < seconds:
        arrivals.append(Arrival(at_s, *sizes[len(arrivals)]))
    return arrivals


def words(serial: int, tokens: int) -> str:
    """About this many tokens that no other prompt begins with."""
    filler = prompt(serial, tokens + 40).rpartition(":")[2].split()
    return " ".join((filler[-1], str(serial), *filler[: max(1, tokens - 4)]))


async def really(wire: Wire, arrivals: Sequence[Arrival], serial: int) -> list[Heard]:
    """Play the trace on the engine."""
    began_at_s = time.perf_counter()

    async def one(number: int, arrival: Arrival) -> Heard:
        await asyncio.sleep(arrival.at_s - (time.perf_counter() - began_at_s))
        text = words(serial + number, arrival.prompt_tokens)
        return await wire.ask(text, arrival.output_tokens)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(n, arrival)) for n, arrival in enumerate(arrivals)]
    return [task.result() for task in tasks]


def simulated(run: Sequence[Heard], fitted: Calibration, slots: int) -> list[Answered]:
    """The same requests at the same times on the simulated engine."""
    speed = fitted.speed(slots)
    spec = SimulatedEngine(speed.prefill_tokens_per_s, speed.step_s, speed.step_per_seq_s, slots)
    begin_s = min(heard.sent_at_s for heard in run)
    lanes = [[Asked(h.prompt_tokens, len(h.token_at_s), h.sent_at_s - begin_s)] for h in run]
    return [lane[0] for lane in play(lanes, spec, fitted.overhead_s)]


def quantiles(run: Sequence[Heard | Answered]) -> dict[str, float]:
    """Quantiles of the three times, by names like ``ttft_p50``."""
    times: dict[str, list[float]] = {
        "ttft": [answer.ttft_s for answer in run],
        "tpot": [answer.tpot_s for answer in run if answer.tpot_s is not None],
        "e2e": [answer.last_at_s - answer.sent_at_s for answer in run],
    }
    return {
        f"{name}_{label}": sorted(values)[ceil(share * len(values)) - 1]
        for name, values in times.items()
        for label, (share, _) in QUANTILES.items()
    }


async def judge(engine: EngineSpec, flags: argparse.Namespace) -> dict[str, Any]:
    """Calibrate one engine and compare runs on it."""
    async with EmbeddedFleet([engine]) as fleet, new_session() as session:
        (started,) = fleet.engines
        prefer(started.pid, flags.priority)
        target = await find_target(session, started.url)
        wire = Wire(session, target)
        measuring = Measuring(
            wire.ask,
            time.perf_counter,
            budget_s=flags.budget_s,
            slots=engine.slots,
            context_tokens=target.context_tokens,
            tell=tell,
        )
        measured = await measuring.run()
        fitted = measured.calibration
        if fitted is None:
            raise SystemExit(f"{engine.name} gave too few answers to be calibrated")
        arrivals = trace(engine, fitted, flags.load, flags.seconds)
        runs: list[dict[str, Any]] = []
        for number in range(flags.runs):
            load_before = os.getloadavg()[0]
            run = await really(wire, arrivals, 10_000 * (number + 1))
            real, model = quantiles(run), quantiles(simulated(run, fitted, engine.slots))
            own = fit([run])
            runs.append(
                {
                    "real": real,
                    "simulated": model,
                    "refitted": quantiles(simulated(run, own, engine.slots)) if own else model,
                    "load": load_before,
                }
            )
            tell(f"{engine.name} run {number + 1}, load {load_before:.1f}: {row(real)}")
            tell(f"{engine.name} run {number + 1}, simulated: {row(model)}")
    return {
        "engine": engine.name,
        "requests": len(arrivals),
        "simulate": asdict(fitted.speed(engine.slots)),
        "fit": asdict(fitted),
        "runs": runs,
        "errors": median_errors(runs, "simulated"),
        "errors_refitted": median_errors(runs, "refitted"),
        "load": [run["load"] for run in runs],
    }


def median_errors(runs: Sequence[dict[str, Any]], kind: str) -> dict[str, float]:
    """``|simulated - real| / real`` of each quantile, the median over runs.

    ``refitted`` takes the constants from the run itself: what is left of the error is the engine
    model's, and what it is smaller by came from the machine between calibration and run.
    """
    return {
        name: statistics.median(
            abs(run[kind][name] - run["real"][name]) / run["real"][name] for run in runs
        )
        for name in runs[0]["real"]
    }


def prefer(pid: int, priority: int | None) -> None:
    """Give the engine's session priority over what else runs on this machine (Linux, root)."""
    if priority is None:
        return
    try:
        Path(f"/proc/{pid}/autogroup").write_text(str(priority), encoding="ascii")
    except OSError as error:
        tell(f"no priority for the engine: {error}")


def row(values: dict[str, float]) -> str:
    """Quantiles on one line."""
    return " ".join(f"{name} {value:.3f}" for name, value in values.items())


def tell(line: str) -> None:
    """Progress goes to stderr."""
    sys.stderr.write(line + "\n")


def table(results: Sequence[dict[str, Any]], kind: str = "errors") -> tuple[str, bool]:
    """The errors as a Markdown table, and whether all are within the goals."""
    names = list(results[0][kind])
    lines = [
        "| engine | requests | "
        + " | ".join(name.replace("_", " ") for name in names)
        + " | load |",
        "| --- | --- |" + " --- |" * (len(names) + 1),
    ]
    good = True
    for result in results:
        cells = []
        for name in names:
            error, goal = result[kind][name], QUANTILES[name[-3:]][1]
            good = good and error <= goal
            cells.append(f"{error:.0%}" + ("" if error <= goal else " (missed)"))
        loads = "–".join(f"{load:.1f}" for load in (min(result["load"]), max(result["load"])))
        lines.append(
            f"| `{result['engine']}` | {result['requests']} | {' | '.join(cells)} | {loads} |"
        )
    return "\n".join(lines), good


def main() -> None:
    """Run, print the table, exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", default=",".join(WRITERS), help="engines, with commas")
    parser.add_argument("--seconds", type=float, default=60.0, help="of arrivals in a run, <= 90")
    parser.add_argument("--load", type=float, default=0.65, help="share of the engine's capacity")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--budget-s", type=float, default=45.0, help="seconds for calibrating")
    parser.add_argument("--priority", type=int, help="autogroup nice value for the engine")
    parser.add_argument("--json", type=Path, help="write everything here")
    flags = parser.parse_args()
    unknown = [name for name in flags.models.split(",") if name not in WRITERS]
    if unknown or not 0 < flags.seconds <= LONGEST_RUN_S:
        parser.error(f"no engine is called {unknown}" if unknown else "--seconds: 0 to 90")
    results = []
    for name in flags.models.split(","):
        results.append(asyncio.run(judge(WRITERS[name], flags)))
        if flags.json is not None:
            flags.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    text, good = table(results)
    sys.stdout.write(text + "\n\nWith constants fitted on the run itself:\n\n")
    sys.stdout.write(table(results, "errors_refitted")[0] + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
