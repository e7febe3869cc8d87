"""How long an endpoint may go without a sign of life while it has queries.

An engine that is stopped keeps its connections open and says nothing, and so does one that is busy.
They are told apart by what was to be expected: a first token after the time that was predicted for
it, and tokens at the rate that it usually has. A sign from any of its queries counts for all of
them: an engine that works for others is alive.
"""

from __future__ import annotations

LEAST_S = 2.0
"""Shorter silences say nothing: a slow network, a pause for garbage, one long prompt."""

TOLERANCE = 4.0
"""Predictions that a sign may be late by."""

REPORT_TOKENS = 16
"""Tokens between two reports of a stream's progress."""


def patience_s(
    *, waits_for_first: bool, streams: bool, ttft_s: float, tpot_s: float, output_tokens: float
) -> float:
    """Longest silence of one query, from its dispatch or its last sign, in seconds.

    Args:
        waits_for_first: No token has come yet.
        streams: Whether its tokens are seen as they come; without it only the end is.
        ttft_s: What was predicted for it, as the next two.
        tpot_s: Seconds per token.
        output_tokens: Length of its answer.
    """
    if not streams:
        expected_s = ttft_s + output_tokens * tpot_s
    elif waits_for_first:
        expected_s = ttft_s
    else:
        expected_s = min(REPORT_TOKENS, max(output_tokens, 1.0)) * tpot_s
    return max(LEAST_S, TOLERANCE * expected_s)
