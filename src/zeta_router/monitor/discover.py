"""Finding the engines that run on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import aiohttp

from zeta_router.monitor.client import TIMEOUT_S, EngineClient, Line, base_of
from zeta_router.monitor.contact import identify
from zeta_router.monitor.engines.protocol import Ask, Conversation, Identity, Reply
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
    timeout_s: float = TIMEOUT_S,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> list[Found]:
    """The engines at these addresses, in their order; never raises.

    All addresses are tried at once. A gateway of our own kind is not an engine and is left out.

    Args:
        session: Asks.
        candidates: Where to look.
        timeout_s: For each answer.
        keys: Bearer tokens by address; an address without one is asked without, so that no
            program that happens to listen somewhere is shown another one's key.
    """
    client = EngineClient(session, timeout_s=timeout_s)
    urls = list(dict.fromkeys(map(base_of, candidates)))
    token = {base_of(url): key for url, key in keys.items()}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_find(client, url, token.get(url))) for url in urls]
    return [found for task in tasks if (found := task.result()) is not None]


async def listing(session: aiohttp.ClientSession, url: str, key: str | None = None) -> Reply:
    """What an address answers when it is asked for its models: why no engine was found there."""
    client = EngineClient(session, timeout_s=TIMEOUT_S)
    return await client.fetch(base_of(url), Ask("/v1/models"), key)


async def _find(client: EngineClient, url: str, key: str | None) -> Found | None:
    line = Line(client, url, key)
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
