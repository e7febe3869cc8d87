"""Any server that speaks OpenAI's protocol and is none of the known engines.

All it offers is its list of models. Its load is known from our own dispatches only, which the
samples say by leaving every load signal absent.
"""

from __future__ import annotations

from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.engines import listing
from zeta_router.monitor.engines.protocol import Ask, Conversation, Identity, ServedModel

_ALIVE = Ask("/v1/models", always=True)
"""Asked anew each time: an answer from memory would show a stopped server as a living one."""

_TELLS_NOTHING = "an OpenAI-compatible server does not tell"


class OpenAIServer:
    """Adapter for ``engine: openai``."""

    name = "openai"

    def identify(self) -> Conversation[Identity | None]:
        """Whoever lists models at ``/v1/models``."""
        (models,) = yield (listing.MODELS,)
        rows = listing.rows(models)
        if not rows:
            return None
        served = tuple(
            ServedModel(str(row["id"]), context_tokens=listing.context_tokens(row)) for row in rows
        )
        return Identity(self.name, served)

    def probe(self, model: str) -> Conversation[bool]:
        """Alive while it answers with anything but a server error (401 is an answer)."""
        (reply,) = yield (_ALIVE,)
        return 0 < reply.status < 500

    def sample(self, model: str) -> Conversation[EngineSample]:
        """Its models; no load. That it answers at all is the only sign of its life."""
        (models,) = yield (_ALIVE,)
        silent = Signal(None, models.at_s, _TELLS_NOTHING)
        return EngineSample(
            slots=silent,
            running=silent,
            waiting=silent,
            kv_used_ratio=silent,
            models=listing.names(models),
        )
