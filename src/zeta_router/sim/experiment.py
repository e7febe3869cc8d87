"""A study: every policy at every rate with every seed, over several processes, resumable."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context, parent_process
from signal import SIG_DFL, SIGINT, signal
from threading import Thread
from time import perf_counter
from typing import Any

from zeta_router.sim.bounds.upper import bounds_of
from zeta_router.sim.cache import ResultsCache
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.disturb import Disturbances, prepared
from zeta_router.sim.options import SimulateOptions
from zeta_router.sim.replay.decision_log import SimulatedLog
from zeta_router.sim.report.measure import row_of
from zeta_router.sim.report.timeline import Timeline, distributions
from zeta_router.sim.study import Study
from zeta_router.sim.watching import Polls

Progress = Callable[[int, int, str], None]
"""Told `(done, total, what)`: at the start with nothing done, then after every run."""

BOUNDS = "bounds"
"""Stands in the place of a policy for the bounds of a rate and seed."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a study, or the bounds of a rate and seed."""

    policy: str
    rate: float
    seed: int

    def __str__(self) -> str:
        return f"{self.policy} ×{self.rate:g} seed {self.seed}"


def run(options: SimulateOptions, progress: Progress | None = None) -> dict[str, Any]:
    """Run a study and answer its results, as written by ``zeta simulate --json``.

    Beside `rows` and `bounds` (DESIGN §4): `asked` and `endpoints` (what was simulated, and each
    endpoint's model), `notes` for the reader, `violations` (rows above their certified bound: a
    bug, and the only thing that fails a study) and `exceeded` (rows above a reference bound, which
    may happen).

    Raises:
        ConfigError: If something asked for cannot be simulated; before the first run.
    """
    study = Study(options)
    study.queries(min(options.rates), 0)  # a bad trace is found here and not in a worker
    runs = list(_runs(options))
    done: dict[Run, dict[str, Any]] = {}
    tell = progress or (lambda done, total, what: None)
    cache = ResultsCache(options)
    for each in runs:
        stored = cache.get(*_name(each))
        if stored is not None and (options.log_dir is None or each.policy == BOUNDS):
            done[each] = stored
    tell(len(done), len(runs), "found in the cache" if done else "")
    for each, result in _carry_out(options, study, [r for r in runs if r not in done]):
        cache.put(result, *_name(each))
        done[each] = result
        tell(len(done), len(runs), str(each))
    return _result(study, [(each, done[each]) for each in runs])


def play(study: Study, policy: str, rate: float, seed: int) -> dict[str, Any]:
    """One run: its row, with its course over time where the options ask for it."""
    timeline = Timeline() if study.options.timelines else None
    started_s = perf_counter()
    with _log_of(study, policy, rate, seed) as log:
        drive = drive_of(study, policy, rate, seed, timeline, log)
        drive.run()
    row = row_of(drive, policy=policy, rate=rate, seed=seed)
    row["wall_s"] = perf_counter() - started_s
    if timeline is not None:
        row["timeline"] = timeline.columns(drive.records)
        row["distributions"] = distributions(drive.records)
    return row


def _log_of(
    study: Study, policy: str, rate: float, seed: int
) -> AbstractContextManager[SimulatedLog | None]:
    """The run's decision log, where one is asked for."""
    folder = study.options.log_dir
    if folder is None:
        return nullcontext()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{policy}-x{rate:g}-{seed}.db"
    return SimulatedLog(path, replace(study.fleet, policy=policy), seed=seed)


def drive_of(
    study: Study,
    policy: str,
    rate: float,
    seed: int,
    timeline: Timeline | None = None,
    log: SimulatedLog | None = None,
) -> Drive:
    """A run that has not begun; after `run()` it has a record of every query."""
    options, scenario = study.options, study.scenario
    lag_s = options.poll_lag_s if scenario.poll_lag_s is None else scenario.poll_lag_s
    return Drive(
        study.router(policy, seed),
        prepared(study.specs, scenario.faults),
        study.queries(rate, seed),
        Conditions(
            seed=seed,
            polls=Polls(options.poll_s, lag_s),
            feedback=options.feedback,
            tell_lengths=options.lengths == "oracle",
            watch=timeline.watch if timeline is not None else None,
            log=log,
        ),
        Disturbances(scenario.faults, seed),
    )


def bound(study: Study, rate: float, seed: int) -> dict[str, Any]:
    """The bounds of a rate and seed."""
    servers = {
        endpoint.id: (endpoint.model, study.specs[endpoint.id])
        for endpoint in study.fleet.endpoints
    }
    bounds = bounds_of(study.queries(rate, seed), servers, study.class_means)
    return {"rate": rate, "seed": seed, **asdict(bounds)}


def _runs(options: SimulateOptions) -> Iterator[Run]:
    for rate in options.rates:
        for seed in range(options.seeds):
            for policy in (BOUNDS, *options.policies):
                yield Run(policy, float(rate), seed)


def _name(each: Run) -> tuple[str, float, int]:
    return each.policy, each.rate, each.seed


def _carry_out(
    options: SimulateOptions, study: Study, runs: Sequence[Run]
) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Results as they come; the longest runs start first, so that no core idles at the end."""
    longest_first = sorted(runs, key=lambda each: -each.rate)
    processes = min(options.processes or os.cpu_count() or 1, len(runs))
    if processes <= 1:
        for each in longest_first:
            yield each, _one(study, each)
        return
    # Not forked: the caller may have threads (a progress bar), which a fork would leave half alive.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _prepare, (options,))
    try:
        futures = {pool.submit(_in_worker, each): each for each in longest_first}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _one(study: Study, each: Run) -> dict[str, Any]:
    if each.policy == BOUNDS:
        return bound(study, each.rate, each.seed)
    return play(study, each.policy, each.rate, each.seed)


_STUDY: list[Study] = []
"""The study of a worker process, made once."""


def _prepare(options: SimulateOptions) -> None:
    """Set up a worker; it ends with its parent, even one that was killed.

    Ctrl-C reaches it, too, and ends it: the pool would take it for the failure of one run, begin
    the next one, and keep the parent waiting for that.
    """
    signal(SIGINT, SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    _STUDY.append(Study(options))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _in_worker(each: Run) -> dict[str, Any]:
    return _one(_STUDY[0], each)


def _result(study: Study, results: Sequence[tuple[Run, dict[str, Any]]]) -> dict[str, Any]:
    rows = [result for each, result in results if each.policy != BOUNDS]
    bounds = [result for each, result in results if each.policy == BOUNDS]
    return {
        "asked": _asked(study.options),
        "endpoints": {endpoint.id: endpoint.model for endpoint in study.fleet.endpoints},
        "rows": rows,
        "bounds": bounds,
        "notes": list(study.notes),
        "violations": _above(rows, bounds, ("certified_bound",)),
        "exceeded": _above(rows, bounds, ("class_bound", "oracle_bound")),
    }


def _asked(options: SimulateOptions) -> dict[str, Any]:
    """What a reader has to know to make sense of the rows, or to run the study again."""
    return {
        "trace": options.trace,
        "quality": [path.name for path in options.quality],
        "map": dict(options.table_model),
        "minutes": options.minutes,
        "seeds": options.seeds,
        "slo_ttft_s": options.slo.ttft_s,
        "slo_tpot_s": options.slo.tpot_s,
        "topics": options.topics,
        "input_tokens": options.input_tokens,
        "lengths": options.lengths,
        "priors": options.priors,
        "task_of": {topic: task.value for topic, task in options.task_of.items()},
        "feedback": None if options.feedback is None else asdict(options.feedback),
        "scenario": options.scenario,
        "admission": options.capped,
    }


def _above(
    rows: Sequence[dict[str, Any]], bounds: Sequence[dict[str, Any]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Where a row exceeds a bound by more than rounding."""
    limits = {(each["rate"], each["seed"]): each for each in bounds}
    return [
        {
            "policy": row["policy"],
            "rate": row["rate"],
            "seed": row["seed"],
            "bound": name,
            "by": row["quality_goodput"] - limits[row["rate"], row["seed"]][name],
        }
        for row in rows
        for name in names
        if row["quality_goodput"] > limits[row["rate"], row["seed"]][name] + 1e-9
    ]
