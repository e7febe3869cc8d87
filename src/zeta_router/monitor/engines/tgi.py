"""Hugging Face Text Generation Inference (in maintenance since 2025).

It serves one model, tells its batch and its queue on `/metrics`, and has no fixed number of slots:
the batch is bounded by tokens. ``max_concurrent_requests`` is where it starts to answer 429, not
what it works on, so it is not taken for slots.

Source: docs/reference/metrics; router/src/server.rs. Not tried against a real TGI here.
"""

from __future__ import annotations

from zeta_router.core.signal import EngineSample
from zeta_router.monitor.engines import huggingface
from zeta_router.monitor.engines.exposition import Page
from zeta_router.monitor.engines.protocol import (
    Ask,
    Conversation,
    Identity,
    ModelKind,
    Reply,
    ServedModel,
)
from zeta_router.monitor.engines.reading import count, text_of, whole_of

RUNNING = ("tgi_batch_current_size",)
WAITING = ("tgi_queue_size",)

_SIGNS = ("max_total_tokens", "max_best_of", "docker_label")


class TGI:
    """Adapter for ``engine: tgi``."""

    name = "tgi"

    def identify(self) -> Conversation[Identity | None]:
        """Whoever tells a model and a token budget at `/info`."""
        (reply,) = yield (huggingface.INFO,)
        info = huggingface.told(reply, *_SIGNS)
        if info is None:
            return None
        context_tokens = whole_of(info.get("max_total_tokens"))
        served = ServedModel(str(info["model_id"]), ModelKind.CHAT, context_tokens)
        slots = whole_of(info.get("max_batch_size"))
        return Identity(self.name, (served,), slots, text_of(info.get("version")))

    def probe(self, model: str) -> Conversation[bool]:
        """`/health`: 200 while the shards answer."""
        (health,) = yield (Ask("/health", always=True),)
        return health.ok

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Batch and queue."""
        info, metrics = yield (huggingface.INFO, Ask("/metrics"))
        page = Page(metrics, (*RUNNING, *WAITING))
        names = _names(info)
        slots = whole_of((huggingface.told(info, *_SIGNS) or {}).get("max_batch_size"))
        return EngineSample(
            slots=count(float(slots) if slots else None, "/info max_batch_size").at(info.at_s),
            running=page.count(*RUNNING),
            waiting=page.count(*WAITING),
            models=names,
            resident=names,
        )


def _names(info: Reply) -> tuple[str, ...] | None:
    told = huggingface.told(info, *_SIGNS)
    return (str(told["model_id"]),) if told else None
