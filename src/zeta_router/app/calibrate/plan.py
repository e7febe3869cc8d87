"""What is sent: how many at once, how long the prompts and the answers.

Sizes follow the engine's speed and the time there is: a GPU gets prompts of 1,500 tokens and
answers of 96, a small CPU prompts of 100 and answers of 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from zeta_router.learn.latency.calibration_windows import Heard

PROMPTS = 8
"""Prompts per level; more where the level itself is higher, half where time is short."""

MOST_AT_ONCE = 32
"""Highest level tried: beyond it the fit is carried on as a line."""

SHORTEST_PROMPT, LONGEST_PROMPT = 32, 1500
FEWEST_OUTPUT, MOST_OUTPUT = 8, 96

_PREFILL_SHARE = 0.6
_SHAPE = (0.25, 1.9, 0.6, 1.25)
"""Prompt lengths relative to their mean, in the order in which they are sent."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """One level's prompts, in tokens, and the length of the answers."""

    prompts: tuple[int, ...]
    output_tokens: int

    def at(self, level: int) -> tuple[int, ...]:
        """The prompts for a level: at least as many as are sent at once."""
        times = -(-level // len(self.prompts))
        return self.prompts * times


def levels(slots: int | None) -> tuple[int, ...]:
    """How many to send at once, in the order of trying: powers of two and the slots.

    The two ends first, for they tell most. Ascending up to 32 where the slots are unknown, because
    they are looked for on the way.
    """
    most = min(MOST_AT_ONCE, slots or MOST_AT_ONCE)
    powers = [1 << n for n in range(most.bit_length()) if 1 << n < most]
    if slots is None or most == 1:
        return (*powers, most)
    return (1, most, *powers[1:])


def sizes_for(
    prefill_s_per_token: float, step_s: float, level_s: float, context_tokens: int | None
) -> Sizes:
    """Sizes with which one level takes about `level_s`, if sending several at once gains nothing.

    Args:
        prefill_s_per_token: As first seen.
        step_s: As first seen, for one answer alone.
        level_s: Time for one level.
        context_tokens: Longest prompt plus answer; None when unknown.
    """
    count = PROMPTS
    mean = _mean_prompt(level_s, count, prefill_s_per_token)
    if mean < 2 * SHORTEST_PROMPT:
        count = PROMPTS // 2
        mean = _mean_prompt(level_s, count, prefill_s_per_token)
    output = (1.0 - _PREFILL_SHARE) * level_s / count / max(step_s, 1e-6)
    longest = min(LONGEST_PROMPT, (context_tokens or 4096) // 2)
    mean = min(mean, longest / max(_SHAPE))
    prompts = tuple(
        max(SHORTEST_PROMPT, round(mean * _SHAPE[n % len(_SHAPE)])) for n in range(count)
    )
    return Sizes(prompts, round(min(MOST_OUTPUT, max(FEWEST_OUTPUT, output))))


def first_sight(short: Heard, long: Heard) -> tuple[float, float]:
    """Prefill seconds per token and step time after one short and one longer prompt.

    Rough, and rather too slow than too fast: sizes are chosen by it, nothing else.
    """
    tokens = long.prompt_tokens - short.prompt_tokens
    gained_s = long.ttft_s - short.ttft_s
    whole_s = long.ttft_s / long.prompt_tokens
    per_token_s = gained_s / tokens if tokens > 0 and gained_s > 0.0 else whole_s
    steps_s = [tpot_s for h in (short, long) if (tpot_s := h.tpot_s) is not None]
    return min(per_token_s, whole_s), max(steps_s, default=per_token_s)


def _mean_prompt(level_s: float, count: int, prefill_s_per_token: float) -> float:
    return _PREFILL_SHARE * level_s / count / max(prefill_s_per_token, 1e-7)
