"""Composition: one running gateway out of a configuration, and its orderly end."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from zeta_router.app.config import LoadedConfig
from zeta_router.app.learning.keeper import Keeper, kept
from zeta_router.app.learning.loop import Retraining, retrained
from zeta_router.app.own_memory import OwnMemory, looked_after
from zeta_router.app.records import Telemetry
from zeta_router.app.tracing import tracing
from zeta_router.app.training.choosing import classifier_of
from zeta_router.app.wiring.certificate import Certificate
from zeta_router.app.wiring.data_plane import relay_of, upstream_of
from zeta_router.app.wiring.dealings import Dealings
from zeta_router.app.wiring.listening import listening
from zeta_router.app.wiring.overview import overview
from zeta_router.app.wiring.recording import decision_log
from zeta_router.app.wiring.watching import Watching
from zeta_router.gateway.admin import Admin
from zeta_router.gateway.clients.clients import Clients
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.keys.door import Door
from zeta_router.gateway.server import Server
from zeta_router.gateway.upstream import new_session
from zeta_router.monitor.poller import Poller
from zeta_router.router.events import ConfigChanged
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.wall import Wall

GC_THRESHOLDS = (50_000, 20, 50)
"""Rare collections. What a query leaves lives on for a thousand more (`telemetry.recent`), so the
young generation is mostly alive, and a collection of it takes 15 to 25 ms once 400 queries have
gone by. At a threshold of 5,000 there was one each 400 queries, 40 µs of each; at this one there is
one in 12,000, 4 µs. Reference counts free nearly everything: a collection finds one object to free
per five queries."""


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway that answers.

    Attributes:
        url: Its address, with the port that was really bound.
    """

    url: str
    driver: RouterDriver
    server: Server
    poller: Poller
    dealings: Dealings
    door: Door
    clients: Clients
    certificate: Certificate | None

    def apply(self, config: LoadedConfig) -> None:
        """Take over a reloaded configuration; what is being served stays where it is."""
        self.dealings.config = config
        self.driver.submit(ConfigChanged(self.driver.clock(), config.fleet))
        self.server.body_bytes = config.body_bytes
        self.clients.limits = config.clients
        self.door.replace(config.keys)
        self.poller.watch(self.driver.router.watched())


@contextlib.asynccontextmanager
async def running(
    config: LoadedConfig, *, seed: int | None = None
) -> AsyncIterator[RunningGateway]:
    """Serve `config` until the end of the block; then finish running answers and stop.

    What is entered first ends last: the log is still open when the last answer is through.

    Args:
        config: What to serve.
        seed: Root of all draws; fresh entropy when None.

    Raises:
        OSError: The address is taken or not ours.
        ConfigError: The log's file or the certificate cannot be used.
    """
    clock = time.monotonic
    wall = Wall(clock)
    seed = secrets.randbits(63) if seed is None else seed
    certificate = Certificate(config.tls) if config.tls is not None else None
    dealings = Dealings(config)
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        log = await enter(decision_log(config, seed, wall))
        router = ZetaDynamicRouter(config.fleet, classifier_of(config.classifier), seed=seed)
        await enter(kept(Keeper(router, log, wall.offset_s), clock))
        clients = Clients(config.clients)
        telemetry = Telemetry(log, router, clock, clients.counts)
        spans = await enter(tracing(config.otel_endpoint, os.environ, wall.offset_s()))
        session = await enter(new_session())
        watching = Watching(session, dealings, clock)
        door = Door(config.keys, clock)
        driver = await enter(watching.driving(router, door.counting(telemetry.with_spans(spans))))
        await enter(retrained(_retraining(config, log, driver)))
        upstream = await enter(upstream_of(config, session))
        relay = relay_of(dealings, driver, upstream, telemetry, spans)
        memory = OwnMemory(clock, lambda: router.open_cases)
        await enter(looked_after(memory))
        seen = await enter(overview(config, router, telemetry, clock, watching.resources.latest))
        admin = Admin(driver, telemetry, lambda: router.config, memory.trouble, seen.state)
        server = Server(relay, admin, body_bytes=config.body_bytes, more=seen, door=door)
        poller = await enter(watching.polling(driver))
        tls = certificate.context if certificate is not None else None
        url = await enter(listening(server, config.listen, clients, tls))
        _leave_garbage_lie()
        yield RunningGateway(url, driver, server, poller, dealings, door, clients, certificate)


def _retraining(config: LoadedConfig, log: DecisionLog, driver: RouterDriver) -> Retraining:
    return Retraining(
        Path(config.log.path),
        log,
        driver.submit,
        clock=driver.clock,
        wall_clock=time.time,
        every_h=config.retrain_every_h,
        weights=config.classifier.weights,
    )


def _leave_garbage_lie() -> None:
    """Collect rarely: what lives from here on is traffic; the rest need not be walked each time."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
