"""`limits`: bounds on what is held and accepted."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from zeta_router.app.config.sections.values import Count, NotNegative, Positive, Share, says


class LimitsSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Bounds on what is held and accepted."""

    queue: Annotated[
        Annotated[int, Meta(ge=0)],
        says("Queries that may wait for a slot; beyond that they are answered with 429."),
    ] = 1000
    max_wait_s: Annotated[
        NotNegative, says("Longest time that a query is held.", also=("timeout_s",))
    ] = 30.0
    body_bytes: Annotated[
        Count, says("Largest request body; larger ones are answered with 413.")
    ] = 32 << 20
    attempts: Annotated[
        Annotated[int, Meta(ge=1, le=10)],
        says("Engines tried for one query before it fails, the first included.", also=("retries",)),
    ] = 2
    stall_s: Annotated[
        Positive,
        says(
            "Longest silence of an engine within a stream, in seconds, then the stream ends with "
            "an error; never less than 20 times the usual gap between two of its tokens.",
            also=("stream_timeout", "idle_timeout_s", "read_timeout"),
        ),
    ] = 60.0
    canary_ratio: Annotated[
        Share,
        says(
            "Most of an endpoint's time that golden prompts may take, asked while it is idle; 0 "
            "asks none."
        ),
    ] = 0.01
    prewarm: Annotated[
        bool,
        says(
            "Load models that an engine has dropped before the queries come that are forecast. "
            "Loading one may push another out of memory."
        ),
    ] = False
    hedge_ratio: Annotated[
        Share,
        says(
            "Copies per embedding request that may be sent to a second replica because the first "
            "answer is late; 0 sends none."
        ),
    ] = 0.03
    cpu_ratio: Annotated[
        Share | None,
        says(
            "Share of its CPU above which an endpoint gets no more than it has. For engines that "
            "compute on a GPU; those on CPUs are always above.",
            default="never",
        ),
    ] = None
