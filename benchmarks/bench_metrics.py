"""What a scrape of `/metrics` costs at 20 endpoints, and how long it holds up a stream.

Usage: ``python benchmarks/bench_metrics.py [--rounds N] [--json]``. Exit 1 when a gate is broken.

The fleet has four models on five endpoints each, every one of which gives every signal; every
model has answered every task on every endpoint with every outcome, so that every series there can
be is there. The page is made on the thread that relays tokens, in pieces with a turn of the event
loop between two; a token waits for one piece at most. Timed are the whole page and its longest
piece, in processor time of the thread: on shared cores the clock on the wall shows whoever else
ran.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from time import thread_time_ns

from zeta_router.control.ejection import Circuit
from zeta_router.core.condition import Axis, Condition, Finding
from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import Endpoint, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import LANES, Query, Slo, Task, certain
from zeta_router.core.reasons import Reason
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Candidate, EndpointView, Health, Snapshot
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.router.endpoint.vitals import Vitals
from zeta_router.telemetry.metrics.collector import Metrics
from zeta_router.telemetry.metrics.learned import Beliefs
from zeta_router.telemetry.records import LogHealth
from zeta_router.telemetry.signals import SIGNALS

PAGE_MS, PIECE_MS = 5.0, 1.0
"""Most that the median page and the longest piece of the median page may take."""

ENDPOINTS = 20
MODELS = [Model(f"m-{size}b", dict.fromkeys(Task, 0.5), size, 32_768) for size in (4, 7, 14, 32)]


def view(number: int) -> EndpointView:
    """An endpoint that gives every signal."""
    model = MODELS[number % len(MODELS)]
    endpoint = Endpoint(f"e-{number}", "http://127.0.0.1:9", model.name, "vllm")
    sample = EngineSample(**{name: Signal(number / 3, 99.0, name) for name in SIGNALS})
    return EndpointView(
        endpoint, model, Health.UP, 1, 8, 3, 1, 17, 0.2, 120, 33.5, number / 7, sample
    )


FINDINGS = tuple(Finding(axis, Condition.HEALTHY, 0.0) for axis in Axis)
VITALS = Vitals(Circuit.CLOSED, 1.1, 0.9, 1.0, FINDINGS, 1.5, 1e6, 0)
VIEWS = tuple(map(view, range(ENDPOINTS)))


def filled() -> Metrics:
    """Metrics in which everything has happened."""
    beliefs = Beliefs(
        quality={(m.name, task.value): (0.61, 0.04) for m in MODELS for task in Task},
        vitals={v.endpoint.id: VITALS for v in VIEWS},
    )
    metrics = Metrics(
        fleet_state=lambda: Snapshot(1, 101.0, VIEWS),
        queue_depths=lambda: dict.fromkeys(LANES, 3),
        log_health=lambda: LogHealth(True, "", "", 10, 2, 0, 0),
        beliefs=lambda: beliefs,
        routes=lambda: dict.fromkeys(Task, MODELS[0].name),
    )
    number = 0
    for here in VIEWS:
        for task in Task:
            for status in Status:
                number += 1
                live(metrics, f"q{number}", here, task, status)
    return metrics


def live(metrics: Metrics, name: str, here: EndpointView, task: Task, status: Status) -> None:
    """The life of one query."""
    reasons = list(Reason)
    query = Query(name, 100.0, slo=Slo(1.0, 0.05, 10.0), lane=LANES[len(name) % len(LANES)])
    decision = Decision(
        name,
        1,
        100.1,
        Verdict.DISPATCH,
        reasons[hash(status) % len(reasons)],
        "joint",
        certain(task),
        here.endpoint.id,
        candidates=(Candidate(here, 0.6, 100.0, 0.3, 0.02, 0.6, 0.4),),
    )
    outcome = Outcome(status, started=True, ttft_s=0.3123, e2e_s=4.5432, output_tokens=120)
    metrics.on_record(DecisionRecord(query, decision))
    metrics.on_record(OutcomeRecord(105.1, name, 1, here.endpoint.id, outcome, 0.1))
    metrics.observe_overhead(0.0003)


def page_ns(metrics: Metrics) -> tuple[int, int, int]:
    """Time of one page, of its longest piece, and its lines."""
    total = longest = lines = 0
    pieces = metrics.pieces()
    while True:
        start = thread_time_ns()
        piece = next(pieces, None)
        took = thread_time_ns() - start
        total += took
        longest = max(longest, took)
        if piece is None:
            return total, longest, lines
        lines += piece.count("\n")


def main() -> None:
    """Measure, print, and fail where a gate is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    metrics = filled()
    page_ns(metrics)
    gc.freeze()
    rounds = [page_ns(metrics) for _ in range(flags.rounds)]
    totals = sorted(total / 1e6 for total, _, _ in rounds)
    pieces = sorted(longest / 1e6 for _, longest, _ in rounds)
    told = {
        "lines": rounds[-1][2],
        "page_p50_ms": round(totals[len(totals) // 2], 3),
        "page_p99_ms": round(totals[int(len(totals) * 0.99)], 3),
        "piece_p50_ms": round(pieces[len(pieces) // 2], 3),
        "piece_p99_ms": round(pieces[int(len(pieces) * 0.99)], 3),
    }
    print(json.dumps(told) if flags.json else told)  # noqa: T201
    if told["page_p50_ms"] > PAGE_MS or told["piece_p50_ms"] > PIECE_MS:
        sys.exit(1)


if __name__ == "__main__":
    main()
