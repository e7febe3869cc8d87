"""One small adapter per engine, and the order in which an unknown server is tried on them."""

from __future__ import annotations

from zeta_router.core.errors import ConfigError
from zeta_router.monitor.engines.llamacpp import LlamaCpp
from zeta_router.monitor.engines.lmstudio import LMStudio
from zeta_router.monitor.engines.ollama import Ollama
from zeta_router.monitor.engines.openai import OpenAIServer
from zeta_router.monitor.engines.protocol import Adapter
from zeta_router.monitor.engines.sglang import SGLang
from zeta_router.monitor.engines.tei import TEI
from zeta_router.monitor.engines.tgi import TGI
from zeta_router.monitor.engines.vllm import VLLM

ADAPTERS: tuple[Adapter, ...] = (
    LlamaCpp(),
    VLLM(),
    SGLang(),
    Ollama(),
    LMStudio(),
    TEI(),
    TGI(),
    OpenAIServer(),
)
"""The surest signatures first; `openai`, which fits almost anybody, last."""

AUTO = "auto"
"""The engine name that asks to find out."""

ENGINE_NAMES = tuple(adapter.name for adapter in ADAPTERS)
"""What ``engine:`` in `zeta.yaml` may say besides ``auto``."""

_BY_NAME = {adapter.name: adapter for adapter in ADAPTERS}


def adapter_of(engine: str) -> Adapter:
    """The adapter of this name.

    Raises:
        ConfigError: If there is none; the message lists the known ones.
    """
    adapter = _BY_NAME.get(engine)
    if adapter is None:
        known = ", ".join((AUTO, *ENGINE_NAMES))
        raise ConfigError("engine", f"no engine is called {engine!r}", f"known: {known}")
    return adapter
