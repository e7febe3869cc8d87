"""Who is to be measured: the engine behind an address, its model and its slots."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from zeta_router.core.errors import ConfigError
from zeta_router.monitor.client import EngineClient, Line, base_of
from zeta_router.monitor.contact import identify
from zeta_router.monitor.engines.listing import MODELS
from zeta_router.monitor.engines.protocol import Ask, Identity, ModelKind, Reply, ServedModel
from zeta_router.monitor.engines.reading import field_of, json_of
from zeta_router.monitor.guess import kind_of

ANSWER_WITHIN_S = 5.0
"""How long an engine may take to say who it is."""

_WRITES_NOTHING = frozenset({ModelKind.EMBEDDING, ModelKind.RERANK})


@dataclass(frozen=True, slots=True)
class Target:
    """An engine's model.

    Attributes:
        slots: As the user or the engine says; None when neither does.
        context_tokens: Longest prompt plus answer; None when unknown.
    """

    url: str
    engine: str
    model: str
    slots: int | None = None
    context_tokens: int | None = None
    api_key: str | None = None


async def find_target(
    session: aiohttp.ClientSession,
    url: str,
    *,
    model: str | None = None,
    slots: int | None = None,
    api_key: str | None = None,
) -> Target:
    """Ask the address who it is.

    Args:
        session: Whoever made it closes it.
        url: With or without OpenAI's ``/v1``.
        model: Its model, where it has several.
        slots: What to believe instead of its word.
        api_key: Sent as a bearer token.

    Raises:
        ConfigError: Nothing listens, it is no engine, it wants a key, or it is not told which
            of its models is meant.
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ConfigError("URL", f"{url!r} is no address", "like http://127.0.0.1:8000")
    base = base_of(url)
    client = EngineClient(session, timeout_s=ANSWER_WITHIN_S)
    listed = await client.fetch(base, MODELS, api_key)
    _require_engine(base, listed, keyed=api_key is not None)
    if _is_gateway(await client.fetch(base, Ask("/zeta/fleet"), api_key)):
        raise ConfigError(base, "is a gateway of ours", "calibrate the engines behind it")
    identity = await identify(Line(client, base, api_key))
    if identity is None:
        raise ConfigError(
            base, "is not an OpenAI-compatible server: it lists no model at /v1/models"
        )
    served = _chosen(base, identity, model)
    return Target(
        url=base,
        engine=identity.engine,
        model=served.name,
        slots=slots or served.slots or identity.slots,
        context_tokens=served.context_tokens,
        api_key=api_key,
    )


def _require_engine(base: str, listed: Reply, *, keyed: bool) -> None:
    if listed.status == 0:
        refused = listed.problem.startswith("ClientConnector")
        problem = "nothing listens there" if refused else f"gives no answer: {listed.problem}"
        raise ConfigError(base, problem, "is the engine running?")
    if listed.status in {401, 403}:
        hint = "is it the right one?" if keyed else "name its variable with --key-env NAME"
        problem = "refuses the key" if keyed else "wants a key"
        raise ConfigError(base, f"{problem} (HTTP {listed.status})", hint)
    if listed.status == 503:
        raise ConfigError(base, "is not ready (HTTP 503)", "its model is loading; try again")
    if not listed.ok:
        raise ConfigError(
            base, f"is not an OpenAI-compatible server: /v1/models answers {listed.why}"
        )


def _is_gateway(fleet: Reply) -> bool:
    listed = isinstance(field_of(json_of(fleet), "endpoints"), list)
    return listed or any(name.startswith("x-zeta") for name in fleet.headers)


def _chosen(base: str, identity: Identity, name: str | None) -> ServedModel:
    served = identity.models
    if name is not None:
        named = next((model for model in served if model.name == name), None)
        if named is None and served:
            raise ConfigError("--model", f"{base} has no {name!r}", f"it has: {_names(served)}")
        return named or ServedModel(name)
    writing = [model for model in served if kind_of(model) not in _WRITES_NOTHING]
    if not writing:
        raise ConfigError(
            base,
            f"has no model that writes text ({_names(served) or 'it lists none'})",
            "--model NAME if it does have one",
        )
    loaded = [model for model in writing if model.resident]
    if len(writing) > 1 and len(loaded) != 1:
        raise ConfigError(base, "has several models", f"choose with --model: {_names(writing)}")
    return writing[0] if len(writing) == 1 else loaded[0]


def _names(models: tuple[ServedModel, ...] | list[ServedModel]) -> str:
    return ", ".join(model.name for model in models)
