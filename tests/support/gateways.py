"""The real gateway on loopback: server, relay, driver, router and clients, in front of scripts.

Time is the loop's own, with one addition: it can be moved forward, and then every timer that is
due fires. So nothing here sleeps, and a pause of ten seconds takes no time.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import aiohttp
from aiohttp import web

from support.asking import Said
from support.fleets import fleet
from support.scripted import ScriptedEngine
from zeta_router.core.fleet import Endpoint, Limits
from zeta_router.core.outcome import Outcome
from zeta_router.core.query import LANES, Operation
from zeta_router.core.snapshot import EndpointView
from zeta_router.gateway.admin import Admin, Records
from zeta_router.gateway.clients.accepting import accepting
from zeta_router.gateway.clients.clients import Clients
from zeta_router.gateway.clients.limits import ClientLimits
from zeta_router.gateway.driver import Record, RouterDriver
from zeta_router.gateway.keys.door import Door
from zeta_router.gateway.keys.key import Key
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.relay import Relay
from zeta_router.gateway.server import Server
from zeta_router.gateway.upstream import AiohttpUpstream, new_session
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.contact import Contacts
from zeta_router.monitor.probes import Prober
from zeta_router.router.commands import OutcomeRecord
from zeta_router.router.events import Probed
from zeta_router.router.router import ZetaDynamicRouter

T = TypeVar("T")

LIMIT_S = 30.0
CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Write a Python function that adds two numbers"}]


class MovableLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be moved forward."""

    def __init__(self) -> None:
        self._skipped_s = 0.0
        super().__init__()

    def time(self) -> float:
        return super().time() + self._skipped_s

    def move(self, seconds: float) -> None:
        """Let time pass at once."""
        self._skipped_s += seconds


def on_loopback(
    scenario: Callable[[], Awaitable[T]],
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run a scenario to its end.

    pytest's own limit cannot interrupt uvloop, so a loop whose clock cannot be moved has one here.
    """

    async def limited() -> T:
        if isinstance(asyncio.get_running_loop(), MovableLoop):
            return await scenario()
        async with asyncio.timeout(LIMIT_S):
            return await scenario()

    with asyncio.Runner(loop_factory=loop or MovableLoop) as runner:
        return runner.run(limited())


@dataclass(slots=True)
class Gateway:
    """A gateway that answers, and what can be seen of it from outside and inside."""

    url: str
    port: int
    driver: RouterDriver
    server: Server
    session: aiohttp.ClientSession
    engines: dict[str, ScriptedEngine]
    records: list[Record]
    overheads: list[float]
    runner: web.AppRunner
    upstream: LeanUpstream
    clients: Clients
    _waiters: set[asyncio.Future[None]] = field(default_factory=set)

    def note(self) -> None:
        """Something has happened: whoever waits looks again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until a condition holds; looked at whenever something has happened."""
        while not condition():
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            await waiter
            self._waiters.discard(waiter)

    def move(self, seconds: float) -> None:
        """Let time pass at once."""
        cast(MovableLoop, asyncio.get_running_loop()).move(seconds)

    async def ask(
        self,
        body: Any = None,
        path: str = CHAT,
        *,
        raw: Any = None,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> Said:
        """One request to its end."""
        data = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        given = {"content-type": "application/json", **(headers or {})}
        async with self.session.request(
            method, self.url + path, data=data, headers=given, allow_redirects=False
        ) as response:
            lower = {name.lower(): value for name, value in response.headers.items()}
            return Said(response.status, lower, await response.read())

    async def chat(self, **more: Any) -> Said:
        """A chat request about code."""
        return await self.ask({"model": "auto", "messages": MESSAGES, **more})

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def begin(self, **more: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A chat request on a bare connection, sent and not read."""
        reader, writer = await self.connect()
        body = json.dumps({"model": "auto", "messages": MESSAGES, **more}).encode()
        writer.write(request_bytes(CHAT, body))
        await writer.drain()
        return reader, writer

    def hang_up(self) -> None:
        """Close the server's side of every client's connection, as the kernel does on an error."""
        assert self.runner.server is not None
        for handler in self.runner.server.connections:
            if handler.transport is not None:
                handler.transport.close()

    @property
    def outcomes(self) -> list[Outcome]:
        """How attempts ended, in order."""
        return [r.outcome for r in self.records if isinstance(r, OutcomeRecord)]

    @property
    def queued(self) -> int:
        return sum(self.driver.router.queue_depths()[lane] for lane in LANES)

    def view(self, endpoint_id: str) -> EndpointView:
        """An endpoint as the router sees it."""
        views = self.driver.router.snapshot(self.driver.clock()).views
        return next(view for view in views if view.endpoint.id == endpoint_id)

    def in_flight(self) -> dict[str, int]:
        views = self.driver.router.snapshot(self.driver.clock()).views
        return {view.endpoint.id: view.in_flight for view in views}

    def states(self) -> dict[str, str]:
        views = self.driver.router.snapshot(self.driver.clock()).views
        return {view.endpoint.id: view.health.value for view in views}

    @property
    def idle(self) -> bool:
        """Whether nothing is held, sent or waited for."""
        return (
            self.driver.waiting_handlers == 0
            and self.driver.router.open_cases == 0
            and self.queued == 0
            and not any(self.in_flight().values())
        )


def request_bytes(path: str, body: bytes, method: str = "POST", **headers: str) -> bytes:
    """A request as bytes; `content_type` becomes ``content-type``."""
    given = {
        "host": "127.0.0.1",
        "content-type": "application/json",
        "content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


Spec = tuple[str, str, ScriptedEngine | None]
"""Id, model and engine of an endpoint; without an engine nobody listens there."""


@contextlib.asynccontextmanager
async def gateway(
    *specs: Spec,
    slots: int = 2,
    policy: str = "static",
    limits: Limits | None = None,
    body_bytes: int = 1 << 20,
    records: Records | None = None,
    on_record: Callable[[Record], object] = lambda record: None,
    upstream_model: str | None = None,
    key_of: Callable[[str], str | None] = lambda endpoint_id: None,
    on_text: Callable[[str, bytes], None] | None = None,
    on_overhead: Callable[[float], None] | None = None,
    leaves_idle: bool = True,
    stall_s: float = 60.0,
    lean: bool = True,
    keys: Sequence[Key] = (),
    client_limits: ClientLimits | None = None,
) -> AsyncIterator[Gateway]:
    """Serve a fleet of scripted engines; at the end everything must be given back."""
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        endpoints = await _started(stack, specs, slots, upstream_model)
        config = fleet(*endpoints, policy=policy, limits=limits or Limits(10, 5.0, 2))
        router = ZetaDynamicRouter(config, RuleClassifier(), seed=1)
        session = await stack.enter_async_context(new_session())
        engines_client = await stack.enter_async_context(LeanUpstream())
        kept: list[Record] = []
        overheads: list[float] = []
        gate: list[Gateway] = []

        def keep(record: Record) -> None:
            kept.append(record)
            on_record(record)
            if gate:
                gate[0].note()

        prober = Prober(Contacts(EngineClient(session, loop.time), key_of), loop.time)

        async def probe(endpoint: Endpoint, generation: int, by: Operation | None = None) -> Probed:
            probed = await prober.probe(endpoint, generation, by)
            loop.call_soon(gate[0].note)  # runs once the router has heard of it
            return probed

        door = Door(keys, loop.time)
        driver = RouterDriver(router, clock=loop.time, probe=probe, on_record=door.counting(keep))
        stack.push_async_callback(driver.close)
        numbers = itertools.count(1)
        relay = Relay(
            driver,
            engines_client if lean else AiohttpUpstream(session),
            new_id=lambda: f"q{next(numbers)}",
            on_overhead=on_overhead or overheads.append,
            on_text=on_text,
            key_of=key_of,
            stall_s=lambda: stall_s,
        )
        admin = Admin(driver, cast(Records, records), lambda: router.config)
        server = Server(relay, admin, body_bytes=body_bytes, door=door)
        clients = Clients(client_limits or ClientLimits())
        runner = await stack.enter_async_context(
            accepting(server.application(), "127.0.0.1", 0, clients=clients, drain_s=0.1)
        )
        port = runner.addresses[0][1]
        asking = await stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
            )
        )
        engines = {id_: engine for id_, _, engine in specs if engine is not None}
        made = Gateway(
            f"http://127.0.0.1:{port}",
            port,
            driver,
            server,
            asking,
            engines,
            kept,
            overheads,
            runner,
            engines_client,
            clients,
        )
        gate.append(made)
        for engine in engines.values():
            engine.on_change = made.note
        yield made
        if leaves_idle:
            assert made.idle, (made.in_flight(), made.queued, driver.waiting_handlers)


async def _started(
    stack: contextlib.AsyncExitStack, specs: Sequence[Spec], slots: int, upstream_model: str | None
) -> list[Endpoint]:
    endpoints = []
    for id_, model, engine in specs:
        url = "http://127.0.0.1:9"
        if engine is not None:
            await engine.start()
            stack.push_async_callback(engine.stop)
            url = engine.url
        given = Endpoint(id_, url, model, engine="openai", slots=slots)
        endpoints.append(replace(given, upstream_model=upstream_model))
    return endpoints
