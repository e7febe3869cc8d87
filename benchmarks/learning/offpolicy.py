"""Do off-policy intervals cover the truth, and is what cannot be known refused?

    python benchmarks/learning/offpolicy.py --data DIR [--runs 200] [--out DIR]
        [--minutes 1.5] [--share 1] [--only made_up|simulated]

Two kinds of logs whose truth is known. *Made up*: a softmax policy over three arms, rewards by a
known law. *Simulated*: the reference fleet under `joint` as shipped, written and read as a decision
log, every answer judged; what any other policy is worth on it is known from the quality
tables. Each kind is made `--runs` times with another seed. Prints tables in Markdown.

DIR holds traces and quality tables; the originals are WildEval/ZeroEval's. They are not part of the
project.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import exp, sqrt
from pathlib import Path
from random import Random
from statistics import fmean
from time import monotonic
from typing import Any, NamedTuple

from reference import study_of

from zeta_router.learn.offpolicy import Row, estimate
from zeta_router.policy.registry import build
from zeta_router.sim.experiment import drive_of
from zeta_router.sim.options import Feedback
from zeta_router.sim.replay.decision_log import SimulatedLog
from zeta_router.sim.replay.logged import read_traffic
from zeta_router.sim.replay.logged_quality import judged_rows

TARGETS = ("joint", "greedy", "quality_only", "static", "least_requests", "random")
ARMS = ("small", "coder", "large")


class Told(NamedTuple):
    """One estimate beside the truth; None where it was refused."""

    truth: float
    dr: tuple[float, float, float] | None
    snips: tuple[float, float, float] | None
    ess: float
    coverage: float


def main() -> None:
    """Make the logs and print both tables."""
    args = _arguments()
    result: dict[str, Any] = {"runs": args.runs, "made_up": {}, "simulated": {}}
    if args.only != "simulated":
        _say(f"Made up: {args.runs} logs of {args.rows} choices each\n\n{_HEAD}")
        for name, changes in _CASES.items():
            told = [_made_up(seed, args.rows, **changes) for seed in range(args.runs)]
            result["made_up"][name] = _summary(told)
            _say(_line(name, result["made_up"][name]))
    if args.data is not None and args.only != "made_up":
        found: dict[str, list[Told]] = {name: [] for name in TARGETS}
        began_s, logs = monotonic(), 0
        for seed in range(args.runs):
            if monotonic() - began_s > args.stop_after_s:
                break
            logs += 1
            for name, told_once in _simulated(args.data, seed, args.minutes, args.share):
                found[name].append(told_once)
            if seed % 20 == 19:
                sys.stderr.write(f"{seed + 1} logs\n")
        _say(f"\nSimulated: {logs} logs of {args.minutes:g} minutes under joint\n\n{_HEAD}")
        for name, told in found.items():
            result["simulated"][name] = _summary(told)
            _say(_line(name, result["simulated"][name]))
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "offpolicy.json").write_text(json.dumps(result, indent=1))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="without it, made-up logs only")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=1.5)
    parser.add_argument("--share", type=float, default=1.0, help="of the answers that are judged")
    parser.add_argument("--stop-after-s", type=float, default=1e9, help="begin no log after that")
    parser.add_argument("--only", choices=("made_up", "simulated"))
    return parser.parse_args()


_HEAD = (
    "| log or target | refused | DR covers | SNIPS covers | DR error | half width | effective | "
    "reached |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def _summary(told: Sequence[Told]) -> dict[str, Any]:
    """Coverage against each log's own truth, among the logs that were not refused."""
    given = [each for each in told if each.dr is not None and each.snips is not None]
    count = len(given)

    def covers(kind: str) -> float | None:
        spans = [getattr(each, kind) for each in given]
        hits = [s[1] <= each.truth <= s[2] for each, s in zip(given, spans, strict=True)]
        return sum(hits) / count if count else None

    errors = [each.dr[0] - each.truth for each in given if each.dr is not None]
    return {
        "logs": len(told),
        "refused": 1.0 - count / len(told),
        "dr_covers": covers("dr"),
        "snips_covers": covers("snips"),
        "dr_bias": fmean(errors) if errors else None,
        "dr_error": sqrt(fmean(error * error for error in errors)) if errors else None,
        "half_width": fmean(e.dr[2] - e.dr[0] for e in given if e.dr) if given else None,
        "ess": fmean(each.ess for each in told),
        "coverage": fmean(each.coverage for each in told),
    }


def _line(name: str, told: dict[str, Any]) -> str:
    def cell(key: str, form: str) -> str:
        return "–" if told[key] is None else form.format(told[key])

    cells = [
        f"{told['refused']:.0%}",
        cell("dr_covers", "{:.1%}"),
        cell("snips_covers", "{:.1%}"),
        cell("dr_error", "{:.4f}"),
        cell("half_width", "{:.4f}"),
        f"{told['ess']:.0f}",
        f"{told['coverage']:.2f}",
    ]
    return f"| {name} | {' | '.join(cells)} |"


# ---- made up

_CASES: dict[str, dict[str, Any]] = {
    "all judged": {},
    "wrong predictions": {"predicted": (0.0, 1.0, 0.2)},
    "30 % judged": {"judged": (0.3, 0.3, 0.3), "rows_factor": 3},
    "judged by arm: 90, 20, 50 %": {"judged": (0.9, 0.2, 0.5), "rows_factor": 3},
    "propensities down to .003": {"logging": 0.03, "target": 0.05},
    "deterministic log": {"logging": 0.001},
    "pleased clients judge more (assumption broken)": {"bias": 0.4},
}


def _softmax(scores: Sequence[float], temperature: float) -> tuple[float, ...]:
    shares = [exp((score - max(scores)) / temperature) for score in scores]
    return tuple(share / sum(shares) for share in shares)


def _worth(context: float) -> tuple[float, ...]:
    return (0.9 - 0.6 * context, 0.4 + 0.3 * context, 0.55 + 0.35 * context)


def _made_up(
    seed: int,
    count: int,
    *,
    predicted: Sequence[float] = (0.6, 0.55, 0.7),
    judged: Sequence[float] = (1.0, 1.0, 1.0),
    logging: float = 0.15,
    target: float = 0.08,
    bias: float = 0.0,
    rows_factor: int = 1,
) -> Told:
    random = Random(f"made up:{seed}")
    rows, truth = [], 0.0
    for _ in range(count * rows_factor):
        context = random.random()
        worth = _worth(context)
        wanted = _softmax(worth, target)
        truth += sum(p * q for p, q in zip(wanted, worth, strict=True))
        shares = _softmax(worth, logging)
        chosen = random.choices(range(3), shares)[0]
        reward = float(random.random() < worth[chosen])
        says = random.random() < judged[chosen] * (1.0 - bias * (1.0 - reward))
        rows.append(
            Row(ARMS, chosen, shares[chosen], wanted, tuple(predicted), reward if says else None)
        )
    return _told(rows, truth / len(rows))


def _told(rows: Sequence[Row], truth: float) -> Told:
    found = estimate(rows)
    dr, snips = found.dr, found.snips
    if dr is None or snips is None:
        return Told(truth, None, None, found.ess, found.coverage)
    return Told(
        truth,
        (dr.mean, dr.low, dr.high),
        (snips.mean, snips.low, snips.high),
        found.ess,
        found.coverage,
    )


# ---- simulated


def _simulated(data: Path, seed: int, minutes: float, share: float) -> Iterator[tuple[str, Told]]:
    """Each target's estimate on one simulated log, with its true worth there."""
    study = study_of(data, "poisson:rate=5", minutes, ("joint",), feedback=Feedback(share, 2.0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.db"
        with SimulatedLog(path, replace(study.fleet, policy="joint"), seed=seed) as log:
            drive = drive_of(study, "joint", 1.0, seed, log=log)
            drive.run()
        traffic = read_traffic(path)
    scores = {
        record.played.id: {model: o.score for model, o in record.played.outcomes.items()}
        for record in drive.records
    }
    for name in TARGETS:
        judged = judged_rows(traffic, build(name, traffic.fleet))
        truth = fmean(
            sum(p * scores[key][arm] for p, arm in zip(row.target, row.arms, strict=True))
            for key, row in zip(judged.query_ids, judged.rows, strict=True)
        )
        yield name, _told(judged.rows, truth)


if __name__ == "__main__":
    main()
