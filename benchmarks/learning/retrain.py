"""Retraining on simulated logs: ``python benchmarks/learning/retrain.py --out DIR``.

Two questions, on worlds whose truth is known (`worlds.py`) and logs of the product's router:

- **shift**: two models change places on one kind of prompts, over which topics are silent. Does one
  period of retraining promote, what does it estimate, and what do answers gain in a fresh run?
- **shuffled**: the same logs with their rewards shuffled among the judged answers. Is anything that
  learns from rewards ever promoted? Once from nothing, once with a champion that is wrong there.

Needs no data. Prints a table, writes `retrain.json`. Exit 1 when a shuffled log promotes or a shift
does not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import worlds

from zeta_router.app.learning.period import part_of, run_period
from zeta_router.app.learning.trials import ResidualTrial, State
from zeta_router.sim.options import Feedback
from zeta_router.sim.replay.logged import Traffic, read_traffic
from zeta_router.telemetry.log.promotions import Promotion, Verdict, write_promotions

BEFORE = worlds.Specialists(formulas="middle", plain="large")
AFTER = worlds.Specialists(formulas="large", plain="middle")
EVERY_ANSWER = Feedback(1.0, 5.0)
LEARNED_BEFORE = 4000
"""Rewards that the champion of the old world is said to have seen, per model."""

HEAD = ResidualTrial()


def champion(folder: Path, seconds: float) -> State:
    """A correction trained on the world before the shift."""
    path = folder / "before.db"
    worlds.write_log(path, BEFORE, seconds=seconds, seed=999, feedback=EVERY_ANSWER)
    state = HEAD.fit(read_traffic(path), float("inf"), [])
    for model in state["models"].values():
        model[1] = max(model[1], LEARNED_BEFORE)
    return state


def log_after(folder: Path, seconds: float, seed: int, head: State) -> Path:
    """A log of the world after the shift, by a router with the old world's champion."""
    path = folder / f"after-{seed}.db"
    worlds.write_log(path, AFTER, seconds=seconds, seed=seed, feedback=EVERY_ANSWER, residual=head)
    known = part_of(HEAD, head), part_of(HEAD, HEAD.fresh())
    at_s = worlds.START_WALL_S - 1.0
    write_promotions(
        path,
        [Promotion(at_s, HEAD.name, Verdict.PROMOTED, "before the shift", at_s, at_s, {}, *known)],
    )
    return path


def shift(folder: Path, seconds: float, seed: int, head: State) -> dict[str, Any]:
    """One period after a shift, and what its result is worth in a run of its own."""
    path = log_after(folder, seconds, seed, head)
    entries = run_period(path, worlds.START_WALL_S + seconds + 60.0, trials=[HEAD])
    promoted = [entry for entry in entries if entry.verdict is Verdict.PROMOTED]
    told: dict[str, Any] = {
        "seed": seed,
        "verdicts": [entry.verdict.value for entry in entries],
        "evidence": dict(entries[-1].evidence),
        "quality_goodput": {"kept": goodput(folder, seconds, seed, head)},
    }
    if promoted:
        traffic = read_traffic(path)
        new = HEAD.fit(traffic, float("inf"), [(-1.0, head)])
        told["quality_goodput"]["promoted"] = goodput(folder, seconds, seed, new)
    return told


def goodput(folder: Path, seconds: float, seed: int, head: State) -> float:
    """Quality-goodput of a fresh run of the new world that starts with `head`, without feedback."""
    path = folder / f"fresh-{seed}-{len(list(folder.iterdir()))}.db"
    drive = worlds.write_log(
        path, AFTER, seconds=seconds, seed=seed + 1000, feedback=Feedback(0.0, 5.0), residual=head
    )
    return sum(record.value for record in drive.records) / len(drive.records)


def shuffled(traffic: Traffic, seed: int) -> Traffic:
    """The log with its rewards dealt anew among the judged answers."""
    rewards = [each.reward for each in traffic.queries if each.reward is not None]
    Random(f"shuffle:{seed}").shuffle(rewards)
    dealt: Iterator[float] = iter(rewards)
    queries = tuple(
        replace(each, reward=None if each.reward is None else next(dealt))
        for each in traffic.queries
    )
    return replace(traffic, queries=queries)


def judged_shuffled(traffic: Traffic, seed: int, head: State | None) -> dict[str, Any]:
    """What retraining says to shuffled rewards."""
    traffic = shuffled(traffic, seed)
    in_force = [(-1.0, head)] if head is not None else []
    split_s = 0.6 * traffic.seconds
    challenger = HEAD.fit(traffic, split_s, in_force)
    judgement = HEAD.compare(traffic, split_s, challenger, in_force)
    return {"seed": seed, "better": judgement.better, "reason": judgement.reason}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both studies; table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for retrain.json")
    parser.add_argument("--data", type=Path, help="not needed; taken as all studies take it")
    parser.add_argument("--shifts", type=int, default=8, help="logs with a shift")
    parser.add_argument("--seeds", type=int, default=20, help="shuffles, with and without champion")
    parser.add_argument("--seconds", type=float, default=1000.0, help="simulated, per log")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head = champion(folder, asked.seconds)
        shifts = []
        for seed in range(asked.shifts):
            shifts.append(shift(folder, asked.seconds, seed, head))
            sys.stdout.write(line_of(shifts[-1]) + "\n")
            sys.stdout.flush()
        if not asked.shifts:
            log_after(folder, asked.seconds, 0, head)
        traffic = read_traffic(folder / "after-0.db")
        shuffles = {
            title: [judged_shuffled(traffic, seed, known) for seed in range(asked.seeds)]
            for title, known in (("from nothing", None), ("with a wrong champion", head))
        }
    for title, found in shuffles.items():
        promoted = sum(each["better"] for each in found)
        sys.stdout.write(f"shuffled rewards, {title}: {promoted} of {len(found)} promoted\n")
    result = {"shifts": shifts, "shuffles": shuffles}
    (asked.out / "retrain.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    failed = [s for s in shifts if "promoted" not in s["verdicts"]]
    failed += [s for found in shuffles.values() for s in found if s["better"]]
    return 1 if failed else 0


def line_of(told: dict[str, Any]) -> str:
    """One shift on one line."""
    quality, worth = told["evidence"].get("quality", {}), told["quality_goodput"]
    return (
        f"shift {told['seed']}: {', '.join(told['verdicts'])}; estimated gain "
        f"{quality.get('difference') or 0.0:+.3f} (low {quality.get('low') or 0.0:+.3f}), "
        f"quality-goodput {worth['kept']:.3f} → {worth.get('promoted', float('nan')):.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
