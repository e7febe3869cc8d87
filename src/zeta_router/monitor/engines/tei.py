"""Hugging Face Text Embeddings Inference: embedders and rerankers.

It tells its queue but not what it works on. ``max_batch_requests`` is how many requests it puts
into one batch; usually it is null, for the batch is bounded by tokens.

Source: docs/openapi.json; core/src/queue.rs. Not tried against a real TEI here.
"""

from __future__ import annotations

from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.engines import huggingface
from zeta_router.monitor.engines.exposition import Page
from zeta_router.monitor.engines.protocol import (
    Ask,
    Conversation,
    Identity,
    ModelKind,
    ServedModel,
)
from zeta_router.monitor.engines.reading import count, field_of, text_of, whole_of

WAITING = ("te_queue_size",)

_SIGNS = ("model_type", "tokenization_workers", "max_client_batch_size")


class TEI:
    """Adapter for ``engine: tei``."""

    name = "tei"

    def identify(self) -> Conversation[Identity | None]:
        """Whoever tells a model and its type at `/info`."""
        (reply,) = yield (huggingface.INFO,)
        info = huggingface.told(reply, *_SIGNS)
        if info is None or "max_total_tokens" in info:
            return None
        served = ServedModel(
            str(info["model_id"]), _kind(info), whole_of(info.get("max_input_length"))
        )
        slots = whole_of(info.get("max_batch_requests"))
        return Identity(self.name, (served,), slots, text_of(info.get("version")))

    def probe(self, model: str) -> Conversation[bool]:
        """`/health`: 200 while the backend answers."""
        (health,) = yield (Ask("/health", always=True),)
        return health.ok

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Its queue."""
        info, metrics = yield (huggingface.INFO, Ask("/metrics"))
        told = huggingface.told(info, *_SIGNS) or {}
        page = Page(metrics, WAITING)
        slots = whole_of(told.get("max_batch_requests"))
        names = (str(told["model_id"]),) if told else None
        return EngineSample(
            slots=count(float(slots) if slots else None, "/info max_batch_requests").at(info.at_s),
            running=Signal(None, metrics.at_s, "TEI does not tell"),
            waiting=page.count(*WAITING),
            models=names,
            resident=names,
        )


def _kind(info: dict[str, object]) -> ModelKind:
    """The type is told as an object with one key; a classifier is none of ours."""
    model_type = info.get("model_type")
    if field_of(model_type, "embedding") is not None:
        return ModelKind.EMBEDDING
    if field_of(model_type, "reranker") is not None:
        return ModelKind.RERANK
    return ModelKind.UNKNOWN
