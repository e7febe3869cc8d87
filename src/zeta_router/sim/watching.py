"""Looking at engines from outside: polls that are late, and probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zeta_router.core.signal import EngineSample, Signal
from zeta_router.router.commands import Prewarm, StartProbe
from zeta_router.router.events import Event, Probed, Sampled, Unanswered
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.kernel import Kernel

PROBE_S = 0.002
"""How long a probe takes on one machine."""

UNANSWERED_S = 0.5
"""After how long without an answer the router is told of a poll."""


@dataclass(frozen=True, slots=True)
class Polls:
    """Every engine is polled each `period_s`; its word arrives `lag_s` later."""

    period_s: float = 1.0
    lag_s: float = 0.05


POLLS = Polls()
"""The gateway's own period, and a lag that a busy engine easily has."""


class Watching:
    """Polls engines and answers probes, in virtual time; what is down or stalled says nothing."""

    def __init__(
        self,
        kernel: Kernel,
        engines: Mapping[str, Engine],
        router: ZetaDynamicRouter,
        polls: Polls,
        tell: Callable[[Event], None],
    ) -> None:
        self._kernel = kernel
        self._engines = engines
        self._polls = polls
        self._tell = tell
        views = router.snapshot(0.0).views
        self._generations = {view.endpoint.id: view.generation for view in views}
        self._models = {view.endpoint.id: view.endpoint.model for view in views}

    def start(self) -> None:
        """Poll from now on."""
        for endpoint_id in self._engines:
            self._kernel.at(self._kernel.now_s, self._poll, endpoint_id)

    def probe(self, command: StartProbe) -> None:
        """Ask whether the endpoint lives."""
        self._kernel.at(self._kernel.now_s + PROBE_S, self._probed, command)

    def prewarm(self, command: Prewarm) -> None:
        """Load the model of an engine."""
        engine = self._engines[command.endpoint.id]
        if engine.alive:
            engine.load()

    def _probed(self, command: StartProbe) -> None:
        endpoint_id = command.endpoint.id
        engine = self._engines[endpoint_id]
        alive = engine.alive and not engine.stalled
        deep = command.by is not None
        self._tell(Probed(self._kernel.now_s, endpoint_id, command.generation, alive, deep))

    def _poll(self, endpoint_id: str) -> None:
        engine, now_s = self._engines[endpoint_id], self._kernel.now_s
        self._kernel.at(now_s + self._polls.period_s, self._poll, endpoint_id)
        if not engine.alive:
            return
        if engine.stalled:
            event = Unanswered(now_s + UNANSWERED_S, endpoint_id, self._generations[endpoint_id])
            self._kernel.at(event.at_s, self._tell, event)
            return
        arrives_s = now_s + self._polls.lag_s
        sample = _sample(engine, self._models[endpoint_id], now_s)
        sampled = Sampled(arrives_s, endpoint_id, self._generations[endpoint_id], sample)
        self._kernel.at(arrives_s, self._tell, sampled)


def _sample(engine: Engine, model: str, now_s: float) -> EngineSample:
    capacity = engine.spec.kv_tokens
    kv_ratio = None if capacity is None else engine.kv_used_tokens / capacity
    return EngineSample(
        slots=Signal(engine.spec.slots, now_s, "sim:slots"),
        running=Signal(engine.running, now_s, "sim:running"),
        waiting=Signal(engine.waiting, now_s, "sim:waiting"),
        kv_used_ratio=Signal(kv_ratio, now_s, "sim:kv_used_ratio"),
        resident=(model,) if engine.in_memory else (),
    )
