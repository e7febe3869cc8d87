"""Which engines the embedded fleet has, and what the router is told about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zeta_router.app.embedded.ports import LOOPBACK
from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.query import Slo, Task

SLOT_CONTEXT_TOKENS = 2048
"""Context of each llama.cpp slot: prompt plus answer."""

EMBEDDING_SPACE = "e5-small-384"


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One engine of the fleet.

    Attributes:
        name: Its model's name in the fleet, which the engine answers to as well.
        work: Multiple of SmolLM2-135M's compute; 0 for the embedder.
        slots: Requests it works on at once.
    """

    name: str
    work: int
    slots: int

    @property
    def is_embedder(self) -> bool:
        """Whether it embeds instead of writing."""
        return self.work == 0


ENGINES = (
    EngineSpec("small-4b", work=1, slots=4),
    EngineSpec("coder-7b", work=2, slots=4),
    EngineSpec("reasoner-14b", work=4, slots=4),
    EngineSpec("embedder-4b", work=0, slots=2),
)
"""The fleet `zeta serve --embedded` starts.

Slots: four llama.cpp slots of 2,048 tokens keep the whole fleet at 2.2 GB (eight would pass 3 GB).
The embedder computes one call at a time, so a second slot hides the way there and back, and more
would only move the queue to where no priority reaches it.
"""

_MODELS = {
    model.name: model
    for model in (
        Model(
            "small-4b",
            {Task.SIMPLE: 0.6, Task.CODE: 0.45, Task.REASONING: 0.3},
            params_b=4,
            context_tokens=SLOT_CONTEXT_TOKENS,
        ),
        Model(
            "coder-7b",
            {Task.SIMPLE: 0.6, Task.CODE: 0.75, Task.REASONING: 0.45},
            params_b=7,
            context_tokens=SLOT_CONTEXT_TOKENS,
        ),
        Model(
            "reasoner-14b",
            {Task.SIMPLE: 0.75, Task.CODE: 0.6, Task.REASONING: 0.75},
            params_b=14,
            context_tokens=SLOT_CONTEXT_TOKENS,
        ),
        Model(
            "embedder-4b",
            {Task.EMBEDDING: 1.0},
            params_b=4,
            # No context_tokens: its limit is per text, and one call may carry thousands of them.
            embedding_space=EMBEDDING_SPACE,
        ),
    )
}

_ROUTES = {
    Task.SIMPLE: "small-4b",
    Task.CODE: "coder-7b",
    Task.REASONING: "reasoner-14b",
    Task.EMBEDDING: "embedder-4b",
}

_SLO = {
    Task.SIMPLE: Slo(ttft_s=1, e2e_s=4),
    Task.CODE: Slo(ttft_s=1.5, e2e_s=10),
    Task.REASONING: Slo(ttft_s=3, e2e_s=30),
    Task.EMBEDDING: Slo(e2e_s=0.5),
}


def engine_url(port: int) -> str:
    """Base address of the engine behind a port."""
    return f"http://{LOOPBACK}:{port}"


def embedded_fleet_config(ports: Mapping[str, int]) -> FleetConfig:
    """The fleet as the router takes it, with one endpoint per engine, named as its model.

    Args:
        ports: Port of each engine by its name in `ENGINES`.
    """
    return FleetConfig(
        models=_MODELS,
        endpoints=tuple(
            Endpoint(
                id=engine.name,
                url=engine_url(ports[engine.name]),
                model=engine.name,
                engine="openai" if engine.is_embedder else "llamacpp",
                slots=engine.slots,
            )
            for engine in ENGINES
        ),
        routes=_ROUTES,
        slo=_SLO,
    )
