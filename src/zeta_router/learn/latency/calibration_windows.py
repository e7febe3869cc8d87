"""What answers heard by a client say about the engine's iterations.

An engine with continuous batching works in iterations, and both the first and the last token of
an answer come at the end of one. So between two such marks lies a whole number of iterations, and
what was done in them can be counted from outside: how many there were, how many tokens came out,
which prompts were computed. Nothing has to be known about what the engine did when.

Left out: time in which the engine was or may have been idle. A prompt that takes several iterations
counts as one, which hides a few steps behind seconds of prefill.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

SAME_STEP_RATIO = 0.3
"""Marks nearer to each other than this share of a step belong to one iteration."""

ON_THE_WAY_S = 0.1
"""Time within which a request may still have been on its way.

Where all requests that are open at a mark were sent so shortly before it, the engine may have been
idle for a moment, and the window is left out.
"""

_SHORTEST_S = 2e-4


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer as its client heard it.

    Attributes:
        sent_at_s: When the request went out, on the client's clock.
        token_at_s: When each token came, ascending, at least one.
        prompt_tokens: Length of its prompt; none of it may have been cached.
    """

    sent_at_s: float
    token_at_s: tuple[float, ...]
    prompt_tokens: int

    @property
    def first_at_s(self) -> float:
        """When the first token came."""
        return self.token_at_s[0]

    @property
    def last_at_s(self) -> float:
        """When the last token came."""
        return self.token_at_s[-1]

    @property
    def ttft_s(self) -> float:
        """Seconds to the first token."""
        return self.first_at_s - self.sent_at_s

    @property
    def tpot_s(self) -> float | None:
        """Seconds per token after the first; None below two tokens."""
        steps = len(self.token_at_s) - 1
        return (self.last_at_s - self.first_at_s) / steps if steps else None


@dataclass(frozen=True, slots=True)
class Window:
    """Time between two marks and the work that was done in it.

    Attributes:
        iterations: That gave tokens.
        tokens: That came out of them.
        prefill_tokens: Prompt tokens computed in them.
        kv_tokens: Tokens in the KV cache, summed over the iterations.
        from_idle: It began with a request to an idle engine, so the way there and back is in it.
    """

    duration_s: float
    iterations: int
    tokens: int
    prefill_tokens: int
    kv_tokens: int
    from_idle: bool


def windows_of(run: Sequence[Heard]) -> list[Window]:
    """The windows of answers that had an engine to themselves, in the order of time."""
    if not run:
        return []
    same_s = _same_step_s(run)
    windows = []
    begin_s = left_s = -inf
    for first_s, last_s in _marks(run, same_s):
        mark_s = (first_s + last_s) / 2
        still_open = [h for h in run if h.last_at_s > begin_s + same_s]
        sent_at_s = min(h.sent_at_s for h in still_open)
        from_idle = sent_at_s >= left_s
        goes_on = any(h.first_at_s <= begin_s + same_s for h in still_open)
        if from_idle or goes_on or sent_at_s < begin_s - ON_THE_WAY_S:
            start_s = sent_at_s if from_idle else begin_s
            windows.append(_window(run, start_s, mark_s, same_s, from_idle=from_idle))
        begin_s, left_s = mark_s, first_s
    return [window for window in windows if window.iterations and window.duration_s > 0.0]


def slots_seen(run: Sequence[Heard]) -> int | None:
    """How many requests the engine works on at once, if the run was enough to see it.

    None unless some request was kept waiting in the engine until another one was complete, each
    time that as many as were ever worked on at once were being worked on.
    """
    in_order = sorted(run, key=lambda h: (h.sent_at_s, h.first_at_s))
    peak = max((_working_on(run, h.first_at_s) for h in run), default=0)
    kept = [
        h
        for place, h in enumerate(in_order)
        if sum(o.last_at_s > h.sent_at_s for o in in_order[:place]) >= peak
    ]
    waited = all(any(h.sent_at_s < o.last_at_s < h.first_at_s for o in run) for h in kept)
    return peak if kept and waited else None


def _working_on(run: Sequence[Heard], at_s: float) -> int:
    return sum(h.first_at_s <= at_s < h.last_at_s for h in run)


def _same_step_s(run: Sequence[Heard]) -> float:
    """By a common short gap between tokens: longer ones had prompts computed in between."""
    gaps_s = sorted(
        gap_s for h in run for a, b in pairwise(h.token_at_s) if (gap_s := b - a) > _SHORTEST_S
    )
    return max(_SHORTEST_S, SAME_STEP_RATIO * gaps_s[len(gaps_s) // 4]) if gaps_s else _SHORTEST_S


def _marks(run: Sequence[Heard], same_s: float) -> list[tuple[float, float]]:
    """First and last tokens, those of one iteration together: its earliest and its latest."""
    times_s = sorted({at_s for h in run for at_s in (h.first_at_s, h.last_at_s)})
    marks = [(times_s[0], times_s[0])]
    for at_s in times_s[1:]:
        if at_s - marks[-1][1] <= same_s:
            marks[-1] = (marks[-1][0], at_s)
        else:
            marks.append((at_s, at_s))
    return marks


def _window(
    run: Sequence[Heard], begin_s: float, end_s: float, same_s: float, *, from_idle: bool
) -> Window:
    after_s = begin_s if from_idle else begin_s + same_s
    iterations = tokens = prefill_tokens = kv_tokens = 0
    for h in run:
        start = bisect_right(h.token_at_s, after_s)
        stop = bisect_right(h.token_at_s, end_s + same_s)
        came = stop - start
        iterations = max(iterations, came)
        tokens += came
        kv_tokens += came * h.prompt_tokens + (start + stop - 1) * came // 2
        if start == 0 < stop:
            prefill_tokens += h.prompt_tokens
    return Window(end_s - begin_s, iterations, tokens, prefill_tokens, kv_tokens, from_idle)
