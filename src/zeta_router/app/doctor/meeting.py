"""Meeting an engine as a doctor does: everything that is asked of it, once, and kept raw."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from zeta_router.core.fleet import Endpoint
from zeta_router.core.signal import EngineSample
from zeta_router.monitor.client import EngineClient, Line, base_of
from zeta_router.monitor.contact import identify
from zeta_router.monitor.engines import AUTO, adapter_of
from zeta_router.monitor.engines.protocol import Ask, Identity, Reply

PATIENCE = 3.0
"""A busy llama.cpp answers between two decode steps; a diagnosis can wait for that."""

Told = Mapping[str, Reply]


@dataclass(frozen=True, slots=True)
class Met:
    """What an endpoint's engine said.

    Attributes:
        identity: Who it is; None when it could not be told.
        sample: Its load.
        pages: Answers by path: ``/v1/models``, ``/metrics``, ``/slots``.
        skew_s: Its clock minus ours, from the ``Date`` header; None when it sends none.
        dimensions: Length of a vector, where one was asked for.
    """

    identity: Identity | None = None
    sample: EngineSample | None = None
    pages: Told = field(default_factory=dict)
    skew_s: float | None = None
    dimensions: int | None = None

    @property
    def reached(self) -> bool:
        """Whether any HTTP answer came."""
        return any(reply.status for reply in self.pages.values())

    @property
    def problem(self) -> str:
        """Why none came."""
        return next((reply.problem for reply in self.pages.values() if reply.problem), "")


_PAGES = tuple(Ask(path, patience=PATIENCE) for path in ("/v1/models", "/metrics", "/slots"))


async def meet(
    client: EngineClient,
    endpoint: Endpoint,
    api_key: str | None,
    *,
    embeds: bool = False,
    wall_clock: Callable[[], float] = time.time,
) -> Met:
    """Ask an engine who it is, how busy it is, and whatever else tells what is wrong.

    Args:
        client: Fetches; never raises for what an engine does.
        endpoint: As configured.
        api_key: The bearer token it wants.
        embeds: Whether to have it embed one letter, to learn how long its vectors are.
        wall_clock: Seconds since 1970.
    """
    base = base_of(endpoint.url)
    async with asyncio.TaskGroup() as group:
        tasks = {ask.path: group.create_task(client.fetch(base, ask, api_key)) for ask in _PAGES}
    pages = {path: task.result() for path, task in tasks.items()}
    now_s = wall_clock()
    if not any(reply.status for reply in pages.values()):
        return Met(pages=pages)
    line = Line(client, endpoint.url, api_key)
    identity = await identify(line)
    engine = _engine(endpoint, identity)
    name = endpoint.upstream_model or endpoint.model
    sample = await line.hold(adapter_of(engine).sample(name)) if engine else None
    length = await _dimensions(client, base, name, api_key) if embeds else None
    return Met(identity, sample, pages, _skew_s(pages, now_s), length)


def _engine(endpoint: Endpoint, identity: Identity | None) -> str | None:
    """Whose habits to ask by: the engine's own, unless it hides who it is."""
    if identity is not None and (identity.engine != "openai" or endpoint.engine == AUTO):
        return identity.engine
    return endpoint.engine if endpoint.engine != AUTO else None


def _skew_s(pages: Told, now_s: float) -> float | None:
    """From the answer's own date, which has whole seconds and may be one old."""
    for reply in pages.values():
        try:
            return parsedate_to_datetime(reply.headers["date"]).timestamp() - now_s
        except (KeyError, ValueError, TypeError, OverflowError):
            continue
    return None


async def _dimensions(
    client: EngineClient, base: str, model: str, api_key: str | None
) -> int | None:
    body = msgspec.json.encode({"model": model, "input": "a"})
    ask = Ask("/v1/embeddings", "POST", body, patience=10 * PATIENCE)
    reply = await client.fetch(base, ask, api_key)
    try:
        told: Any = msgspec.json.decode(reply.body)
        return len(told["data"][0]["embedding"])
    except (msgspec.MsgspecError, LookupError, TypeError):
        return None
