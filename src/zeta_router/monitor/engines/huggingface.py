"""What Hugging Face's two servers share: an `/info` page that names the one model they serve."""

from __future__ import annotations

from zeta_router.monitor.engines.protocol import Ask, Reply
from zeta_router.monitor.engines.reading import field_of, json_of, text_of

INFO = Ask("/info", every_s=30.0)


def told(reply: Reply, *needed: str) -> dict[str, object] | None:
    """The `/info` object if it names a model and has one of the needed keys."""
    info = json_of(reply)
    if not isinstance(info, dict) or text_of(field_of(info, "model_id")) is None:
        return None
    return info if any(key in info for key in needed) else None
