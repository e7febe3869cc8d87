"""An engine with continuous batching, iteration by iteration, with a clock of its own.

The simulator's engine lays out many iterations at once; this one takes each by itself, so that a
test of one is not a test of the other's arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from zeta_router.learn.latency.calibration_windows import Heard


@dataclass(frozen=True)
class Truth:
    """An engine's constants, as `Calibration` names them."""

    overhead_s: float = 0.0
    prefill_s_per_token: float = 1e-4
    step_s: float = 0.01
    step_per_seq_s: float = 0.001
    step_per_kv_token_s: float = 0.0
    slots: int = 8


@dataclass
class _Request:
    sent_at_s: float
    prompt_tokens: int
    output_tokens: int
    token_at_s: list[float] = field(default_factory=list)


def heard(
    truth: Truth,
    asks: Sequence[tuple[int, int]],
    workers: int,
    *,
    noise: float = 0.0,
    seed: int = 0,
    pause_s: float = 0.0002,
) -> list[Heard]:
    """What a client with this many workers hears: each sends its next ask when one is answered.

    Args:
        asks: Prompt and answer lengths, in the order in which they are sent.
        noise: Spread of the logarithm of each iteration's time.
        pause_s: A worker's time between an answer and its next request.
    """
    draw = Random(seed)
    todo = list(asks)
    half_s = truth.overhead_s / 2
    now_s = 0.0
    waiting: list[_Request] = []
    running: list[_Request] = []
    done: list[_Request] = []

    def send(at_s: float) -> None:
        if todo:
            waiting.append(_Request(at_s, *todo.pop(0)))

    for number in range(workers):
        send(number * 1e-5)
    while waiting or running:
        arrived = [r for r in waiting if r.sent_at_s + half_s <= now_s]
        if not arrived and not running:
            now_s = min(r.sent_at_s for r in waiting) + half_s
            continue
        fresh = arrived[: truth.slots - len(running)]
        waiting = [r for r in waiting if r not in fresh]
        running += fresh
        kv = sum(r.prompt_tokens + len(r.token_at_s) for r in running)
        step_s = truth.step_s + truth.step_per_seq_s * len(running)
        step_s += truth.step_per_kv_token_s * kv
        step_s += truth.prefill_s_per_token * sum(r.prompt_tokens for r in fresh)
        now_s += step_s * draw.lognormvariate(0.0, noise)
        for request in list(running):
            request.token_at_s.append(now_s + half_s)
            if len(request.token_at_s) == request.output_tokens:
                running.remove(request)
                done.append(request)
                send(now_s + half_s + pause_s)
    return [Heard(r.sent_at_s, tuple(r.token_at_s), r.prompt_tokens) for r in done]
