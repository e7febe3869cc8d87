"""The `/v1/models` list, which every engine has and each fills differently."""

from __future__ import annotations

from zeta_router.monitor.engines.protocol import Ask, Reply
from zeta_router.monitor.engines.reading import json_of, rows_of, text_of, whole_of

MODELS = Ask("/v1/models", every_s=30.0)
"""Models change by deployment, not by the second."""

_CONTEXT_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")


def rows(reply: Reply) -> list[dict[str, object]]:
    """The entries that have a name."""
    return [row for row in rows_of(json_of(reply), "data") if text_of(row.get("id"))]


def owners(reply: Reply) -> set[str]:
    """The values of ``owned_by``: vLLM, SGLang and llama.cpp sign with their own name there."""
    return {owner for row in rows(reply) if (owner := text_of(row.get("owned_by")))}


def names(reply: Reply) -> tuple[str, ...] | None:
    """The names on the list; None when there is no list."""
    found = tuple(str(row["id"]) for row in rows(reply))
    return found or None


def context_tokens(row: dict[str, object]) -> int | None:
    """The context length of an entry under any of its known names."""
    for key in _CONTEXT_KEYS:
        tokens = whole_of(row.get(key))
        if tokens is not None:
            return tokens
    return None
