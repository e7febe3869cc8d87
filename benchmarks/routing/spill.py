"""The study of spill: what leaves a model under load, and does it come back?

*Home* of a topic is the model that answers it best; a query answered elsewhere has spilled. How
hard a prompt is, is one minus the mean score of all models of the table, most of which are not in
the fleet: the router knows nothing of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import JOINT, Bench
from findings import Findings
from peak import around_peak

from zeta_router.sim.cache import ResultsCache
from zeta_router.sim.experiment import drive_of
from zeta_router.sim.options import SimulateOptions
from zeta_router.sim.record import End
from zeta_router.sim.report.compare import Interval, interval
from zeta_router.sim.study import Study
from zeta_router.sim.workload.files import csv_rows, opened
from zeta_router.sim.workload.tables import SCORES_HEADER

Served = Sequence[tuple[str, str, str]]
"""Prompt, topic and endpoint of each served query."""

RATE = 2.4


def spill(bench: Bench) -> Findings:
    """Difficulty of what stays and of what spills at ×2.4; shares around a peak."""
    found = Findings(
        "Spill",
        "*Home* of a topic is the model that answers it best; a query answered elsewhere has "
        "spilled. A prompt's difficulty is one minus the mean score of all models of its table.",
    )
    options = bench.options(rates=(RATE,), policies=(JOINT,))
    _difficulty(found, options)
    around_peak(found, bench)
    return found


def _difficulty(found: Findings, options: SimulateOptions) -> None:
    hard = _difficulties(options.quality)
    means = Study(options).class_means
    topics = sorted({topic for topic, _ in means})
    model_at = {each.id: each.model for each in options.fleet.endpoints}
    home = {
        topic: max(set(model_at.values()), key=lambda model: (means[topic, model].quality, model))
        for topic in topics
    }
    gaps = []
    sums: dict[tuple[str, bool], list[float]] = {}
    for served in _served(options):
        stay: list[float] = []
        gone: list[float] = []
        for prompt, topic, endpoint in served:
            is_home = model_at[endpoint] == home[topic]
            (stay if is_home else gone).append(hard[prompt])
            sums.setdefault((topic, is_home), []).append(hard[prompt])
        gaps.append(_mean(stay) - _mean(gone))
    lines = [
        [topic, home[topic], *(_count(sums.get((topic, stays), [])) for stays in (True, False))]
        for topic in topics
    ]
    everything = {
        stays: [v for (_, kept), values in sums.items() if kept is stays for v in values]
        for stays in (True, False)
    }
    lines.append(["all", "", *(_count(everything[stays]) for stays in (True, False))])
    found.table(
        ["topic", "home", "stays: difficulty (queries)", "spills: difficulty (queries)"],
        lines,
        f"`joint` at ×{RATE:g}:",
    )
    gap = interval(gaps)
    found.data["harder_by"] = [gap.mean, gap.low, gap.high]
    reached = f"by {gap.mean:.3f}" + _half(gap)
    found.expect(
        f"what spills at ×{RATE:g} is easier than what stays", "easier", reached, met=gap.mean > 0
    )


def _difficulties(tables: Sequence[Path]) -> dict[str, float]:
    """By prompt: one minus the mean score over all models of its table."""
    scores: dict[str, list[float]] = {}
    for path in tables:
        with opened(path) as file:
            for _, (prompt, _, score, _) in csv_rows(path, file, SCORES_HEADER):
                scores.setdefault(prompt, []).append(float(score))
    return {prompt: 1.0 - _mean(values) for prompt, values in scores.items()}


def _served(options: SimulateOptions) -> list[Served]:
    """What was served where, one list per seed; kept like any finished run."""
    cache = ResultsCache(options)
    done: dict[int, Any] = {seed: cache.get("served", seed) for seed in range(options.seeds)}
    missing = [seed for seed, result in done.items() if result is None]
    processes = min(options.processes or os.cpu_count() or 1, max(1, len(missing)))
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for seed, result in zip(
            missing, pool.map(_play, [options] * len(missing), missing), strict=True
        ):
            cache.put(result, "served", seed)
            done[seed] = result
    return [done[seed] for seed in sorted(done)]


def _play(options: SimulateOptions, seed: int) -> Served:
    drive = drive_of(Study(options), JOINT, RATE, seed)
    drive.run()
    return [
        (record.played.card.prompt.id, record.played.card.topic, record.endpoint_id)
        for record in drive.records
        if record.end is End.SERVED
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _count(values: Sequence[float]) -> str:
    return f"{_mean(values):.3f} ({len(values)})" if values else "none"


def _half(gap: Interval) -> str:
    return "" if gap.high is None else f" ± {gap.high - gap.mean:.3f}"
