"""How well is load forecast: on recorded traces, their halves, and generated arrivals?

    python benchmarks/learning/forecast.py --data DIR --out DIR [--floors] [--seeds 3]

Prints tables in Markdown and writes OUT/forecast.svg: the count of the next 30 s on both Azure
traces, with the forecast and its p90. With --floors, `joint` is also played with and without price
floors from the forecast, on the second halves of both traces (a table, and OUT/floors.json).

DIR holds `traces/` and, for --floors, `fleet.yaml` and `quality/`. The originals are
Azure/AzurePublicDataset, kvcache-ai/Mooncake and alibaba/ServeGen.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "routing"))

from bench import CHAT, CODE, JOINT, Bench
from draw import BLUE, GREY, ORANGE, Line, canvas, highest, plot

from zeta_router.core.errors import ConfigError
from zeta_router.learn.forecast.arrivals import HORIZONS_S, STEP_S, CountSeries
from zeta_router.learn.forecast.evaluate import evaluate
from zeta_router.sim.experiment import play
from zeta_router.sim.study import Study
from zeta_router.sim.workload import source

AHEAD_S = 30.0
RECORDED = {"azure2023_conv": 1740, "azure2023_code": 1710, "mooncake_synthetic": 510}
"""Traces, and where they are halved."""

WINDOWS = "servegen_client_windows_day.csv.gz"
FLOOR_RATES = {CODE: (1.0, 3.0), CHAT: (0.5, 1.0, 3.5)}


def series(data: Path) -> Iterator[tuple[str, list[float]]]:
    """Names and arrival times of everything that is scored."""
    for name, half_s in RECORDED.items():
        path = data / "traces" / f"{name}.csv.gz"
        for part in ("", f":to_s={half_s}", f":from_s={half_s}"):
            yield name + part, arrivals(f"{path}{part}")
    for model in ("m-small", "m-mid", "m-large", "deepseek-r1"):
        spec = f"{data / 'traces' / WINDOWS}:model={model},from_s=36000,clients=20"
        yield f"ServeGen {model}, 20 clients", arrivals(spec, minutes=60)
    for cv in (1, 2, 3, 4):
        yield f"Gamma 5/s, CV {cv}", arrivals(f"gamma:rate=5,cv={cv}", minutes=60)
    yield "a day of an hour, 5/s", arrivals("diurnal:rate=5,period_s=3600", minutes=60)
    yield "a day of an hour, 5/s, CV 3", arrivals("diurnal:rate=5,cv=3", minutes=60)
    yield "four flashes of 30 s at ×5", flashes()


def arrivals(spec: str, minutes: float | None = None) -> list[float]:
    """Arrival times of a trace or generator."""
    return [row.at_s for row in source.load(spec, seed=0, minutes=minutes, rate=1.0)]


def flashes() -> list[float]:
    """Poisson at 5/s, and 20/s more for half a minute every quarter of an hour."""
    draw = random.Random(4)
    at_s = arrivals("poisson:rate=5", minutes=60)
    for start_s in (450, 1350, 2250, 3150):
        at_s += [start_s + 30 * draw.random() for _ in range(600)]
    return sorted(at_s)


def tables(data: Path) -> list[str]:
    """The scores at 30 s of everything, and of the recorded traces at all horizons."""
    head = "WAPE | last value | 5-min mean | p50 | p90 | interval | forecasts (apart) |"
    lines = [f"| arrivals | per s | {head}", "| --- " * 9 + "|"]
    every = [f"| trace | ahead | {head}", "| --- " * 9 + "|"]
    for name, at_s in series(data):
        scored = evaluate(at_s, AHEAD_S)
        lines.append(f"| {name} | {scored['arrivals_per_s']:.1f} | {_row(scored)}")
        if name in RECORDED:
            every += [f"| {name} | {h:g} s | {_row(evaluate(at_s, h))}" for h in HORIZONS_S]
    return [*lines, "", *every]


def _row(scored: dict[str, Any]) -> str:
    names = ("wape", "wape_last_value", "wape_mean_5min", "coverage_p50", "coverage_p90")
    cells = ["–" if scored[name] is None else f"{scored[name]:.3f}" for name in names]
    if not scored["forecastable"]:
        cells[0] += " (not forecastable)"
    missed = "" if scored["coverage_p90_inside"] else " missed"
    cells.append(f"{scored['coverage_p90_low']:.3f}–{scored['coverage_p90_high']:.3f}{missed}")
    cells.append(f"{scored['forecasts']} ({scored['independent']})")
    return " | ".join(cells) + " |"


def draw(data: Path, path: Path) -> None:
    """Counts of the next 30 s, forecast and p90, on both Azure traces."""
    figure, panels = canvas(2, width=9.0)
    bins = round(AHEAD_S / STEP_S)
    names = ("azure2023_conv", "azure2023_code")
    drawn = []
    for name in names:
        counts = _counts(arrivals(str(data / "traces" / f"{name}.csv.gz")))
        minutes, came, expected, p90 = [], [], [], []
        one = CountSeries((bins,))
        for index, count in enumerate(counts[:-bins]):
            one.push(count)
            if not 300 <= (index + 1) * STEP_S < 1500:
                continue
            made = one.forecast(bins)
            minutes.append((index + 1) * STEP_S / 60)
            came.append(float(sum(counts[index + 1 : index + 1 + bins])))
            expected.append(made.expected)
            p90.append(made.p90)
        drawn.append(
            [
                Line("p90", minutes, p90, ORANGE),
                Line("came", minutes, came, GREY),
                Line("forecast", minutes, expected, BLUE),
            ]
        )
    top = highest(drawn)
    for axes, name, lines in zip(panels, names, drawn, strict=True):
        plot(axes, lines, x="minutes", y="queries in the next 30 s", title=name, top=top)
    figure.savefig(path)


def _counts(at_s: Sequence[float]) -> list[int]:
    counts = [0] * (int(at_s[-1] // STEP_S) + 1)
    for each in at_s:
        counts[int(each // STEP_S)] += 1
    return counts


def floors(bench: Bench) -> list[dict[str, Any]]:
    """`joint` with and without price floors from the forecast, on the same arrivals."""
    found = []
    for trace, rates in FLOOR_RATES.items():
        options = bench.options(trace=bench.trace(trace), rates=rates, policies=(JOINT,))
        fleet = options.fleet
        studies = [
            Study(replace(options, fleet=replace(fleet, joint=joint)))
            for joint in (fleet.joint, replace(fleet.joint, forecast_floor=1.0))
        ]
        for rate in rates:
            for seed in range(bench.seeds):
                off, on = (play(study, JOINT, rate, seed)["quality_goodput"] for study in studies)
                found.append({"trace": trace, "rate": rate, "seed": seed, "off": off, "on": on})
    return found


def floors_table(found: Sequence[dict[str, Any]]) -> list[str]:
    """Means over seeds, with every seed's difference."""
    lines = ["| trace | load | without | with | difference by seed |", "| --- " * 5 + "|"]
    for trace, rate in dict.fromkeys((row["trace"], row["rate"]) for row in found):
        rows = [row for row in found if (row["trace"], row["rate"]) == (trace, rate)]
        off, on = (fmean(row[key] for row in rows) for key in ("off", "on"))
        apart = ", ".join(f"{row['on'] - row['off']:+.4f}" for row in rows)
        lines.append(f"| {trace} | ×{rate:g} | {off:.4f} | {on:.4f} | {apart} |")
    return lines


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--floors", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=20.0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        lines = tables(args.data)
        draw(args.data, args.out / "forecast.svg")
        if args.floors:
            bench = Bench(args.data, args.out, seeds=args.seeds, minutes=args.minutes)
            bench.check()
            found = floors(bench)
            (args.out / "floors.json").write_text(json.dumps(found, indent=1))
            lines += ["", *floors_table(found)]
    except ConfigError as error:
        parser.exit(2, f"{error}\n")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
