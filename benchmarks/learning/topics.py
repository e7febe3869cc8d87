"""Is it worth telling domains and difficulty from a prompt's text?

    python benchmarks/learning/topics.py --data DIR --out DIR [--seeds 3] [--only scores,routing]

scores   Quality tables, none of which the topics were trained on. Means per (topic, model) over the
         prompts of one half predict the scores of the other half; log-loss, by what a topic is:
         nothing, the task, the task's domain, domain and difficulty band, the table's own task.
         Then the same with answers to few prompts known, with and without a domain's cell between.
routing  `joint` on the second half of `azure2023_conv` at ×1 and ×2.4 when topics are read as
         tasks, as domains and bands, or told: zeroeval tables, and llmrouter with its 14 tasks
         (its answers have no lengths; the trace's are played).

Prints tables in Markdown and writes DIR/topics.json. The originals are Azure's,
WildEval/ZeroEval's, evalplus' and ulab-uiuc/LLMRouter's.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "routing"))

from bench import JOINT, TABLES, Bench

from zeta_router.app.training.topic_weights import with_topics
from zeta_router.app.training.weights import shipped_classifier
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Operation, TaskEstimate
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.topics import domain_of
from zeta_router.sim.experiment import play
from zeta_router.sim.study import Study
from zeta_router.sim.workload.tables import first_bit

Floats = NDArray[np.float64]
Shares = Sequence[tuple[str, float]]

PRIOR = 20.0
"""Answers that a cell's parent is worth, as in the product."""

LEVELS = ("nothing", "task", "domain", "band", "table")
FEW = (30, 100, 300)
DRAWS = 5
RATES = (1.0, 2.4)
LLMROUTER = {
    "small-4b": "llama-3.1-8b-instruct",
    "coder-7b": "qwen2.5-7b-instruct",
    "reasoner-14b": "llama-3.1-nemotron-51b-instruct",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Prompts with what their text says, and scores by prompt and model (NaN: no answer)."""

    tasks: list[str]
    read: list[TaskEstimate]
    played: NDArray[np.bool_]
    scores: Floats


def load(data: Path, names: Sequence[str]) -> Table:
    """One table, or several as one, with the models that all of them have."""
    rows: list[dict[str, Any]] = []
    scores: list[dict[str, dict[str, float]]] = []
    for name in names:
        with gzip.open(data / "quality" / f"{name}.prompts.jsonl.gz", "rt") as lines:
            rows += [json.loads(line) for line in lines]
        answers: dict[str, dict[str, float]] = {}
        with gzip.open(data / "quality" / f"{name}.scores.csv.gz", "rt") as lines:
            for row in csv.DictReader(lines):
                answers.setdefault(row["model"], {})[row["prompt_id"]] = float(row["score"])
        scores.append(answers)
    models = sorted(set.intersection(*(set(answers) for answers in scores)))
    known = {model: {k: v for each in scores for k, v in each[model].items()} for model in models}
    classifier = with_topics(shipped_classifier())
    return Table(
        [row["task"] for row in rows],
        [classifier.estimate(extract(Ask(row["text"])), Operation.CHAT) for row in rows],
        np.array([first_bit(row["prompt_id"]) == 1 for row in rows]),
        np.array([[known[m].get(row["prompt_id"], np.nan) for m in models] for row in rows]),
    )


def shares(table: Table, level: str) -> list[Shares]:
    """Every prompt's topics at a level, with their shares."""
    if level == "nothing":
        return [(("", 1.0),)] * len(table.tasks)
    if level == "table":
        return [((task, 1.0),) for task in table.tasks]
    name: Callable[[str, str], str] = {
        "task": lambda topic, task: task,
        "domain": lambda topic, task: domain_of(topic) or topic,
        "band": lambda topic, task: topic,
    }[level]
    return [
        tuple((name(s.topic, s.task.value), s.probability) for s in estimate.topics)
        for estimate in table.read
    ]


def predicted(table: Table, chain: Sequence[str], known: NDArray[np.bool_]) -> Floats:
    """Scores of all prompts by cells of the last level of `chain`, each cell under the one before.

    A cell's prior is what the levels above say of its own prompts.
    """
    filled = np.nan_to_num(table.scores)
    counted = ~np.isnan(table.scores)
    above = np.full(table.scores.shape, 0.5)
    for level in chain:
        matrix = _matrix(shares(table, level))
        learned = matrix[known]
        weight = learned.T @ counted[known]
        mass = matrix.sum(axis=0)[:, None]
        prior = (matrix.T @ above) / np.maximum(mass, 1e-12)
        cells = (learned.T @ filled[known] + PRIOR * prior) / (weight + PRIOR)
        above = matrix @ cells
    return above


def _matrix(of: Sequence[Shares]) -> Floats:
    names = {name: n for n, name in enumerate(sorted({name for s in of for name, _ in s}))}
    matrix = np.zeros((len(of), len(names)))
    for row, each in enumerate(of):
        for name, share in each:
            matrix[row, names[name]] += share
    return matrix


def log_loss(table: Table, guess: Floats) -> float:
    """Of the played half."""
    guess, truth = np.clip(guess[table.played], 0.01, 0.99), table.scores[table.played]
    loss = -(truth * np.log(guess) + (1 - truth) * np.log(1 - guess))
    return float(np.nanmean(loss))


CHAINS: Mapping[str, Sequence[str]] = {
    "nothing": ("nothing",),
    "task": ("nothing", "task"),
    "domain": ("nothing", "task", "domain"),
    "band": ("nothing", "task", "domain", "band"),
    "table": ("nothing", "table"),
}
STEPS: Mapping[str, Sequence[str]] = {
    "task": CHAINS["task"],
    "band under task": ("nothing", "task", "band"),
    "band under domain": CHAINS["band"],
}


def scores(bench: Bench) -> dict[str, Any]:
    """Log-loss by level on every table, then with few answers known."""
    sets = {
        "zeroeval, all three": TABLES,
        **{name: (name,) for name in (*TABLES, "evalperf_code", "llmrouter")},
    }
    found: dict[str, Any] = {"by_level": {}, "few": {}}
    for title, names in sets.items():
        table = load(bench.data, names)
        known = ~table.played
        found["by_level"][title] = {
            level: log_loss(table, predicted(table, CHAINS[level], known)) for level in LEVELS
        }
        if title in ("zeroeval, all three", "llmrouter"):
            found["few"][title] = {str(few): _with_few(table, few) for few in FEW}
    return found


def _with_few(table: Table, few: int) -> dict[str, float]:
    """Mean log-loss over `DRAWS` draws of the prompts that are known."""
    losses: dict[str, list[float]] = {name: [] for name in STEPS}
    for seed in range(DRAWS):
        drawn = np.random.default_rng(seed).choice(np.flatnonzero(~table.played), few, False)
        known = np.zeros(len(table.tasks), bool)
        known[drawn] = True
        for name, chain in STEPS.items():
            losses[name].append(log_loss(table, predicted(table, chain, known)))
    return {name: fmean(values) for name, values in losses.items()}


def routing(bench: Bench) -> dict[str, Any]:
    """Quality-goodput by what the router reads."""
    plain = shipped_classifier()
    ways = {
        "tasks": {"topics": "text", "classifier": plain},
        "domains and bands": {"topics": "text", "classifier": with_topics(plain)},
        "told": {"topics": "table", "classifier": plain},
    }
    worlds: Mapping[str, dict[str, Any]] = {
        "zeroeval": {},
        "llmrouter": {
            "quality": bench.tables(("llmrouter",)),
            "table_model": LLMROUTER,
            "task_of": {},
        },
    }
    found: dict[str, Any] = {}
    for world, change in worlds.items():
        for way, reading in ways.items():
            study = Study(bench.options(rates=RATES, policies=(JOINT,), **change, **reading))
            found[f"{world}, {way}"] = {
                f"×{rate:g}": fmean(_reached(study, rate, seed) for seed in range(bench.seeds))
                for rate in RATES
            }
            sys.stderr.write(f"{world}, {way}: {found[f'{world}, {way}']}\n")
    return found


def _reached(study: Study, rate: float, seed: int) -> float:
    return float(play(study, JOINT, rate, seed)["quality_goodput"])


def _print(title: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    names = list(next(iter(rows.values())))
    out = [f"| {title} | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    out += [
        f"| {key} | " + " | ".join(f"{row[n]:.4f}" for n in names) + " |"
        for key, row in rows.items()
    ]
    sys.stdout.write("\n".join(out) + "\n\n")


def main() -> None:
    """Run what is asked for; tables on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--only", default="scores,routing")
    args = parser.parse_args()
    bench = Bench(args.data, args.out, seeds=args.seeds, minutes=args.minutes)
    try:
        bench.check()
    except ConfigError as error:
        parser.exit(2, f"{error}\n")
    args.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    if "scores" in args.only:
        found["scores"] = scores(bench)
        _print("log-loss", found["scores"]["by_level"])
        for table, rows in found["scores"]["few"].items():
            _print(f"{table}: prompts known", rows)
    if "routing" in args.only:
        found["routing"] = routing(bench)
        _print("quality-goodput", found["routing"])
    (args.out / "topics.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
