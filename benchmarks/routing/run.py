"""The routing benchmark: ``python benchmarks/routing/run.py --data DIR --out OUTDIR``.

Runs the studies of docs/benchmarks/README.md one after the other and writes, for each, its figures
(JSON), a piece of a page (markdown) and its pictures (SVG), then `goals.md` over all of them.
Interrupted, it goes on where it stopped: finished runs are kept in OUTDIR/runs and found again as
long as the data, the options and the package's source are the same. Exit 1 when a goal is missed
that was not run with --quick, 2 for data of no use.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import against_load
import disturbed
import fleets
import signals
import spill
import tenants
import use
from bench import Bench
from findings import Findings, Goal

from zeta_router.core.errors import ConfigError

STUDIES: Mapping[str, Callable[[Bench], Findings]] = {
    "chat": against_load.chat,
    "chat-uncapped": against_load.uncapped,
    "code": against_load.code,
    "qwen": against_load.qwen,
    "text": against_load.text,
    "transfer": against_load.transfer,
    "fleets": fleets.fleets,
    **disturbed.STUDIES,
    "scenario-stale": signals.stale,
    "unpolled": signals.unpolled,
    "scenario-tenant": tenants.tenant,
    "spill": spill.spill,
    "use": use.use,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; goals on stdout, progress on stderr."""
    asked = _parser().parse_args(arguments)
    names = [name for name in asked.only.split(",") if name] or list(STUDIES)
    for name in names:
        if name not in STUDIES:
            sys.stderr.write(f"there is no study {name!r}; known: {', '.join(STUDIES)}\n")
            return 2
    bench = Bench(
        asked.data,
        asked.out,
        seeds=1 if asked.quick else asked.seeds,
        minutes=5.0 if asked.quick else asked.minutes,
        processes=asked.processes,
    )
    try:
        bench.check()
        asked.out.mkdir(parents=True, exist_ok=True)
        goals = {name: _carry_out(name, bench, png=asked.png) for name in names}
    except (ConfigError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _write_goals(asked.out, goals)
    missed = sum(not goal.met for each in goals.values() for goal in each)
    total = sum(map(len, goals.values()))
    sys.stdout.write(f"\n{total - missed} of {total} goals met\n")
    return 1 if missed and not asked.quick else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="fleet.yaml, traces/, quality/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--only", default="", metavar="NAME,…", help=", ".join(STUDIES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=20.0, help="simulated, per run")
    parser.add_argument("--processes", type=int, help="default: one per core")
    parser.add_argument("--quick", action="store_true", help="1 seed, 5 minutes: does it run?")
    parser.add_argument("--png", action="store_true", help="pictures as PNG, too")
    return parser


def _carry_out(name: str, bench: Bench, *, png: bool) -> list[Goal]:
    started_s = time.perf_counter()
    found = STUDIES[name](bench)
    found.write(name, bench.out, png=png)
    sys.stdout.write(f"\n{name} ({time.perf_counter() - started_s:.0f} s)\n")
    for goal in found.goals:
        sys.stdout.write(f"  {goal}\n")
    sys.stdout.flush()
    return found.goals


def _write_goals(out: Path, goals: Mapping[str, Sequence[Goal]]) -> None:
    lines = ["| study | goal | asked | reached | met |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {name} {goal.cells()}" for name, each in goals.items() for goal in each]
    (out / "goals.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
