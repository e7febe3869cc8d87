"""How fast an engine is, fitted to answers that a client heard.

The model is that of the router's latency head and of the simulator's engine: an iteration with `b`
sequences, `kv` tokens in the cache and `u` prompt tokens to compute takes

    step_s + step_per_seq_s * b + step_per_kv_token_s * kv + prefill_s_per_token * u

and a request to an idle engine takes `overhead_s` more, for the way there and back. Summed over
the iterations of a window (`calibration_windows`) this is linear in its five constants, which are
found by least squares of relative errors, none below 0 (an engine is not faster for having more
to do), with windows that fall out of line counted less: on a shared machine some are disturbed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
import numpy.typing as npt

from zeta_router.core.fleet import SimulatedSpeed
from zeta_router.learn.latency.calibration_windows import Heard, Window, windows_of

FEWEST_WINDOWS = 6
"""Below this many there is no fit: five constants have to come out of them."""

FASTEST_TOKENS_PER_S = 1e6
"""Prefill rate reported where prompts take no time that can be seen."""

LEAST_STEP_S, LEAST_STEP_SHARE = 1e-6, 1e-3
"""A fleet file wants a step above 0, also where all of it goes with the sequences."""

REFERENCE_TOKENS = (64, 1024)
"""Prompt lengths at which two fits are compared."""

_JITTER_S = 0.001
"""Error of a mark whatever its window: what a client's clock and socket add."""

_WORTH = 0.02
"""A constant is used only if it takes away this share of the error."""

_RIDGE = 1e-12
"""Keeps systems solvable whose columns say the same; far below any error of measurement."""

_ROUNDS = 8
_OUTLIER = 1.5

_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """An engine's constants, in seconds.

    Attributes:
        overhead_s: What a request to the idle engine takes beside computing: connection, parsing,
            tokenising, scheduling.
        context_tokens: Mean tokens per sequence in the KV cache while it was measured.
        windows: How many the fit rests on.
    """

    overhead_s: float
    prefill_s_per_token: float
    step_s: float
    step_per_seq_s: float
    step_per_kv_token_s: float
    context_tokens: float
    windows: int

    @property
    def base_ttft_s(self) -> float:
        """Time to the first token of an empty prompt on an idle engine."""
        return self.overhead_s + self.tpot_s(1, 0.0)

    def tpot_s(self, sequences: int, context_tokens: float | None = None) -> float:
        """Time of an iteration with this many sequences, at the measured context or another."""
        kv = self.context_tokens if context_tokens is None else context_tokens
        return self.step_s + sequences * (self.step_per_seq_s + kv * self.step_per_kv_token_s)

    def ttft_s(self, prompt_tokens: int) -> float:
        """Time to the first token on an idle engine."""
        return self.base_ttft_s + prompt_tokens * self.prefill_s_per_token

    def speed(self, slots: int) -> SimulatedSpeed:
        """As a fleet file states it, in four numbers.

        It has no term for the KV cache: what that costs at the measured context is made part of
        what a sequence costs. So answers with much longer contexts than the measured are slower.
        """
        rate = min(FASTEST_TOKENS_PER_S, 1.0 / max(self.prefill_s_per_token, 1e-12))
        per_seq_s = self.step_per_seq_s + self.context_tokens * self.step_per_kv_token_s
        step_s = max(self.step_s, LEAST_STEP_SHARE * per_seq_s, LEAST_STEP_S)
        return SimulatedSpeed(rate, step_s, per_seq_s, slots)

    def drift_ratio(self, other: Calibration, slots: int) -> float:
        """How far apart two fits are in what they predict, relative, at the worst of four points.

        Constants are not compared: two of them may trade places without any consequence.
        """
        mine, theirs = self._reference_s(slots), other._reference_s(slots)
        return max(abs(a - b) / max(a, b, 1e-9) for a, b in zip(mine, theirs, strict=True))

    def _reference_s(self, slots: int) -> tuple[float, ...]:
        ttft_s = (self.ttft_s(tokens) for tokens in REFERENCE_TOKENS)
        return (*ttft_s, self.tpot_s(1), self.tpot_s(slots))


def fit(runs: Iterable[Sequence[Heard]]) -> Calibration | None:
    """The constants that explain these runs best; None when there is too little to go by.

    Args:
        runs: Each the answers to all requests that an engine got while it served nobody else.
            They should differ in prompt length and in how many went on at once.
    """
    windows = [window for run in runs for window in windows_of(run)]
    if len(windows) < FEWEST_WINDOWS:
        return None
    constants = _robust(windows)
    tokens = sum(window.tokens for window in windows)
    context = sum(window.kv_tokens for window in windows) / max(1, tokens)
    overhead, prefill, step, per_seq, per_kv = (float(constant) for constant in constants)
    return Calibration(overhead, prefill, step, per_seq, per_kv, context, len(windows))


def _robust(windows: Sequence[Window]) -> _Array:
    """Iteratively reweighted least squares with Huber's weights, on relative errors."""
    work = np.array([_work(window) for window in windows], dtype=np.float64)
    times_s = np.array([window.duration_s for window in windows])
    scale = 1.0 / (times_s + _JITTER_S)
    trust = np.ones(len(windows))
    constants = np.zeros(work.shape[1])
    for _ in range(_ROUNDS):
        weight = scale * np.sqrt(trust)
        constants = _not_negative(work * weight[:, None], times_s * weight)
        errors = np.abs(work @ constants - times_s) * scale
        usual = _OUTLIER * 1.4826 * float(np.median(errors)) + 1e-9
        trust = np.minimum(1.0, usual / np.maximum(errors, 1e-12))
    return constants


def _work(window: Window) -> tuple[float, ...]:
    return (
        float(window.from_idle),
        window.prefill_tokens,
        window.iterations,
        window.tokens,
        window.kv_tokens,
    )


def _not_negative(work: _Array, times: _Array) -> _Array:
    """Least squares with all constants >= 0, by trying every choice of which may be above 0.

    With five constants that is 31 small systems; a constant that hardly helps stays 0.
    """
    size = np.linalg.norm(work, axis=0)
    size[size <= 0.0] = 1.0
    scaled = work / size
    square = scaled.T @ scaled + _RIDGE * np.eye(work.shape[1])
    with_times = scaled.T @ times
    best, best_cost = np.zeros(work.shape[1]), float(times @ times)
    least_cost = _RIDGE * best_cost
    used = np.flatnonzero(work.any(axis=0)).tolist()
    for chosen in chain.from_iterable(combinations(used, n) for n in range(1, len(used) + 1)):
        columns = list(chosen)
        part = np.linalg.solve(square[np.ix_(columns, columns)], with_times[columns])
        if (part < 0.0).any():
            continue
        rest = scaled[:, columns] @ part - times
        cost = max(least_cost, float(rest @ rest))
        if cost < (1.0 - _WORTH) * best_cost:
            best_cost = cost
            best = np.zeros(work.shape[1])
            best[columns] = part / size[columns]
    return best
