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
"""The same as the first while nobody knows how fast the engine is; one on a CPU may need it."""

LEAST_UNKNOWN_WHOLE_S = 120.0
"""The same for an answer in one piece of an engine that nobody knows: on a CPU, minutes."""

LEAST_LOADING_S = 120.0
"""The same while a model is being loaded and nobody knows how long that takes."""

TOLERANCE = 6.0
"""Predictions that a sign may be late by; lengths of answers are predicted badly."""

LONGEST_TOLERANCE = 1.5
"""How late the longest answer that was asked for may come."""

UNBOUNDED_TOKENS = 2048
"""Longest answer to expect where the client sets no limit."""


def patience_s(
    *,
    streams: bool,
    ttft_s: float,
    tpot_s: float,
    output_tokens: float,
    most_tokens: int | None = None,
    known: bool = True,
    loading: bool = False,
) -> float:
    """Longest silence while a query waits for its first sign, in seconds.

    Args:
        streams: Whether its tokens are seen as they come; without it only the end is.
        ttft_s: What was predicted for it, as the next two.
        tpot_s: Seconds per token.
        output_tokens: Length of its answer.
        most_tokens: Longest answer that it allows; None where it sets no limit.
        known: Whether the endpoint has answered often enough for that to mean something.
        loading: Whether its model has to be loaded first, for who knows how long.
    """
    if streams:
        least_s = LEAST_S if known else LEAST_UNKNOWN_S
        longest_s = TOLERANCE * ttft_s
    else:
        least_s = LEAST_WHOLE_S if known else LEAST_UNKNOWN_WHOLE_S
        most_s = ttft_s + (UNBOUNDED_TOKENS if most_tokens is None else most_tokens) * tpot_s
        longest_s = TOLERANCE * (ttft_s + output_tokens * tpot_s)
        longest_s = max(longest_s, LONGEST_TOLERANCE * most_s)
    return max(least_s, longest_s, LEAST_LOADING_S if loading else 0.0)
