"""What a request for a prompt looks like on the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from zeta_router.app.bench.prompts import Ask
from zeta_router.sim.engine.emulate import OUTPUT_FIELD


def body_of(ask: Ask, model: str, *, max_tokens: int | None, tell_lengths: bool) -> bytes:
    """The request for a prompt, streamed."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": ask.text}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
    }
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    if tell_lengths:
        body[OUTPUT_FIELD] = ask.output_tokens
    return msgspec.json.encode(body)
