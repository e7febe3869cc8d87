"""Finding the engines that run on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from zeta_router.monitor.client import EngineClient, Line, base_of
from zeta_router.monitor.contact import identify
from zeta_router.monitor.engines.protocol import Ask, Conversation, Identity
from zeta_router.monitor.engines.reading import field_of, json_of

DEFAULT_CANDIDATES = tuple(
    f"http://127.0.0.1:{port}"
    for port in (
        11434,  # Ollama
        1234,  # LM Studio
        8000,  # vLLM
        30000,  # SGLang
        8080,  # llama.cpp, TGI, TEI
    )
)
"""Where engines listen by default. Which engine it is, its answers tell."""


@dataclass(frozen=True, slots=True)
class Found:
    """An engine and where it is."""

    url: str
    identity: Identity


async def discover(
    session: aiohttp.ClientSession,
    candidates: Sequence[str] = DEFAULT_CANDIDATES,
    timeout_s: float = 1.0,
) -> list[Found]:
    """The engines at these addresses, in their order; never raises.

    All addresses are tried at once, with `timeout_s` for each answer. A gateway of our own kind is
    not an engine and is left out.
    """
    client = EngineClient(session, timeout_s=timeout_s)
    urls = list(dict.fromkeys(map(base_of, candidates)))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_find(client, url)) for url in urls]
    return [found for task in tasks if (found := task.result()) is not None]


async def _find(client: EngineClient, url: str) -> Found | None:
    line = Line(client, url)
    if await line.hold(_is_gateway()) or not line.reached:
        return None
    identity = await identify(line)
    return Found(url, identity) if identity is not None else None


def _is_gateway() -> Conversation[bool]:
    """Whether a gateway of this project answers: routing to it could come back to us.

    Asked by shape and not by status: LM Studio answers 200 to addresses it does not know.
    """
    (fleet,) = yield (Ask("/zeta/fleet"),)
    listed = isinstance(field_of(json_of(fleet), "endpoints"), list)
    return listed or any(name.startswith("x-zeta") for name in fleet.headers)
