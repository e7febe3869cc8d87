"""Does `zeta ab` stop when it should, and only then?

    python benchmarks/learning/ab.py --data DIR [--out DIR] [--blocks 160] [--seeds 2]

Three questions on the reference fleet in virtual time, with the product's own test:

- the same policy twice: in how many of 200 tests is a difference found? One long run is cut into
  blocks, and each test takes a stretch of them from a place by lot, with the two names dealt to the
  halves of its pairs by lot. As both names are one policy, that is what such a test would have
  seen; but the 200 tests share blocks.
- `static` against `joint` at a peak of 12 queries a second: which stops it, and after how long?
- the same in normal load, until `joint` is shown to be no worse: on the reference fleet, and on
  one whose static rules already name the model that is best at everything.

DIR holds fleet and quality tables (WildEval/ZeroEval's); they are not part of the project.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from reference import study_of

from zeta_router.app.ab.design import Block, Design
from zeta_router.app.ab.load import simulated_drive, source_s
from zeta_router.app.ab.session import Progress, conduct, result_of
from zeta_router.app.ab.simulated import SimulatedArms
from zeta_router.app.ab.verdict import BlockFigures, Verdict
from zeta_router.app.cli.sources import load
from zeta_router.core.fleet import FleetConfig

BLOCK_S = 60.0
TESTS = 200
PAIRS = 20


class Recorded:
    """Arms whose blocks have been played before."""

    def __init__(self, series: Sequence[BlockFigures]) -> None:
        self._series = series

    async def play(self, block: Block) -> bool:
        """See `Arms`."""
        return block.number < len(self._series)

    def figures(self, block: Block) -> BlockFigures:
        """See `Arms`."""
        return self._series[block.number]

    async def finish(self) -> None:
        """See `Arms`."""


def main() -> None:
    """Answer the questions asked for and print a line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--blocks", type=int, default=160, help="of the run with one policy")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", choices=("same", "peak", "normal", "best"))
    args = parser.parse_args()
    result: dict[str, Any] = {}
    if args.only in (None, "same"):
        result["same"] = _same(args.data, args.blocks)
    if args.only in (None, "peak"):
        result["peak"] = [_peak(args.data, seed) for seed in range(args.seeds)]
    for name in ("normal", "best"):
        if args.only in (None, name):
            result[name] = [
                _normal(args.data, seed, best=name == "best") for seed in range(args.seeds)
            ]
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        name = f"ab-{args.only}.json" if args.only else "ab.json"
        (args.out / name).write_text(json.dumps(result, indent=1))


def _same(data: Path, blocks: int) -> dict[str, Any]:
    design = Design("joint", "joint", BLOCK_S, blocks * BLOCK_S)
    played = _play(data, design, "poisson:rate=5", load(data / "fleet.yaml").fleet)
    series = [figures for _, figures in played.blocks]
    test = Design("joint", "joint", BLOCK_S, 2 * PAIRS * BLOCK_S)
    found = 0
    for seed in range(TESTS):
        first = Random(f"stretch:{seed}").randrange(len(series) // 2 - PAIRS + 1) * 2
        arms = Recorded(series[first : first + 2 * PAIRS])
        progress = asyncio.run(conduct(replace(test, seed=seed), arms))
        found += progress.verdict in (Verdict.A_BETTER, Verdict.B_BETTER)
    _say(f"same policy twice: a difference in {found} of {TESTS} tests of up to {PAIRS} pairs")
    return {"tests": TESTS, "pairs": PAIRS, "blocks": len(series), "found": found}


def _peak(data: Path, seed: int) -> dict[str, Any]:
    design = Design("static", "joint", 100.0, 4000.0, seed=seed)
    progress = _play(data, design, "poisson:rate=12", load(data / "fleet.yaml").fleet)
    return _told(f"peak, seed {seed}", progress)


def _normal(data: Path, seed: int, *, best: bool) -> dict[str, Any]:
    fleet = load(data / "fleet.yaml").fleet
    if best:
        fleet = replace(fleet, routes=dict.fromkeys(fleet.routes, "reasoner-14b"))
    design = Design("static", "joint", 100.0, 16000.0, seed=seed, until_no_worse=True)
    progress = _play(data, design, "poisson:rate=2", fleet)
    return _told(f"normal, {'best model for all' if best else 'as is'}, seed {seed}", progress)


def _play(data: Path, design: Design, trace: str, fleet: FleetConfig) -> Progress:
    study = study_of(data, trace, source_s(design) / 60.0, (design.a, design.b), fleet=fleet)
    arms = SimulatedArms(simulated_drive(study, design), study.fleet)
    return asyncio.run(conduct(design, arms))


def _told(name: str, progress: Progress) -> dict[str, Any]:
    told = result_of(progress)
    _say(
        f"{name}: {told['text']} after {told['pairs']} pairs of {progress.design.block_s:g} s"
        f" ({'by itself' if told['stopped_early'] else 'at its limit'}); "
        f"difference {_bounds(told['difference'])}, TTFT ratio {_bounds(told['ttft_ratio'])}"
    )
    return {"name": name, **told}


def _bounds(told: dict[str, Any] | None) -> str:
    if told is None:
        return "–"
    edges = ("–" if told[key] is None else f"{told[key]:.4f}" for key in ("low", "high"))
    return f"{told['mean']:.4f} [{', '.join(edges)}]"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
