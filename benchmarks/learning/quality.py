"""Does feedback mend what is believed of models, and how far can one client bend it?

    python benchmarks/learning/quality.py --data DIR --out DIR [--seeds 5] [--only NAME,…]

Three studies under `joint` on the second half of `azure2023_conv` (the first half was used for
tuning), the zeroeval tables, topics told:

priors  Starts from priors in the wrong order and from true ones, on the same arrivals: how much
        quality-goodput lies between them by the number of judgements, all of them at once, and a
        tenth of them 60 s late.
drift   The 14B model's answers lose 35 % of their worth at 500 s and get it back at 1,100 s;
        only judgements show it.
poison  Ten clients, each a tenth of the traffic. A tenth of all answers is judged honestly, but
        one client calls every answer of the 14B model worthless.

Prints tables in Markdown, writes DIR/quality.json and SVGs. DIR of --data holds traces and quality
tables; the originals are Azure's and WildEval/ZeroEval's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import quality_pictures as pictures

from zeta_router.app.cli.sources import load
from zeta_router.core.draws import Draws
from zeta_router.core.query import Slo, Task, certain
from zeta_router.learn.quality.rewards import Rewards
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.disturb import Disturbances, prepared
from zeta_router.sim.options import Feedback, SimulateOptions
from zeta_router.sim.record import End, Record
from zeta_router.sim.report.compare import interval
from zeta_router.sim.study import Study

TRACE = "azure2023_conv.csv.gz:from_s=1740"
TABLES = ("zeroeval_gsm", "zeroeval_crux", "zeroeval_math-l5")
STAND_INS = {
    "small-4b": "Phi-3.5-mini-instruct",
    "coder-7b": "Qwen2-7B-Instruct",
    "reasoner-14b": "Qwen2-72B-Instruct",
}
TOPICS = {"gsm8k-test": Task.SIMPLE, "cruxeval-o": Task.CODE, "math-level5": Task.REASONING}
LARGE, LARGE_AT = "reasoner-14b", "c"
ALL_AT_ONCE, TENTH_LATE = Feedback(1.0, 0.0), Feedback(0.1, 60.0)
JUDGED_ENOUGH = pictures.JUDGED_ENOUGH


class Setting:
    """Where the data is, and how many seeds are run."""

    def __init__(self, data: Path, out: Path, seeds: int, trace: str) -> None:
        self.data, self.out, self.seeds, self.trace = data, out, seeds, trace

    def study(self, *, rate: float = 1.0, **changes: Any) -> Study:
        """The reference setting with these changes."""
        options = SimulateOptions(
            fleet=load(self.data / "fleet.yaml").fleet,
            trace=str(self.data / "traces" / self.trace),
            quality=tuple(self.data / "quality" / f"{name}.scores.csv.gz" for name in TABLES),
            table_model=STAND_INS,
            rates=(rate,),
            policies=("joint",),
            slo=Slo(ttft_s=2.0, tpot_s=0.05),
            minutes=29.0 / rate,
            task_of=TOPICS,
            classifier=RuleClassifier(),
        )
        return Study(replace(options, **changes))


class Crowd:
    """Clients that judge answers: a share of them honestly, one perhaps not.

    Attributes:
        told: When each judgement reaches the router, and whose answer it judges.
    """

    def __init__(self, feedback: Feedback, seed: int, poisoner: str = "") -> None:
        self.told: list[tuple[float, str]] = []
        self._feedback, self._seed, self._poisoner = feedback, seed, poisoner

    def __call__(self, record: Record) -> float | None:
        """The judgement of a served answer, if any."""
        score = self._score(record)
        if score is not None:
            self.told.append((record.ended_at_s + self._feedback.delay_s, record.endpoint_id))
        return score

    def _score(self, record: Record) -> float | None:
        if record.played.tenant == self._poisoner and self._poisoner:
            return 0.0 if record.endpoint_id == LARGE_AT else None
        draw = Draws(self._seed, f"{record.played.id}:feedback").uniform()
        return record.score if draw < self._feedback.share else None

    def at(self, count: int, endpoint_id: str = "", from_s: float = 0.0) -> float | None:
        """When the judgement of this number came, of those of an endpoint after a time."""
        times = sorted(t for t, e in self.told if t >= from_s and endpoint_id in ("", e))
        return times[count - 1] if len(times) >= count else None


def play(
    study: Study,
    seed: int,
    crowd: Crowd,
    *,
    tenants: int = 0,
    bounded: bool = True,
    watch: Callable[[Drive], None] | None = None,
) -> Drive:
    """One run, to its end."""
    options, faults = study.options, study.scenario.faults
    queries = study.queries(options.rates[0], seed)
    if tenants:
        queries = tuple(replace(q, tenant=f"t{_lot(q.id, seed, tenants)}") for q in queries)
    router = study.router("joint", seed)
    router.knowledge.rewards = Rewards(bounded=bounded)
    judged = options.feedback is not None
    drive = Drive(
        router,
        prepared(study.specs, faults),
        queries,
        Conditions(
            seed=seed, feedback=options.feedback, judge=crowd if judged else None, watch=watch
        ),
        Disturbances(faults, seed),
    )
    drive.run()
    return drive


def _each(
    setting: Setting, name: str, run: Callable[[int], dict[str, Any]]
) -> list[dict[str, Any]]:
    """A run of every seed; each is told on stderr when it is done."""
    runs = []
    for seed in range(setting.seeds):
        runs.append(run(seed))
        sys.stderr.write(json.dumps([name, seed, runs[-1]]) + "\n")
        sys.stderr.flush()
    return runs


def _lot(query_id: str, seed: int, among: int) -> int:
    return int(Draws(seed, f"{query_id}:tenant").uniform() * among)


def worth(records: Sequence[Record], from_s: float, to_s: float = float("inf")) -> float:
    """Quality-goodput of what arrived between two times."""
    values = [record.value for record in records if from_s <= record.played.at_s < to_s]
    return fmean(values) if values else 0.0


def share(records: Sequence[Record], endpoint_id: str, from_s: float, to_s: float) -> float:
    """Part of the served queries that an endpoint served."""
    served = [
        record.endpoint_id == endpoint_id
        for record in records
        if record.end is End.SERVED and from_s <= record.played.at_s < to_s
    ]
    return fmean(served) if served else 0.0


# ---- priors in the wrong order


def priors(setting: Setting) -> dict[str, Any]:
    """How far behind true priors, by the number of judgements."""
    found: dict[str, Any] = {}
    for name, feedback in (("all, at once", ALL_AT_ONCE), ("a tenth, 60 s late", TENTH_LATE)):
        studies = {how: setting.study(priors=how, feedback=feedback) for how in ("true", "swapped")}
        runs = _each(setting, name, lambda seed: _behind(studies, feedback, seed))  # noqa: B023
        found[name] = {
            "before": _told([run["before"] for run in runs]),
            "after": _told([run["after"] for run in runs]),
            "at_500_s": fmean(run["at_s"] for run in runs),
            "by_judgements": _columns(runs),
        }
    pictures.priors(setting.out, found)
    found["without_feedback"] = _unmended(setting)
    return found


def _behind(studies: dict[str, Study], feedback: Feedback, seed: int) -> dict[str, Any]:
    """One pair of runs: true less swapped, before and after the 500th judgement."""
    crowds = {how: Crowd(feedback, seed) for how in studies}
    runs = {how: play(study, seed, crowds[how]).records for how, study in studies.items()}
    at_s = crowds["swapped"].at(JUDGED_ENOUGH) or float("inf")

    def gap(from_s: float, to_s: float = float("inf")) -> float:
        return worth(runs["true"], from_s, to_s) - worth(runs["swapped"], from_s, to_s)

    step = 100
    edges = [0.0]
    while (later := crowds["swapped"].at(step * len(edges))) is not None and len(edges) <= 10:
        edges.append(later)
    gaps = [gap(a, b) for a, b in pairwise(edges)]
    return {"before": gap(0.0, at_s), "after": gap(at_s), "at_s": at_s, "gaps": gaps}


def _unmended(setting: Setting) -> list[float]:
    """How far behind swapped priors stay when nobody judges, over whole runs of two seeds."""
    studies = [setting.study(priors=how) for how in ("true", "swapped")]
    gaps = []
    for seed in range(min(2, setting.seeds)):
        crowd = Crowd(ALL_AT_ONCE, seed)
        true, swapped = (worth(play(study, seed, crowd).records, 0.0) for study in studies)
        gaps.append(true - swapped)
    return _told(gaps)


def _columns(runs: Sequence[dict[str, Any]]) -> list[list[float]]:
    """Mean and half width of the gap in each hundred of judgements."""
    count = min(len(run["gaps"]) for run in runs)
    return [_told([run["gaps"][at] for run in runs]) for at in range(count)]


# ---- a model that silently becomes worse

FROM_S, TO_S = pictures.FALLEN_S
DRIFT = f"drift:endpoint={LARGE_AT},from_s={FROM_S:g},to_s={TO_S:g},factor=0.65"


def drift(setting: Setting) -> dict[str, Any]:
    """The share of the large model, undisturbed and not."""
    found: dict[str, Any] = {}
    for rate in (1.0, 0.5):
        calm = setting.study(rate=rate, feedback=ALL_AT_ONCE)
        worse = setting.study(rate=rate, feedback=ALL_AT_ONCE, scenario=DRIFT)
        runs = _each(setting, f"x{rate:g}", lambda seed: _fall(calm, worse, seed))  # noqa: B023
        keys = [key for key in runs[0] if key != "courses"]
        found[f"x{rate:g}"] = {
            **{key: _told([run[key] for run in runs if run[key] is not None]) for key in keys},
            "courses": [
                [fmean(column) for column in zip(*(run["courses"][i] for run in runs), strict=True)]
                for i in range(2)
            ],
        }
    pictures.drift(setting.out, found)
    return found


def _fall(calm: Study, worse: Study, seed: int) -> dict[str, Any]:
    """One pair of runs, in shares of the served queries."""
    crowds = Crowd(ALL_AT_ONCE, seed), Crowd(ALL_AT_ONCE, seed)
    usual = play(calm, seed, crowds[0]).records
    fallen = play(worse, seed, crowds[1]).records
    noticed_s = crowds[1].at(200, LARGE_AT, FROM_S) or TO_S
    back_s = crowds[1].at(200, LARGE_AT, TO_S) or float("inf")
    end_s = usual[-1].played.at_s

    def shares(from_s: float, to_s: float) -> tuple[float, float]:
        return share(usual, LARGE_AT, from_s, to_s), share(fallen, LARGE_AT, from_s, to_s)

    before, after = shares(noticed_s, TO_S), shares(back_s, end_s)
    usual_worth, fallen_worth = worth(usual, back_s), worth(fallen, back_s)
    width = end_s / 60
    edges = [width * at for at in range(61)]
    return {
        "noticed_after_s": noticed_s - FROM_S,
        "usual_in_fall": before[0],
        "fallen_in_fall": before[1],
        "back_after_s": back_s - TO_S if back_s < end_s else None,
        "usual_after": after[0],
        "fallen_after": after[1],
        "behind_after": usual_worth - fallen_worth,
        "courses": [
            [share(records, LARGE_AT, a, b) for a, b in pairwise(edges)]
            for records in (usual, fallen)
        ],
    }


# ---- a client that lies

TENANTS = 10
POISONER = "t0"


def poison(setting: Setting) -> dict[str, Any]:
    """What one client makes of the large model, with its bound and without."""
    study = setting.study(feedback=Feedback(0.1, 0.0))
    runs = _each(setting, "poison", lambda seed: _poisoned(study, seed))
    found: dict[str, Any] = {
        key: _told([run[key] for run in runs]) for key in runs[0] if key != "courses"
    }
    names = list(runs[0]["courses"])
    found["courses"] = {
        name: [fmean(column) for column in zip(*(r["courses"][name] for r in runs), strict=False)]
        for name in names
    }
    pictures.poison(setting.out, found["courses"])
    return found


def _poisoned(study: Study, seed: int) -> dict[str, Any]:
    """Honest, poisoned with the bound, poisoned without: what is believed of the large model."""
    results: dict[str, Any] = {"courses": {}}
    ways = {"honest": ("", True), "bounded": (POISONER, True), "unbounded": (POISONER, False)}
    for name, (poisoner, bounded) in ways.items():
        course: list[float] = []

        def watch(drive: Drive, course: list[float] = course) -> None:
            course.append(_believed(drive))

        crowd = Crowd(Feedback(0.1, 0.0), seed, poisoner)
        drive = play(study, seed, crowd, tenants=TENANTS, bounded=bounded, watch=watch)
        results["courses"][name] = course
        results[f"{name}_worth"] = worth(drive.records, 600.0)
        results[f"{name}_share"] = share(drive.records, LARGE_AT, 600.0, float("inf"))
    honest = results["courses"]["honest"]
    for name in ("bounded", "unbounded"):
        moved = [a - b for a, b in zip(honest, results["courses"][name], strict=False)]
        results[f"{name}_moved"] = fmean(moved[60:])
        results[f"{name}_moved_most"] = max(moved[60:])
    return results


def _believed(drive: Drive) -> float:
    """Mean believed quality of the large model over the topics."""
    cells = drive.router.knowledge.quality
    return fmean(cells.mean(certain(task, topic).topics, LARGE) for topic, task in TOPICS.items())


# ---- the page


def _told(values: Sequence[float]) -> list[float]:
    """Mean and half width of the 95 % interval; the width is 0 for a single value."""
    if len(values) < 2:
        return [values[0] if values else float("nan"), 0.0]
    told = interval(list(values))
    return [told.mean, told.mean - told.low if told.low is not None else 0.0]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print(name: str, found: dict[str, Any]) -> None:
    _say(f"\n## {name}\n")
    for key, value in found.items():
        if isinstance(value, dict):
            _print(f"{name}, {key}", value)
        elif isinstance(value, list) and len(value) == 2 and isinstance(value[0], float):
            _say(f"| {key} | {value[0]:.4f} ± {value[1]:.4f} |")
        elif isinstance(value, float):
            _say(f"| {key} | {value:.4f} |")
        elif key == "by_judgements":
            _say(f"| {key} | " + " | ".join(f"{100 * m:+.1f} ± {100 * h:.1f}" for m, h in value))


STUDIES = {"priors": priors, "drift": drift, "poison": poison}


def main() -> None:
    """Run what is asked for; tables on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", metavar="NAME,…", help=", ".join(STUDIES))
    parser.add_argument("--trace", default=TRACE)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    setting = Setting(args.data, args.out, args.seeds, args.trace)
    for name in [each for each in args.only.split(",") if each] or list(STUDIES):
        found = STUDIES[name](setting)
        _print(name, found)
        (args.out / f"quality-{name}.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
