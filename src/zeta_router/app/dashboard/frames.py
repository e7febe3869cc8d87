"""What the dashboard is fed: the state of the moment, what was learned, and what came before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from zeta_router import __version__
from zeta_router.app.dashboard.history import History
from zeta_router.app.dashboard.learned import learned_report
from zeta_router.core.fleet import Endpoint, FleetConfig
from zeta_router.gateway.state_report import state_report
from zeta_router.monitor.resources.usage import Resources
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.telemetry.lately import BUCKET_S, ENDS, Lately, counts
from zeta_router.telemetry.lately_report import RECENT_S, calibration, pace, quantile

LEARNED_EVERY = 5
"""Ticks between two looks at what was learned, which changes slowly and costs more to tell."""

SHOWN_DECISIONS = 60

ENDPOINTS_IN_A_ROW = 4
"""Endpoints whose pace is worked out before the relay gets its turn; each takes about 50 us."""

_GPU = ("gpu_ratio", "gpu_memory_bytes", "gpu_memory_ratio")


class Frames:
    """Renders what `GET /zeta/state` and the live stream show.

    Args:
        router: What is looked at.
        lately: The last minutes.
        clock: The driver's clock.
        newest: Gives summaries of the latest decisions.
        usage: What an endpoint's machine was last seen to use, by endpoint; for GPUs.
    """

    def __init__(
        self,
        router: ZetaDynamicRouter,
        lately: Lately,
        clock: Callable[[], float],
        newest: Callable[[int], Sequence[Mapping[str, Any]]],
        usage: Callable[[str], Resources | None],
    ) -> None:
        self._router = router
        self._lately = lately
        self._clock = clock
        self._newest = newest
        self._usage = usage
        self._began_s = clock()
        self.history = History()

    def state(self) -> dict[str, Any]:
        """The moment, as `GET /zeta/state` shows it."""
        report: dict[str, Any] = {}
        for _ in self._filling(report):
            pass
        return report

    def _filling(self, report: dict[str, Any]) -> Iterator[None]:
        """Fills a report in pieces of a millisecond; what is shown of the router is of one moment.

        Between two pieces whoever drives this may do something else.
        """
        now_s, router = self._clock(), self._router
        inside, depths = router.inside(now_s), router.queue_depths()
        snapshot, vitals, config = router.snapshot(now_s), router.vitals(now_s), router.config
        yield
        report.update(state_report(inside, depths, snapshot=snapshot, vitals=vitals))
        yield
        names = {each.id: _names(each) for each in config.endpoints}
        for number, endpoint in enumerate(report["endpoints"], 1):
            self._add(endpoint, names[endpoint["id"]], now_s)
            if number % ENDPOINTS_IN_A_ROW == 0:
                yield
        report["version"] = __version__
        report["wall_s"] = round(time.time(), 3)
        report["uptime_s"] = round(now_s - self._began_s, 1)
        report["fleet"] = _fleet(config)
        report["recent"] = self._recent(now_s)
        yield

    def _add(self, endpoint: dict[str, Any], names: frozenset[str], now_s: float) -> None:
        """What telemetry and the monitor know of an endpoint beside the router."""
        resident = endpoint["resident"]
        endpoint["in_memory"] = None if resident is None else not names.isdisjoint(resident)
        endpoint["pace"] = pace(self._lately.answers_of(endpoint["id"]), now_s)
        endpoint["gpu"] = self._gpu(endpoint["id"])

    def learned(self) -> dict[str, Any]:
        """What was learned, and how predictions turned out."""
        return {
            **learned_report(self._router),
            "calibration": calibration(self._lately.answers()),
        }

    def past(self) -> dict[str, Any]:
        """A quarter of an hour of traffic and an hour of every endpoint."""
        return {
            "bucket_s": BUCKET_S,
            "ends": list(ENDS),
            "flow": [{"at_s": at_s, **counts(each)} for at_s, each in self._lately.buckets()],
            "history": self.history.report(),
        }

    def sample(self) -> None:
        """Add the moment to the past."""
        now_s = self._clock()
        self.history.sample(self._router.snapshot(now_s), self._router.vitals(now_s))

    async def render(self, tick: int) -> dict[str, bytes]:
        """The events of a tick, with room for the relay between its parts."""
        body: dict[str, Any] = {}
        for _ in self._filling(body):
            await asyncio.sleep(0)
        body["decisions"] = self._newest(SHOWN_DECISIONS)
        body["flow"] = self._flow(body["now_s"])
        await asyncio.sleep(0)
        events = {"state": msgspec.json.encode(body)}
        if tick % LEARNED_EVERY == 0:
            await asyncio.sleep(0)
            events["learned"] = msgspec.json.encode(self.learned())
        return events

    def _flow(self, now_s: float) -> list[dict[str, Any]]:
        """The last buckets; a reader that missed frames has the others from `past`."""
        buckets = self._lately.buckets(now_s - 4 * BUCKET_S)
        return [{"at_s": at_s, **counts(each)} for at_s, each in buckets]

    def _gpu(self, endpoint_id: str) -> dict[str, float | None]:
        usage = self._usage(endpoint_id)
        signals = {name: getattr(usage, name, None) for name in _GPU}
        return {name: each.value if each is not None else None for name, each in signals.items()}

    def _recent(self, now_s: float) -> dict[str, Any]:
        """Sums of the last two minutes over everything."""
        totals = dict.fromkeys(ENDS, 0)
        sent = spilled = 0
        for _, bucket in self._lately.buckets(now_s - RECENT_S):
            sent += sum(bucket.sent.values())
            spilled += sum(n for (_, _, is_spill), n in bucket.sent.items() if is_spill)
            for numbers in bucket.ends.values():
                for name, number in zip(ENDS, numbers, strict=True):
                    totals[name] += number
        answers = [a for a in self._lately.answers() if now_s - a.at_s <= RECENT_S]
        ttfts = [a.sent_after_s + a.ttft_s for a in answers if a.ttft_s is not None]
        span_s = min(RECENT_S, max(BUCKET_S, now_s - self._began_s))
        return {
            "span_s": round(span_s, 1),
            "sent": sent,
            "spilled": spilled,
            **totals,
            "ttft_p50_s": quantile(ttfts, 0.5),
            "ttft_p95_s": quantile(ttfts, 0.95),
        }


def _names(endpoint: Endpoint) -> frozenset[str]:
    """What its engine may call its model; Ollama adds ``:latest`` to names without a tag."""
    name = endpoint.upstream_name
    return frozenset({name, f"{name}:latest"})


def _fleet(config: FleetConfig) -> dict[str, Any]:
    """The configuration as far as views need it."""
    return {
        "policy": config.policy,
        "routes": {task.value: model for task, model in config.routes.items()},
        "slo": {task.value: asdict(slo) for task, slo in config.slo.items()},
        "models": {
            name: {
                "tasks": [task.value for task in model.tasks],
                "params_b": model.params_b,
                "context_tokens": model.context_tokens,
                "embedding_space": model.embedding_space,
            }
            for name, model in config.models.items()
        },
    }
