"""What a client's connection may cost."""

from __future__ import annotations

from dataclasses import dataclass

USUAL_CONNECTIONS = 256
"""Connections per address where the configuration names no number."""


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Bounds on what a client may hold and how slow it may be.

    Attributes:
        head_s: Longest time until the head of a request is whole; above 0.
        body_stall_s: Longest silence within the body of a request; above 0.
        body_bytes_per_s: Least rate of a body over its whole time, once that is longer than
            `body_stall_s`; 0 takes any.
        reader_stall_s: Longest time for which a client takes nothing of its answer; above 0.
        keep_alive_s: Longest time between an answer and the next whole head; above 0.
        connections_per_client: Most connections of one address; None is `USUAL_CONNECTIONS`,
            and any number for addresses of this machine.
        header_bytes: Longest request line, and longest header.
        header_count: Most headers of a request.
    """

    head_s: float = 10.0
    body_stall_s: float = 10.0
    body_bytes_per_s: int = 500
    reader_stall_s: float = 60.0
    keep_alive_s: float = 75.0
    connections_per_client: int | None = None
    header_bytes: int = 8190
    header_count: int = 128
