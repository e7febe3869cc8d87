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
    head_s: Annotated[
        Positive,
        says(
            "Longest time until the head of a request is whole, for the first one from the "
            "connection on; then 408.",
            also=("client_header_timeout", "header_timeout_s"),
        ),
    ] = 10.0
    body_stall_s: Annotated[
        Positive,
        says(
            "Longest silence within the body of a request; then 408.",
            also=("client_body_timeout", "body_timeout_s"),
        ),
    ] = 10.0
    body_bytes_per_s: Annotated[
        Annotated[int, Meta(ge=0)],
        says(
            "Least rate of a request's body over its whole time, once that is longer than "
            "`body_stall_s`; slower ones are answered with 408. 0 takes any."
        ),
    ] = 500
    reader_stall_s: Annotated[
        Positive,
        says(
            "Longest time for which a client takes nothing of its answer; then its connection is "
            "cut, and the engine is free.",
            also=("send_timeout", "write_timeout_s"),
        ),
    ] = 60.0
    keep_alive_s: Annotated[
        Positive,
        says(
            "Longest time between an answer and the next request of a connection; new connections "
            "follow a change.",
            also=("keepalive_timeout", "timeout_keep_alive"),
        ),
    ] = 75.0
    connections_per_client: Annotated[
        Count | None,
        says(
            "Most connections of one address; more are answered with 429. Behind a proxy all "
            "clients have its address. An IPv6 network of 64 bits counts as one address.",
            default="256, and any number from this machine",
            also=("limit_conn", "max_connections"),
        ),
    ] = None
    header_bytes: Annotated[
        Annotated[int, Meta(ge=256, le=65536)],
        says(
            "Longest request line, and longest header; longer ones are answered with 431. New "
            "connections follow a change.",
            also=("large_client_header_buffers", "max_header_size"),
        ),
    ] = 8190
    header_count: Annotated[
        Annotated[int, Meta(ge=8, le=10_000)],
        says(
            "Most headers of a request; more are answered with 431. New connections follow a "
            "change."
        ),
    ] = 128
