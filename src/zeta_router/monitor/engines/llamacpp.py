"""llama.cpp's `llama-server`.

`/props` tells the slots, `/slots` which of them are busy, `/metrics` (only with ``--metrics``)
how many requests are deferred. `/health` answers 503 while the model loads.

Two things to know. `/metrics` and `/slots` wait for the current decode step, so they are slow on
a busy engine. And they wake an engine that went to sleep (``--sleep-idle-seconds``), and keep it
from going: a sleeping engine is therefore asked for `/props` only, which wakes nothing.

Source: tools/server/README.md; answers of a real server of 2026-10.
"""

from __future__ import annotations

from urllib.parse import urlencode

from zeta_router.core.query import Capability
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.engines import listing
from zeta_router.monitor.engines.exposition import Page
from zeta_router.monitor.engines.protocol import (
    Ask,
    Conversation,
    Identity,
    Reply,
    ServedModel,
)
from zeta_router.monitor.engines.reading import (
    absent,
    count,
    field_of,
    json_of,
    number_of,
    rows_of,
    text_of,
    whole_of,
)

RUNNING = "llamacpp:requests_processing"
WAITING = "llamacpp:requests_deferred"


class LlamaCpp:
    """Adapter for ``engine: llamacpp``."""

    name = "llamacpp"

    def identify(self) -> Conversation[Identity | None]:
        """Signs with ``Server: llama.cpp`` on every answer, also while loading."""
        (models,) = yield (listing.MODELS,)
        signed = models.headers.get("server", "").lower() == "llama.cpp"
        if not signed and "llamacpp" not in listing.owners(models):
            return None
        (props,) = yield (Ask("/props", every_s=5.0),)
        told = json_of(props)
        lacks = (
            frozenset({Capability.VISION})
            if field_of(told, "modalities", "vision") is False
            else frozenset[Capability]()
        )
        served = tuple(_served(row, lacks) for row in listing.rows(models))
        return Identity(
            self.name,
            served,
            slots=whole_of(field_of(told, "total_slots")),
            version=text_of(field_of(told, "build_info")),
        )

    def probe(self, model: str) -> Conversation[bool]:
        """`/health`: 200 when the model is loaded."""
        (health,) = yield (Ask("/health", always=True),)
        return health.ok

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Slots, busy slots and deferred requests."""
        query = "?" + urlencode({"model": model, "autoload": "false"})
        props, models = yield (Ask("/props" + query, every_s=5.0), listing.MODELS)
        told = json_of(props)
        names = listing.names(models)
        total = count(number_of(field_of(told, "total_slots")), "/props total_slots")
        if field_of(told, "is_sleeping") is True:
            asleep = Signal(None, props.at_s, "asleep; asking would wake it")
            return EngineSample(total.at(props.at_s), asleep, asleep, models=names, resident=())
        metrics, slots = yield (Ask("/metrics" + query), Ask("/slots" + query))
        page = Page(metrics, (RUNNING, WAITING))
        running, waiting = page.count(RUNNING), page.count(WAITING)
        busy, listed = _busy(slots)
        return EngineSample(
            slots=_slots(total.at(props.at_s), listed),
            running=running if running.value is not None else busy,
            waiting=waiting,
            kv_used_ratio=Signal(None, metrics.at_s, "llama.cpp does not export it"),
            models=names,
            resident=_resident(models),
        )


def _served(row: dict[str, object], lacks: frozenset[Capability]) -> ServedModel:
    params = number_of(field_of(row, "meta", "n_params"))
    return ServedModel(
        str(row["id"]),
        context_tokens=whole_of(field_of(row, "meta", "n_ctx")),
        params_b=params / 1e9 if params else None,
        size_bytes=whole_of(field_of(row, "meta", "size")),
        lacks=lacks,
        resident=_is_loaded(row),
    )


def _is_loaded(row: dict[str, object]) -> bool:
    """A server of one model lists what it has loaded; a router adds the state of each."""
    return field_of(row, "status", "value") in (None, "loaded")


def _resident(models: Reply) -> tuple[str, ...] | None:
    rows = listing.rows(models)
    return tuple(str(row["id"]) for row in rows if _is_loaded(row)) if rows else None


def _busy(slots: Reply) -> tuple[Signal, Signal]:
    """Busy slots and all slots as `/slots` lists them."""
    rows = rows_of({"slots": json_of(slots)}, "slots")
    if not rows:
        return absent(slots, "/slots"), absent(slots, "/slots")
    states = [row.get("is_processing") for row in rows]
    known = all(isinstance(state, bool) for state in states)
    busy = count(float(states.count(True)) if known else None, "/slots is_processing")
    return busy.at(slots.at_s), count(float(len(rows)), "/slots").at(slots.at_s)


def _slots(total: Signal, listed: Signal) -> Signal:
    usable = total.value is not None and total.value >= 1
    return total if usable or listed.value is None else listed
