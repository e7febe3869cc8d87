"""The gateway and the load of a live test, from a configuration to its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import aiohttp

from zeta_router.app.ab.design import Design
from zeta_router.app.ab.live import LiveArms
from zeta_router.app.ab.session import Progress, Tell, conduct
from zeta_router.app.bench.body import body_of
from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.sending import Reply, Sender
from zeta_router.app.config import Listen, LoadedConfig
from zeta_router.app.running import running
from zeta_router.core.query import Slo

_SILENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent.

    Attributes:
        plan: When, from the start of the test, and what (and in which half of its pair).
        max_tokens: Longest answer; None sets no limit.
        tell_lengths: Tell `zeta emulate` how long the tables' answers are.
    """

    plan: Sequence[tuple[float, Ask, int]]
    slo: Slo
    max_tokens: int | None = None
    tell_lengths: bool = False


async def conduct_live(
    design: Design, config: LoadedConfig, load: Load, log: Path, tell: Tell | None = None
) -> Progress:
    """Serve `config` on a free port, send the load, and test.

    The decision log goes to `log` and not to the configured place: the router that serves there
    must not find the learned state of a test.

    Raises:
        ConfigError: The configuration cannot be served.
    """
    stop, by_hand = asyncio.Event(), asyncio.Event()
    ours = replace(
        config,
        listen=Listen("127.0.0.1", 0),
        log=replace(config.log, path=str(log)),
        fleet=replace(config.fleet, policy=design.a),
    )
    async with contextlib.AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(running(ours, seed=design.seed))
        await stack.enter_async_context(_stopped_by_signal(stop, by_hand))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None), connector=aiohttp.TCPConnector(limit=0)
            )
        )
        sender = Sender(session, gateway.url, {}, _SILENCE_S, monotonic)

        async def send(ask: Ask, reply: Reply) -> None:
            body = body_of(ask, "auto", max_tokens=load.max_tokens, tell_lengths=load.tell_lengths)
            await sender.send(body, reply)

        arms = LiveArms(
            gateway,
            ours,
            [at_s for at_s, _, _ in load.plan],
            (ask for _, ask, _ in load.plan),
            send,
            load.slo,
            stop,
            monotonic,
        )
        progress = await conduct(design, arms, tell)
        progress.interrupted = by_hand.is_set() and not progress.stopped_early
        return progress


@contextlib.asynccontextmanager
async def _stopped_by_signal(*events: asyncio.Event) -> AsyncIterator[None]:
    """Ctrl-C and SIGTERM set these, to end the test with what is known, instead of the program."""

    def stop() -> None:
        for event in events:
            event.set()

    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
