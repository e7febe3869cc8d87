"""What a decision pays for predictions, beside a fixed pure-Python kernel timed in the same run.

Absolute times depend on the machine; the ratio to the kernel does not, much.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from timeit import repeat

from zeta_router.core.fleet import Model
from zeta_router.core.query import Task, TopicShare
from zeta_router.learn.forecast.arrivals import HORIZONS_S, STEP_S, CountSeries
from zeta_router.learn.latency.model import LatencyHead
from zeta_router.learn.latency.roofline import prior_of
from zeta_router.learn.length.head import LengthHead
from zeta_router.learn.quality.head import QualityCells

TOPICS = (
    TopicShare("code", Task.CODE, 0.6),
    TopicShare("simple", Task.SIMPLE, 0.3),
    TopicShare("reasoning", Task.REASONING, 0.1),
)
NUMBER, ROUNDS = 5000, 7


def kernel() -> float:
    """A hundred multiplications and additions of floats: about 4 µs on a 3 GHz core."""
    total = 0.0
    for index in range(100):
        total += 1.0001 * index
    return total


def measured() -> dict[str, Callable[[], object]]:
    """What is timed, by name; every head has seen some traffic."""
    latency, length = LatencyHead(prior_of(7.0)), LengthHead()
    quality = QualityCells({"m": Model("m", {Task.CODE: 0.7})})
    series = CountSeries([round(horizon_s / STEP_S) for horizon_s in HORIZONS_S])
    for index in range(300):
        latency.observe_ttft(0.1 + 1e-4 * index, prompt_tokens=10 * index)
        latency.observe_tpot(0.03, batch=1 + index % 4, output_tokens=100 + index)
        length.observe(TOPICS, "m", 50.0 + index)
        quality.observe(TOPICS, "m", float(index % 2))
        series.push(float(index % 17))
    return {
        "kernel": kernel,
        "latency_predict": lambda: latency.predict(
            prompt_tokens=500, batch=3, pending_prefill_tokens=100.0, slots=4
        ),
        "latency_work": lambda: latency.work_s(500, 200.0),
        "length_expect": lambda: length.expect(TOPICS, "m", 1000),
        "quality_mean": lambda: quality.mean(TOPICS, "m"),
        "length_remaining": lambda: length.remaining(TOPICS, "m", 100),
        "latency_observe_ttft": lambda: latency.observe_ttft(0.2, prompt_tokens=500),
        "latency_observe_tpot": lambda: latency.observe_tpot(0.03, batch=2, output_tokens=200),
        "length_observe": lambda: length.observe(TOPICS, "m", 150.0),
        "quality_observe": lambda: quality.observe(TOPICS, "m", 1.0),
        "forecast_bin_4_horizons": lambda: series.push(7.0),
    }


def main() -> None:
    """Print microseconds a call and the ratio to the kernel, as one JSON line with ``--json``."""
    number = 200 if "--quick" in sys.argv else NUMBER
    best = {
        name: min(
            repeat(call, number=max(1, number // (50 if "bin" in name else 1)), repeat=ROUNDS)
        )
        / max(1, number // (50 if "bin" in name else 1))
        for name, call in measured().items()
    }
    rows = {
        name: {"us": round(1e6 * each_s, 3), "kernels": round(each_s / best["kernel"], 3)}
        for name, each_s in best.items()
    }
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for name, row in rows.items():
        sys.stdout.write(f"{name:26s} {row['us']:9.2f} µs {row['kernels']:8.2f} kernels\n")


if __name__ == "__main__":
    main()
