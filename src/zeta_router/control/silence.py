"""How long an endpoint may leave a query without a first token before it counts as silent.

An engine may answer every poll and no query. It is told from a busy one by what was to be expected,
and by whether anybody else's query there gets anywhere: a sign of life for one counts for all.

An answer that has begun is not judged here. Its stream may be slow without end, and what has been
sent of it cannot be moved.
"""

from __future__ import annotations

LEAST_S = 4.0
"""Shorter silences say nothing: a slow network, a pause for garbage, one long prompt."""

LEAST_WHOLE_S = 15.0
"""The same for an answer that comes in one piece, of which nothing is seen before its end."""

LEAST_UNKNOWN_S = 30.0
"""The same while nobody knows how fast the engine is; one on a CPU may take that long."""

TOLERANCE = 6.0
"""Predictions that a sign may be late by; lengths of answers are predicted badly."""


def patience_s(
    *, streams: bool, ttft_s: float, tpot_s: float, output_tokens: float, known: bool = True
) -> float:
    """Longest silence while a query waits for its first sign, in seconds.

    Args:
        streams: Whether its tokens are seen as they come; without it only the end is.
        ttft_s: What was predicted for it, as the next two.
        tpot_s: Seconds per token.
        output_tokens: Length of its answer.
        known: Whether the endpoint has answered often enough for that to mean something.
    """
    if not known:
        return max(LEAST_UNKNOWN_S, TOLERANCE * ttft_s)
    if streams:
        return max(LEAST_S, TOLERANCE * ttft_s)
    return max(LEAST_WHOLE_S, TOLERANCE * (ttft_s + output_tokens * tpot_s))
