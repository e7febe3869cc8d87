"""LM Studio.

It tells its models and which of them are loaded, in a native list that came in two versions, and no
load at all. It answers 200 to every address, also those that it does not know, so only the shape
of an answer counts. A model that is not loaded is loaded when it is first asked for.

How many requests a loaded model works on is in its configuration (``parallel``); where that is not
told, LM Studio works on one after the other.

Source: lmstudio.ai/docs (REST API v1, v0). Not tried against a real LM Studio here.
"""

from __future__ import annotations

from zeta_router.core.query import Capability
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.engines.protocol import (
    Ask,
    Conversation,
    Identity,
    ModelKind,
    Reply,
    ServedModel,
)
from zeta_router.monitor.engines.reading import (
    absent,
    field_of,
    json_of,
    rows_of,
    text_of,
    whole_of,
)
from zeta_router.monitor.modelname import params_b_in

V1 = Ask("/api/v1/models", every_s=2.0)
V0 = Ask("/api/v0/models", every_s=2.0)

_KINDS = {
    "llm": ModelKind.CHAT,
    "vlm": ModelKind.CHAT,
    "embedding": ModelKind.EMBEDDING,
    "embeddings": ModelKind.EMBEDDING,
}


class LMStudio:
    """Adapter for ``engine: lmstudio``."""

    name = "lmstudio"

    def identify(self) -> Conversation[Identity | None]:
        """Whoever lists models in one of LM Studio's own shapes."""
        served, _ = yield from _models()
        return None if served is None else Identity(self.name, served)

    def probe(self, model: str) -> Conversation[bool]:
        """Alive while it lists its models; models load on demand."""
        new, old = yield (Ask(V1.path, always=True), Ask(V0.path, always=True))
        return _read_v1(new) is not None or _read_v0(old) is not None

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Which models are loaded, and how many requests `model` works on; no load."""
        served, reply = yield from _models()
        silent = Signal(None, reply.at_s, "LM Studio does not tell")
        mine = next((one for one in served or () if one.name == model), None)
        return EngineSample(
            slots=absent(reply, V0.path) if served is None else _slots(mine, reply.at_s),
            running=silent,
            waiting=silent,
            kv_used_ratio=silent,
            models=None if served is None else tuple(one.name for one in served),
            resident=None if served is None else tuple(o.name for o in served if o.resident),
        )


def _models() -> Conversation[tuple[tuple[ServedModel, ...] | None, Reply]]:
    """The models from the newer list, else from the older one; None when neither is there."""
    (new,) = yield (V1,)
    served = _read_v1(new)
    if served is not None:
        return served, new
    (old,) = yield (V0,)
    return _read_v0(old), old


def _read_v1(reply: Reply) -> tuple[ServedModel, ...] | None:
    listed = json_of(reply)
    rows = [row for row in rows_of(listed, "models") if "loaded_instances" in row]
    if not rows and field_of(listed, "models") != []:
        return None
    return tuple(_served_v1(row) for row in rows if text_of(row.get("key")))


def _served_v1(row: dict[str, object]) -> ServedModel:
    loaded = rows_of(row, "loaded_instances")
    config = loaded[0].get("config") if loaded else None
    size_label = text_of(row.get("params_string"))
    return ServedModel(
        str(row["key"]),
        kind=_KINDS.get(str(row.get("type")), ModelKind.UNKNOWN),
        context_tokens=whole_of(field_of(config, "context_length")),
        params_b=params_b_in(size_label) if size_label else None,
        size_bytes=whole_of(row.get("size_bytes")),
        lacks=_lacks(row.get("capabilities")),
        resident=bool(loaded),
        slots=whole_of(field_of(config, "parallel")),
    )


def _read_v0(reply: Reply) -> tuple[ServedModel, ...] | None:
    rows = rows_of(json_of(reply), "data")
    if not any("compatibility_type" in row for row in rows):
        return None
    return tuple(
        ServedModel(
            str(row["id"]),
            kind=_KINDS.get(str(row.get("type")), ModelKind.UNKNOWN),
            context_tokens=whole_of(row.get("loaded_context_length")),
            lacks=frozenset() if row.get("type") != "llm" else frozenset({Capability.VISION}),
            resident=row.get("state") == "loaded",
        )
        for row in rows
        if text_of(row.get("id"))
    )


def _lacks(told: object) -> frozenset[Capability]:
    lacks = set()
    if field_of(told, "vision") is False:
        lacks.add(Capability.VISION)
    if field_of(told, "trained_for_tool_use") is False:
        lacks.add(Capability.TOOLS)
    return frozenset(lacks)


def _slots(model: ServedModel | None, at_s: float) -> Signal:
    if model is None:
        return Signal(None, at_s, "LM Studio does not list this model")
    if model.slots is not None:
        return Signal(float(model.slots), at_s, "loaded_instances parallel")
    return Signal(1.0, at_s, "parallel is not told, LM Studio then works on one at a time")
