"""How long and how large anything between an engine and the lean client may be."""

from __future__ import annotations

from dataclasses import dataclass

from zeta_router.gateway.kept import RACE_S
from zeta_router.gateway.upstream import CONNECT_TIMEOUT_S, IDLE_TIMEOUT_S, KEEPALIVE_S


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds; all are above 0.

    Attributes:
        connect_s: Name resolution and connecting together.
        first_byte_s: Silence between a request and its answer; a CPU engine may think for minutes.
        idle_s: Silence within an answer, while the client wants more of it.
        keepalive_s: Age of an idle connection at which it is closed.
        age_s: Age of a connection at which it takes no further request, so that an engine that has
            moved to another address is noticed.
        race_s: How soon after a request a kept connection must have been closed to count as one
            that the engine had given up before the request came.
        tick_s: Time between two looks at all connections; a silence is noticed up to two of them
            late.
        idle_connections: Idle connections kept to one address.
        head_bytes: Status line and headers of an answer, interim answers and trailers included.
        head_count: Headers of an answer, trailers included.
        held_bytes: What is held of a streamed answer before the engine is no longer listened to.
        whole_bytes: An answer that is read in one piece.
    """

    connect_s: float = CONNECT_TIMEOUT_S
    first_byte_s: float = IDLE_TIMEOUT_S
    idle_s: float = IDLE_TIMEOUT_S
    keepalive_s: float = KEEPALIVE_S
    age_s: float = 600.0
    race_s: float = RACE_S
    tick_s: float = 0.5
    idle_connections: int = 512
    head_bytes: int = 64 << 10
    head_count: int = 200
    held_bytes: int = 4 << 10
    whole_bytes: int = 512 << 20


READ_BYTES = 4 << 10
"""Most that is read of a stream at once, which is what may be held beyond `held_bytes`."""

READ_WHOLE_BYTES = 64 << 10
"""Most that is read at once of an answer that is wanted whole."""
