"""vLLM.

Everything is on `/metrics`, with one series per data-parallel rank (label ``engine``). The gauge
for the KV cache was renamed once (``gpu_cache_usage_perc`` to ``kv_cache_usage_perc``), and
routers that knew only one name read it as 0 ever after: both are known here, and neither being
there is said so.

vLLM does not tell how many sequences it batches (``--max-num-seqs``): set ``slots``.

Source: vllm/v1/metrics/loggers.py, docs/design/metrics.md.
"""

from __future__ import annotations

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
from zeta_router.monitor.engines.reading import count, field_of, json_of, number_of, text_of

RUNNING = ("vllm:num_requests_running",)
WAITING = ("vllm:num_requests_waiting",)
KV_USED = ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")
RSS = ("process_resident_memory_bytes",)

_WANTED = (*RUNNING, *WAITING, *KV_USED, *RSS)


class VLLM:
    """Adapter for ``engine: vllm``."""

    name = "vllm"

    def identify(self) -> Conversation[Identity | None]:
        """Signs its models with ``owned_by: vllm``."""
        (models,) = yield (listing.MODELS,)
        if "vllm" not in listing.owners(models):
            return None
        (version,) = yield (Ask("/version", every_s=30.0),)
        return Identity(
            self.name, _served(models), version=text_of(field_of(json_of(version), "version"))
        )

    def probe(self, model: str) -> Conversation[bool]:
        """`/health`: 200 while the engine loop lives."""
        (health,) = yield (Ask("/health", always=True),)
        return health.ok

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Running, waiting and KV use over all ranks."""
        metrics, models = yield (Ask("/metrics"), listing.MODELS)
        page = Page(metrics, _WANTED)
        running = page.count(*RUNNING)
        if running.value is None:
            (load,) = yield (Ask("/load"),)
            running = _server_load(load) or running
        return EngineSample(
            slots=Signal(None, metrics.at_s, "vLLM does not tell max_num_seqs"),
            running=running,
            waiting=page.count(*WAITING),
            kv_used_ratio=page.ratio(*KV_USED),
            rss_bytes=page.size(*RSS),
            models=listing.names(models),
            resident=listing.names(models),
        )


def _server_load(load: Reply) -> Signal | None:
    """Requests inside, from `/load`; a 0 is not believed.

    Without ``--enable-server-load-tracking`` the counter stands at 0 for ever.
    """
    load_now = number_of(field_of(json_of(load), "server_load"))
    if not load_now:
        return None
    return count(load_now, "/load server_load").at(load.at_s)


def _served(models: Reply) -> tuple[ServedModel, ...]:
    """One entry per model: further names of the same weights are left out, LoRA adapters kept."""
    served: dict[str, ServedModel] = {}
    for row in listing.rows(models):
        name = str(row["id"])
        weights = name if row.get("parent") else str(row.get("root") or name)
        served.setdefault(weights, ServedModel(name, context_tokens=listing.context_tokens(row)))
    return tuple(served.values())
