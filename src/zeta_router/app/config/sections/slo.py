"""`slo`: what is promised of a task's latency."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from zeta_router.app.config.sections.values import Positive, says


class SloSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Latency objectives of a task; what is left out is not promised."""

    ttft_s: Annotated[
        Positive | None, says("Arrival to first token.", also=("ttft",), default="not promised")
    ] = None
    tpot_s: Annotated[
        Positive | None,
        says("Mean time per output token after the first.", default="not promised"),
    ] = None
    e2e_s: Annotated[
        Positive | None,
        says("Arrival to last token.", also=("latency_s", "timeout_s"), default="not promised"),
    ] = None
