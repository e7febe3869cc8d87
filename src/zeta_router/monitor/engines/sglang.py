"""SGLang.

Three addresses tell the load, newest and cheapest first: `/v1/loads` (one entry per data-parallel
rank), the older `/get_load` (its ``num_reqs`` includes the waiting ones), and `/metrics` (only with
``--enable-metrics``). The first that answers is used.

Its `/health` runs a one-token generation by default and answers after about a second, hence the
patience.

Source: srt/entrypoints/http_server.py, srt/observability/metrics_collector.py. Not tried against a
real SGLang here.
"""

from __future__ import annotations

from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.engines import listing
from zeta_router.monitor.engines.exposition import Page
from zeta_router.monitor.engines.protocol import (
    Ask,
    Conversation,
    Identity,
    ModelKind,
    Reply,
    ServedModel,
)
from zeta_router.monitor.engines.reading import (
    count,
    field_of,
    json_of,
    mean,
    number_of,
    rows_of,
    text_of,
    total,
)

RUNNING = ("sglang:num_running_reqs",)
WAITING = ("sglang:num_queue_reqs",)
KV_USED = ("sglang:token_usage", "sglang:full_token_usage")

SERVER_INFO = Ask("/server_info", every_s=30.0)
SERVER_INFO_OLD = Ask("/get_server_info", every_s=30.0)
MODEL_INFO = Ask("/model_info", every_s=30.0)
MODEL_INFO_OLD = Ask("/get_model_info", every_s=30.0)

Row = dict[str, object]


class SGLang:
    """Adapter for ``engine: sglang``."""

    name = "sglang"

    def identify(self) -> Conversation[Identity | None]:
        """Signs its models with ``owned_by: sglang``."""
        (models,) = yield (listing.MODELS,)
        if "sglang" not in listing.owners(models):
            return None
        info = yield from _first(SERVER_INFO, SERVER_INFO_OLD)
        about = yield from _first(MODEL_INFO, MODEL_INFO_OLD)
        embeds = field_of(json_of(about), "is_generation") is False
        kind = ModelKind.EMBEDDING if embeds else ModelKind.UNKNOWN
        served = tuple(
            ServedModel(str(row["id"]), kind, listing.context_tokens(row))
            for row in listing.rows(models)
        )
        slots = _slots(info)
        return Identity(
            self.name,
            served,
            slots=int(slots.value) if slots.value else None,
            version=text_of(field_of(json_of(info), "version")),
        )

    def probe(self, model: str) -> Conversation[bool]:
        """`/health`, which may run a one-token generation."""
        (health,) = yield (Ask("/health", patience=3.0, always=True),)
        return health.ok

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Running, waiting and KV use over all ranks."""
        info = yield from _first(SERVER_INFO, SERVER_INFO_OLD)
        (models,) = yield (listing.MODELS,)
        running, waiting, kv_used = yield from _load()
        return EngineSample(
            slots=_slots(info),
            running=running,
            waiting=waiting,
            kv_used_ratio=kv_used,
            models=listing.names(models),
            resident=listing.names(models),
        )


def _first(*asks: Ask) -> Conversation[Reply]:
    """The first of these that answers 200, else the answer to the last."""
    (reply,) = yield asks[:1]
    for ask in asks[1:]:
        if reply.ok:
            break
        (reply,) = yield (ask,)
    return reply


def _load() -> Conversation[tuple[Signal, Signal, Signal]]:
    (loads,) = yield (Ask("/v1/loads?include=core"),)
    if rows := rows_of(json_of(loads), "loads"):
        return _from_loads(loads, rows)
    (old,) = yield (Ask("/get_load"),)
    if rows := rows_of({"loads": json_of(old)}, "loads"):
        return _from_get_load(old, rows)
    (metrics,) = yield (Ask("/metrics"),)
    page = Page(metrics, (*RUNNING, *WAITING, *KV_USED))
    return page.count(*RUNNING), page.count(*WAITING), page.ratio(*KV_USED)


def _from_loads(reply: Reply, rows: list[Row]) -> tuple[Signal, Signal, Signal]:
    running = total(_column(rows, "num_running_reqs"), "/v1/loads num_running_reqs")
    waiting = total(_column(rows, "num_waiting_reqs"), "/v1/loads num_waiting_reqs")
    kv_used = mean(_column(rows, "token_usage"), "/v1/loads token_usage")
    return running.at(reply.at_s), waiting.at(reply.at_s), kv_used.at(reply.at_s)


def _from_get_load(reply: Reply, rows: list[Row]) -> tuple[Signal, Signal, Signal]:
    inside, waiting = _column(rows, "num_reqs"), _column(rows, "num_waiting_reqs")
    running = total(
        [None if a is None or b is None else a - b for a, b in zip(inside, waiting, strict=True)],
        "/get_load num_reqs - num_waiting_reqs",
    )
    return (
        running.at(reply.at_s),
        total(waiting, "/get_load num_waiting_reqs").at(reply.at_s),
        Signal(None, reply.at_s, "/get_load does not tell KV use"),
    )


def _column(rows: list[Row], key: str) -> list[float | None]:
    return [number_of(row.get(key)) for row in rows]


def _slots(info: Reply) -> Signal:
    """Requests worked on at once, over all ranks.

    The scheduler's effective limit first: the configured one may be null or not yet divided.
    """
    told = json_of(info)
    ranks = rows_of(told, "internal_states")
    key = "effective_max_running_requests_per_dp"
    effective = total(_column(ranks, key), f"server_info {key}")
    if effective.value:
        return effective.at(info.at_s)
    limit = number_of(field_of(told, "max_running_requests"))
    return count(limit, "server_info max_running_requests").at(info.at_s)
