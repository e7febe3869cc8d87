"""What do lengths and speeds cost that have to be learned from nothing?

    python benchmarks/learning/lengths.py --data DIR --out DIR [--seeds 3] [--topics text]

`joint` on the second half of `azure2023_conv` (the first half was used for tuning), prompts and
outcomes of the zeroeval tables, at ×1 and ×2.4, three times on the same arrivals:

oracle   told the true length of every model's answer to every prompt, and each engine's speed;
learned  starts from the lengths of the other half of the prompts and each engine's speed;
nothing  told no length, no speed and no size of a model: a guess per task, and one engine for all.

Prints a table in Markdown and writes DIR/lengths.json and DIR/lengths.svg, the course of each over
time. The originals are Azure's and WildEval/ZeroEval's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "routing"))

from bench import JOINT, Bench
from draw import BLUE, GREEN, ORANGE, Line, canvas, plot

from zeta_router.app.training.topic_weights import with_topics
from zeta_router.app.training.weights import shipped_classifier
from zeta_router.core.errors import ConfigError
from zeta_router.sim.experiment import play
from zeta_router.sim.report.compare import interval
from zeta_router.sim.study import Study

RATES = (1.0, 2.4)
HOW = {"nothing": BLUE, "learned": ORANGE, "oracle": GREEN}
BUCKETS = 6
"""Buckets of 10 s that a point of the plot is the mean of."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Runs:
    """What is played, but for what the router knows of lengths."""

    bench: Bench
    topics: str
    trace: str

    def of(self, how: str) -> list[Row]:
        """Every rate and seed of one way of knowing."""
        options = self.bench.options(
            trace=self.bench.trace(self.trace),
            rates=RATES,
            policies=(JOINT,),
            topics=self.topics,
            lengths=how,
            timelines=True,
            classifier=with_topics(shipped_classifier()),
        )
        study = Study(options)
        rows = []
        for rate in RATES:
            for seed in range(self.bench.seeds):
                rows.append(play(study, JOINT, rate, seed))
                reached = rows[-1]["quality_goodput"]
                sys.stderr.write(f"{how} ×{rate:g} seed {seed}: {reached:.4f}\n")
        return rows

    def all(self) -> dict[str, list[Row]]:
        """Every way of knowing, each in a process of its own."""
        with ProcessPoolExecutor(len(HOW)) as pool:
            return dict(zip(HOW, pool.map(self.of, HOW), strict=True))


def at(rows: Sequence[Row], rate: float) -> list[Row]:
    """The rows of a rate, by seed."""
    return sorted((row for row in rows if row["rate"] == rate), key=lambda row: int(row["seed"]))


def summary(found: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    """Mean quality-goodput, and how far below the oracle's on the same arrivals."""
    lines = []
    for rate in RATES:
        best = [row["quality_goodput"] for row in at(found["oracle"], rate)]
        for how, rows in found.items():
            mine = at(rows, rate)
            values = [row["quality_goodput"] for row in mine]
            below = interval([top - value for top, value in zip(best, values, strict=True)])
            lines.append(
                {
                    "rate": rate,
                    "lengths": how,
                    "quality_goodput": fmean(values),
                    "shed_ratio": fmean(row["shed_ratio"] for row in mine),
                    "below": below.mean,
                    "half": None if below.low is None else below.mean - below.low,
                    "first_minute": fmean(_course(row)[0] for row in mine),
                }
            )
    return lines


def _course(row: Row) -> list[float]:
    """Quality-goodput by the minute of arrival; the last is left out if it is not whole."""
    timeline = row["timeline"]
    values, counts = timeline["value"], timeline["arrivals"]
    starts = range(0, len(counts) - BUCKETS + 1, BUCKETS)
    sums = [(sum(values[i : i + BUCKETS]), sum(counts[i : i + BUCKETS])) for i in starts]
    return [value / count for value, count in sums if count]


def draw(found: Mapping[str, Sequence[Row]], path: Path) -> None:
    """The course of each over time, one panel a rate."""
    figure, panels = canvas(len(RATES))
    for axes, rate in zip(panels, RATES, strict=True):
        lines = []
        for how, colour in HOW.items():
            courses = [_course(row) for row in at(found[how], rate)]
            points = [fmean(values) for values in zip(*courses, strict=False)]
            lines.append(Line(how, [i + 0.5 for i in range(len(points))], points, colour))
        plot(axes, lines, x="minutes", y="quality-goodput", title=f"×{rate:g}", top=0.8)
    figure.savefig(path)


def main() -> None:
    """Run what is not there yet; the table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--topics", choices=("text", "table"), default="text")
    parser.add_argument("--trace", default="azure2023_conv.csv.gz:from_s=1740")
    args = parser.parse_args()
    bench = Bench(args.data, args.out, seeds=args.seeds, minutes=args.minutes)
    try:
        bench.check()
    except ConfigError as error:
        parser.exit(2, f"{error}\n")
    args.out.mkdir(parents=True, exist_ok=True)
    found = Runs(bench, args.topics, args.trace).all()
    lines = summary(found)
    out = [
        "| load | lengths | quality-goodput | below oracle | shed | first minute |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for line in lines:
        half = "" if line["half"] is None else f" ± {line['half']:.3f}"
        out.append(
            f"| ×{line['rate']:g} | {line['lengths']} | {line['quality_goodput']:.3f} "
            f"| {line['below']:.3f}{half} | {line['shed_ratio']:.3f} "
            f"| {line['first_minute']:.3f} |"
        )
    sys.stdout.write("\n".join(out) + "\n")
    name = "lengths" if args.topics == "text" else f"lengths-{args.topics}"
    (args.out / f"{name}.json").write_text(json.dumps(lines, indent=1))
    draw(found, args.out / f"{name}.svg")


if __name__ == "__main__":
    main()
