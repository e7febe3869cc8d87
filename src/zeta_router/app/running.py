"""Composition: one running gateway out of a configuration, and its orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from aiohttp import web

from zeta_router.app.config import LoadedConfig, Resources
from zeta_router.app.learning.keeper import Keeper, kept
from zeta_router.app.learning.loop import Retraining, retrained
from zeta_router.app.own_memory import OwnMemory, looked_after
from zeta_router.app.records import Telemetry
from zeta_router.app.tracing import tracing
from zeta_router.app.training.choosing import classifier_of, second_opinion_settings
from zeta_router.gateway.admin import Admin
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.relay import Relay
from zeta_router.gateway.second_opinion import SecondOpinion
from zeta_router.gateway.server import Server
from zeta_router.gateway.traced import Serves, TracedRelay, TracedUpstream
from zeta_router.gateway.upstream import AiohttpUpstream, Upstream, new_session
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.contact import Contacts
from zeta_router.monitor.poller import Poller
from zeta_router.monitor.probes import Prober
from zeta_router.monitor.resources import gpu
from zeta_router.monitor.resources.watch import ResourceWatch
from zeta_router.router.events import ConfigChanged
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.fleet import FLEET_FACT, fleet_fact

GC_THRESHOLDS = (5_000, 20, 50)
"""Rarer collections than Python's: they made one decision in a hundred take 2.6 ms instead of 1."""

DRAIN_S = 120.0
"""How long running answers may take to finish after SIGTERM."""


class Dealings:
    """How each engine is dealt with, by the configuration in force: what the router need not know.

    Attributes:
        config: The configuration in force.
    """

    def __init__(self, config: LoadedConfig) -> None:
        self.config = config

    def key_of(self, endpoint_id: str) -> str | None:
        """The bearer token for an endpoint; None when it wants none."""
        settings = self.config.endpoints.get(endpoint_id)
        secret = settings.api_key if settings is not None else None
        return secret.reveal() if secret is not None else None

    def resources_of(self, endpoint_id: str) -> Resources | None:
        """Where an endpoint's CPU, memory and GPU are measured."""
        settings = self.config.endpoints.get(endpoint_id)
        return settings.resources if settings is not None else None


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

    def apply(self, config: LoadedConfig) -> None:
        """Take over a reloaded configuration; what is being served stays where it is."""
        self.dealings.config = config
        self.driver.submit(ConfigChanged(self.driver.clock(), config.fleet))
        self.server.body_bytes = config.body_bytes
        self.poller.watch(self.driver.router.watched())


@contextlib.asynccontextmanager
async def running(
    config: LoadedConfig, *, seed: int | None = None
) -> AsyncIterator[RunningGateway]:
    """Serve `config` until the end of the block; then finish running answers and stop.

    Args:
        config: What to serve.
        seed: Root of all draws; fresh entropy when None.

    Raises:
        OSError: The address is taken or not ours.
        ConfigError: The log's file cannot be used.
    """
    clock = time.monotonic
    wall_offset_s = time.time() - clock()
    seed = secrets.randbits(63) if seed is None else seed
    async with contextlib.AsyncExitStack() as stack:
        log = DecisionLog(
            config.log.path,
            config.log.keep_days,
            prompts=config.log.prompts,
            wall_offset_s=wall_offset_s,
            facts={
                "seed": str(seed),
                "policy": config.fleet.policy,
                "source": config.source,
                FLEET_FACT: fleet_fact(config.fleet),
            },
        )
        stack.push_async_callback(asyncio.to_thread, log.close)
        router = ZetaDynamicRouter(config.fleet, classifier_of(config.classifier), seed=seed)
        await stack.enter_async_context(kept(Keeper(router, log, wall_offset_s), clock))
        telemetry = Telemetry(log, router, clock)
        spans = await stack.enter_async_context(
            tracing(config.otel_endpoint, os.environ, wall_offset_s)
        )
        session = await stack.enter_async_context(new_session())
        dealings = Dealings(config)
        client = EngineClient(session, clock)
        contacts = Contacts(client, dealings.key_of)
        prober = Prober(contacts, clock)
        driver = RouterDriver(
            router,
            clock=clock,
            probe=prober.probe,
            canary=prober.canary,
            prewarm=prober.prewarm,
            on_record=telemetry.on_record if spans is None else telemetry.with_spans(spans),
        )
        stack.push_async_callback(driver.close)
        retraining = Retraining(
            Path(config.log.path),
            log,
            driver.submit,
            clock=clock,
            wall_clock=time.time,
            every_h=config.retrain_every_h,
        )
        await stack.enter_async_context(retrained(retraining))
        upstream: Upstream = AiohttpUpstream(session)
        upstream = upstream if spans is None else TracedUpstream(upstream, spans)
        new_id = _ids()
        asking = second_opinion_settings(config.classifier, config.fleet)
        relay: Serves = Relay(
            driver,
            upstream,
            new_id=new_id,
            on_overhead=telemetry.observe_overhead,
            on_text=telemetry.on_text if telemetry.keeps_text else None,
            key_of=dealings.key_of,
            stall_s=lambda: dealings.config.stall_s,
            second=SecondOpinion(driver, upstream, asking, new_id=new_id, key_of=dealings.key_of)
            if asking is not None
            else None,
        )
        own_memory = OwnMemory(clock, lambda: router.open_cases)
        await stack.enter_async_context(looked_after(own_memory))
        admin = Admin(driver, telemetry, lambda: router.config, own_memory.trouble)
        relay = relay if spans is None else TracedRelay(relay, spans)
        server = Server(relay, admin, body_bytes=config.body_bytes)
        resources = ResourceWatch(client, dealings.resources_of, nvml=gpu.load())
        poller = Poller(contacts, driver.submit, clock, resources=resources)
        poller.watch(router.watched())
        await _in_background(stack, poller)
        url = await _listen(stack, server, config)
        gc.freeze()  # what lives from here on is traffic; the rest need not be walked every time
        gc.set_threshold(*GC_THRESHOLDS)
        yield RunningGateway(url, driver, server, poller, dealings)


async def _listen(stack: contextlib.AsyncExitStack, server: Server, config: LoadedConfig) -> str:
    """Bind and serve; leaving the stack stops accepting and lets running answers finish."""
    runner = web.AppRunner(
        server.application(),
        handler_cancellation=True,
        shutdown_timeout=DRAIN_S,
        access_log=None,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    host, port = config.listen.host, config.listen.port
    site = web.TCPSite(runner, host, port, backlog=1024)
    await site.start()
    bound = runner.addresses[0]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound[1]}"


async def _in_background(stack: contextlib.AsyncExitStack, poller: Poller) -> None:
    task = asyncio.create_task(poller.run())

    async def stop() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)


def _ids() -> Callable[[], str]:
    """Query ids: random per start, then counted, so that they never meet those of another run.

    The last part makes them hard to guess: who knows a decision's id may judge its answer.
    """
    start, secret = secrets.token_hex(5), secrets.token_bytes(16)
    numbers = itertools.count(1)

    def next_id() -> str:
        number = next(numbers)
        mark = blake2b(number.to_bytes(8), key=secret, digest_size=4).hexdigest()
        return f"zd-{start}-{number}-{mark}"

    return next_id
