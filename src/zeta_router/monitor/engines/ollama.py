"""Ollama.

It tells which models are installed (`/api/tags`), which are in memory (`/api/ps`) and what each can
do (`/api/show`), but neither how many requests it works on nor how many it queues: those are known
from our own dispatches only. It hides up to 512 requests in a queue of its own, so the in-flight
cap matters most here: ``OLLAMA_NUM_PARALLEL`` is not told, and its default of 1 is assumed.

The context length is that of the loaded model. Before it is loaded nothing tells it (the model's
trained length is not what Ollama allots), so it stays unknown.

Source: docs/api.md, server/routes.go, envconfig/config.go. Not tried against a real Ollama here.
"""

from __future__ import annotations

import msgspec

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

TAGS = Ask("/api/tags", every_s=30.0)
PS = Ask("/api/ps")
ASSUMED_SLOTS = 1.0
SHOWN_AT_MOST = 64
"""Models whose abilities are asked for; each costs the server a read of the model file's head."""


class Ollama:
    """Adapter for ``engine: ollama``."""

    name = "ollama"

    def identify(self) -> Conversation[Identity | None]:
        """Whoever answers both `/api/version` and `/api/tags` in Ollama's shape."""
        version, tags = yield (Ask("/api/version", every_s=30.0), TAGS)
        told = text_of(field_of(json_of(version), "version"))
        if told is None or not isinstance(field_of(json_of(tags), "models"), list):
            return None
        rows = _rows(tags)[:SHOWN_AT_MOST]
        loaded, *shown = yield (PS, *(_show(str(row["name"])) for row in rows))
        resident = {str(row["name"]): row for row in _rows(loaded)}
        served = [_served(row, show, resident) for row, show in zip(rows, shown, strict=True)]
        return Identity(self.name, tuple(served), version=told)

    def probe(self, model: str) -> Conversation[bool]:
        """Alive while it tells its version; models load on demand."""
        (version,) = yield (Ask("/api/version", always=True),)
        return version.ok

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Which models are in memory; no load."""
        ps, tags = yield (PS, TAGS)
        silent = Signal(None, ps.at_s, "Ollama does not tell")
        loaded = isinstance(field_of(json_of(ps), "models"), list)
        slots = Signal(ASSUMED_SLOTS, ps.at_s, "OLLAMA_NUM_PARALLEL is not told, its default is 1")
        return EngineSample(
            slots=slots if loaded else absent(ps, PS.path),
            running=silent,
            waiting=silent,
            kv_used_ratio=silent,
            models=_names(tags),
            resident=_names(ps),
        )


def _show(model: str) -> Ask:
    return Ask("/api/show", "POST", msgspec.json.encode({"model": model}), every_s=30.0)


def _rows(reply: Reply) -> list[dict[str, object]]:
    return [row for row in rows_of(json_of(reply), "models") if text_of(row.get("name"))]


def _names(reply: Reply) -> tuple[str, ...] | None:
    """The names; an empty list is an answer (nothing loaded), no list is none."""
    if not isinstance(field_of(json_of(reply), "models"), list):
        return None
    return tuple(str(row["name"]) for row in _rows(reply))


def _served(
    row: dict[str, object], show: Reply, resident: dict[str, dict[str, object]]
) -> ServedModel:
    name = str(row["name"])
    abilities = field_of(json_of(show), "capabilities")
    loaded = resident.get(name)
    size_label = text_of(field_of(row, "details", "parameter_size"))
    return ServedModel(
        name,
        kind=_kind(abilities, field_of(row, "details", "families")),
        context_tokens=whole_of(field_of(loaded, "context_length")),
        params_b=params_b_in(size_label) if size_label else None,
        size_bytes=whole_of(row.get("size")),
        lacks=_lacks(abilities),
        resident=loaded is not None,
    )


def _kind(abilities: object, families: object) -> ModelKind:
    if isinstance(abilities, list) and abilities:
        if "completion" in abilities:
            return ModelKind.CHAT
        return ModelKind.EMBEDDING if "embedding" in abilities else ModelKind.UNKNOWN
    bert = isinstance(families, list) and any("bert" in str(family) for family in families)
    return ModelKind.EMBEDDING if bert else ModelKind.UNKNOWN


def _lacks(abilities: object) -> frozenset[Capability]:
    if not isinstance(abilities, list) or not abilities:
        return frozenset()
    wanted = (Capability.TOOLS, Capability.VISION)
    return frozenset(need for need in wanted if need.value not in abilities)
