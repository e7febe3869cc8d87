"""What each event in a query's life costs the router, beside a fixed kernel timed in the same run.

Usage: ``python benchmarks/bench_events.py [--rounds N] [--cold] [--json]``.

Fleets of 3 endpoints (three models, as in the README) and of 20 (the same models on several each)
are under steady traffic: every query has another text of its own, half of them name a model
(``pinned``), the others leave it open (``auto``); a feedback comes for one answer in twenty, a poll
of each endpoint for one query in ten. What is timed, each as one call:

- ``extract``: from the text to its features;
- ``arrived``: from the event to the commands, classification included;
- ``first_token``, ``finished``, ``checked``: the rest of its life, learning included.

``sum`` is all of that. What is read is the thread's processor time, its median over the run. With
``--cold``, eight megabytes are read before every call: a gateway's router finds its code and data
no longer in the nearest caches, because a request, an answer and the kernel's work on both came in
between.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from time import thread_time_ns
from typing import Any

from bench_decision import kernel

from zeta_router.app.config import ClassifierSettings
from zeta_router.app.running import GC_THRESHOLDS
from zeta_router.app.training.choosing import classifier_of
from zeta_router.app.training.generate import made_prompts
from zeta_router.core.checks import Checks
from zeta_router.core.fleet import Endpoint, FleetConfig, Limits, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Query, Slo, Task
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.router.commands import Dispatch
from zeta_router.router.events import (
    Arrived,
    Checked,
    Event,
    Feedback,
    Finished,
    FirstToken,
    Sampled,
)
from zeta_router.router.router import ZetaDynamicRouter

SIZES = (3, 20)
IN_FLIGHT_PER_ENDPOINT = 4
WARM_UP = 600
EVENTS = ("extract", "arrived", "first_token", "finished", "checked")

_QUALITY = {"m-4b": 0.6, "m-7b": 0.7, "m-14b": 0.8}
_PARAMS_B = {"m-4b": 4, "m-7b": 7, "m-14b": 14}
_TPOT_S = {"m-4b": 0.01, "m-7b": 0.015, "m-14b": 0.02}
_SLO = {
    Task.SIMPLE: Slo(ttft_s=1.0, e2e_s=4.0),
    Task.CODE: Slo(ttft_s=1.5, tpot_s=0.05),
    Task.REASONING: Slo(ttft_s=3.0, e2e_s=30.0),
}


def fleet(size: int) -> FleetConfig:
    """Three models on `size` endpoints."""
    models = {
        name: Model(name, dict.fromkeys(_SLO, quality), _PARAMS_B[name], 32_768)
        for name, quality in _QUALITY.items()
    }
    names = list(models)
    return FleetConfig(
        models=models,
        endpoints=tuple(
            Endpoint(f"e{i:02d}", f"http://127.0.0.1:9/{i}", names[i % 3], slots=16)
            for i in range(size)
        ),
        routes=dict.fromkeys(_SLO, names[0]),
        slo=_SLO,
        policy="joint",
        limits=Limits(queue=1000, max_wait_s=30.0),
    )


class Traffic:
    """A router under steady load; `taken` holds nanoseconds by event and kind of query."""

    def __init__(self, size: int, texts: Callable[[], str], between: Callable[[], object]) -> None:
        self.router = ZetaDynamicRouter(fleet(size), classifier_of(ClassifierSettings()), seed=1)
        self.taken: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._size = size
        self._texts = texts
        self._between = between
        self._now_s = 0.0
        self._count = 0
        self._running: list[tuple[str, Dispatch]] = []
        self._draw = random.Random(1)

    def turn(self) -> None:
        """One query in, its first token, and the end of the oldest one."""
        self._count += 1
        self._now_s += 0.3 / self._size
        pinned = self._count % 2
        kind = "pinned" if pinned else "auto"
        text = self._texts()
        features = self._timed("extract", kind, lambda: extract(Ask(text)))
        query = Query(
            f"q{self._count}",
            self._now_s,
            model_requested=self._draw.choice(tuple(_QUALITY)) if pinned else "auto",
            features=features,
            prompt_tokens=self._draw.randrange(20, 800),
            max_output_tokens=512,
            asker=f"k{self._draw.randrange(5)}",
        )
        for sent in self._handle("arrived", kind, Arrived(self._now_s, query)):
            self._running.append((kind, sent))
            first = FirstToken(self._now_s + 0.01, sent.query_id, sent.attempt)
            self._handle("first_token", kind, first)
        if len(self._running) > IN_FLIGHT_PER_ENDPOINT * self._size:
            self._end(*self._running.pop(0))
        if self._count % 10 == 0:
            self._poll()

    def _end(self, kind: str, sent: Dispatch) -> None:
        tokens = self._draw.randrange(2, 400)
        e2e_s = 0.1 + _TPOT_S[sent.endpoint.model] * tokens
        outcome = Outcome(Status.OK, True, 0.1, e2e_s, 100, tokens, http_status=200)
        at_s = self._now_s + 0.02
        ended = Finished(at_s, sent.query_id, sent.attempt, outcome)
        for more in self._handle("finished", kind, ended):
            self._running.append((kind, more))
        self._handle("checked", kind, Checked(at_s, sent.query_id, Checks(text_bytes=900)))
        if self._count % 20 == 0:
            self.router.handle(Feedback(at_s, sent.query_id, self._draw.random()))

    def _poll(self) -> None:
        for endpoint, generation in self.router.watched():
            running = Signal(float(IN_FLIGHT_PER_ENDPOINT), self._now_s, "vllm")
            sample = EngineSample(running=running, waiting=Signal(0.0, self._now_s, "vllm"))
            self.router.handle(Sampled(self._now_s, endpoint.id, generation, sample))

    def _handle(self, name: str, kind: str, event: Event) -> list[Dispatch]:
        commands = self._timed(name, kind, lambda: self.router.handle(event))
        return [each for each in commands if isinstance(each, Dispatch)]

    def _timed(self, name: str, kind: str, call: Callable[[], Any]) -> Any:
        self._between()
        start_ns = thread_time_ns()
        found = call()
        self.taken[name, kind].append(thread_time_ns() - start_ns)
        return found


def texts_of(seed: int) -> Callable[[], str]:
    """Distinct texts of some hundred characters, in the languages of the templates."""
    prompts = [prompt.text for prompt in made_prompts(2, seed)]
    draw = random.Random(seed)
    return lambda: " ".join(draw.sample(prompts, 5))[: draw.randrange(100, 1500)]


def measured(rounds: int, cold: bool) -> dict[str, dict[str, float]]:
    """Medians in kernels, by fleet and kind of query, then by event."""
    texts = texts_of(1)
    memory = bytearray(8 << 20)
    between: Callable[[], object] = (lambda: memory.count(1)) if cold else (lambda: None)
    traffics = {size: Traffic(size, texts, between) for size in SIZES}
    for traffic in traffics.values():
        for _ in range(WARM_UP):
            traffic.turn()
        traffic.taken.clear()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    base = []
    for _ in range(rounds):
        start_ns = thread_time_ns()
        kernel()
        base.append(thread_time_ns() - start_ns)
        for traffic in traffics.values():
            traffic.turn()
    gc.unfreeze()
    unit_ns = median(base)
    rows: dict[str, dict[str, float]] = {"kernel": {"us": unit_ns / 1000}}
    for size, traffic in traffics.items():
        for kind in ("auto", "pinned"):
            row = {name: median(traffic.taken[name, kind]) / unit_ns for name in EVENTS}
            rows[f"{size} {kind}"] = row | {"sum": sum(row.values())}
    return rows


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3000)
    parser.add_argument("--cold", action="store_true", help="read 8 MB before every call")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measured(options.rounds, options.cold)
    if options.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return 0
    names = (*EVENTS, "sum")
    sys.stdout.write(f"kernel: {rows.pop('kernel')['us']:.1f} µs; all else in kernels\n")
    sys.stdout.write(f"{'endpoints':10s}" + "".join(f" {name:>11s}" for name in names) + "\n")
    for label, row in rows.items():
        sys.stdout.write(f"{label:10s}" + "".join(f" {row[name]:11.2f}" for name in names) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
