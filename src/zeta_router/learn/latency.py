"""How long an endpoint would take for a query, given what it is doing.

    step(b) = a + c * min(b, slots) + d * kv            seconds per decode step at batch b
    TPOT    = rate_tpot * (step(b + 1) + e * x)         x: prefill of others per output token
    wait    = 0 while a slot is free, else (sum of waiting outputs + half an output) * step / slots
    TTFT    = rate_ttft * (p0 + p * (uncached + pending prefill)) + wait

The coefficients are fitted by least squares that forgets slowly (about 1,000 observations). An
engine that suddenly runs slower is caught by the two rates, which follow within about 30. Both
are learned from TTFT and seconds per token, never from end-to-end time: that would mistake an
answer of unexpected length for an engine of unexpected speed.

Only answers that came may be observed. Failures and cancels are fast, and an endpoint that fails
fast must not look fast.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

from zeta_router.learn.rls import Rls
from zeta_router.learn.rls_robust import ResidualScale
from zeta_router.learn.roofline import LatencyPrior

RATE_STEP = 0.08
RATE_CLIP = 1.5
RATE_RANGE = (0.2, 20.0)
"""Rate correction: ``ln rate += RATE_STEP * clip(ln(observed / predicted), RATE_CLIP)``."""

LOG_SIGMA_RANGE = (0.35, 1.2)
"""Bounds of the spread: a sharper one lost 2.5-4 points of quality-goodput in trials."""

_LOG_SIGMA_STEP = 0.02
_MEAN_STEP = 0.05
_START_OUTPUT_TOKENS = 256.0


class LatencyHead:
    """Predicts and learns TTFT and TPOT of one endpoint.

    Args:
        prior: Its speed before it was seen (`roofline.prior_of`).

    Attributes:
        slots: Sequences it works on at once; assign when the engine reports another number.
    """

    __slots__ = (
        "_decode",
        "_log_variance",
        "_output_tokens",
        "_p",
        "_p0",
        "_prefill",
        "_slots",
        "_stall",
        "_step",
        "_step_per_kv",
        "_step_per_seq",
        "_stolen_tokens",
        "_work_per_output",
        "observations",
        "prior",
    )

    def __init__(self, prior: LatencyPrior) -> None:
        self.prior = prior
        self.observations = 0
        self._slots = max(1, prior.slots)
        base, per_token = prior.base_ttft_s, prior.prefill_s_per_token
        self._prefill = _Fit((base, per_token), (max(base, 1e-3), per_token))
        step, per_seq = prior.step_s, prior.step_per_seq_s
        # How far off a prior may be: a sequence may well cost a twentieth of a step, a thousand
        # tokens of KV as much, and prefill of others several times what the roofline says.
        scale = (step, max(per_seq, step / 20.0), step / 2e4, 4.0 * per_token)
        self._decode = _Fit((step, per_seq, 0.0, per_token), scale)
        self._log_variance = 0.45**2
        self._output_tokens = _START_OUTPUT_TOKENS
        self._stolen_tokens = 0.0
        self._refresh()

    @property
    def slots(self) -> int:
        """Sequences it works on at once, >= 1."""
        return self._slots

    @slots.setter
    def slots(self, value: int) -> None:
        self._slots = max(1, value)
        self._refresh()

    @property
    def log_sigma(self) -> float:
        """Spread of ``ln(observed / predicted)``, within `LOG_SIGMA_RANGE`."""
        low, high = LOG_SIGMA_RANGE
        return min(high, max(low, sqrt(self._log_variance)))

    @property
    def rates(self) -> tuple[float, float]:
        """The corrections of TTFT and TPOT; 1 when it runs as fitted, 3 when three times slower."""
        return self._prefill.rate, self._decode.rate

    def predict(
        self,
        *,
        prompt_tokens: float,
        batch: int,
        pending_prefill_tokens: float = 0.0,
        cached_tokens: float = 0.0,
        waiting: int = 0,
        waiting_output_tokens: float = 0.0,
        kv_tokens: float = 0.0,
        slots: int | None = None,
    ) -> tuple[float, float]:
        """Seconds from now to the first token, and per token after it. Both finite and >= 0.

        Never falls when any load (batch, pending, waiting, kv) or the prompt rises.

        Args:
            prompt_tokens: Length of the prompt.
            batch: Queries in flight there, without this one.
            pending_prefill_tokens: Uncached prompt tokens sent there, first token not yet come.
            cached_tokens: Part of the prompt that it has in its prefix cache.
            waiting: Queries that would get a slot there before this one, beyond `batch`.
            waiting_output_tokens: Output expected of those.
            kv_tokens: Tokens in its KV cache; 0 when unknown.
            slots: Sequences it works on at once, >= 1; None takes the head's.
        """
        if slots is None:
            slots = self._slots
        own = prompt_tokens - cached_tokens
        prefill = pending_prefill_tokens + own if own > 0.0 else pending_prefill_tokens
        ttft_s = self._p0 + self._p * prefill
        running = batch + 1 if batch < slots else slots
        step_s = self._step + self._step_per_seq * running + self._step_per_kv * kv_tokens
        if batch + waiting >= slots:
            full_s = self._step + self._step_per_seq * slots + self._step_per_kv * kv_tokens
            ttft_s += (waiting_output_tokens + 0.5 * self._output_tokens) * full_s / slots
        return ttft_s, step_s + self._stall

    def work_s(self, uncached_tokens: float, output_tokens: float) -> float:
        """Engine-seconds at full batch that a query takes: what it uses up for all others."""
        return uncached_tokens * self._p + output_tokens * self._work_per_output

    def observe_ttft(
        self,
        ttft_s: float,
        *,
        prompt_tokens: float,
        pending_prefill_tokens: float = 0.0,
        cached_tokens: float = 0.0,
        batch: int = 0,
        slots: int | None = None,
    ) -> None:
        """Learn from a first token: dispatch to first token, with the state at dispatch.

        A query that met no free slot is left out: its TTFT is mostly the wait and says nothing
        about prefill.

        Args:
            ttft_s: As this endpoint took, without the router's own queue. NaN, times of a
                microsecond or less, and of more than a day, are ignored.
            prompt_tokens: As given to `predict`, as the following.
            pending_prefill_tokens: Without this query's own.
            cached_tokens: Part of the prompt found in the prefix cache.
            batch: In flight there at dispatch, without this one.
            slots: Slots at dispatch; None takes the head's.
        """
        waited = batch >= (self._slots if slots is None else slots)
        inputs = (prompt_tokens, cached_tokens, pending_prefill_tokens)
        if waited or not _usable(ttft_s) or not all(map(_not_negative, inputs)):
            return
        tokens = max(0.0, prompt_tokens - cached_tokens) + pending_prefill_tokens
        self._learn_spread(self._prefill.learn((1.0, tokens), ttft_s))

    def observe_tpot(
        self,
        tpot_s: float,
        *,
        batch: float,
        output_tokens: float | None = None,
        kv_tokens: float = 0.0,
        prefill_tokens_during: float = 0.0,
    ) -> None:
        """Learn from an answer that came to its end.

        Args:
            tpot_s: Seconds per token after the first; ignored as above.
            batch: Mean number in flight while it decoded, with itself, >= 1.
            output_tokens: How many it produced; None when unknown.
            kv_tokens: Mean tokens in the KV cache meanwhile; 0 when unknown.
            prefill_tokens_during: Uncached prompt tokens of other queries whose first token came
                while it decoded: the time they took is not the decoder's.
        """
        tokens = output_tokens if output_tokens is not None else self._output_tokens
        inputs = (batch, kv_tokens, prefill_tokens_during, tokens)
        if not _usable(tpot_s) or not all(map(_not_negative, inputs)):
            return
        self._output_tokens += _MEAN_STEP * (tokens - self._output_tokens)
        stolen = prefill_tokens_during / max(1.0, tokens - 1.0)
        self._stolen_tokens += _MEAN_STEP * (stolen - self._stolen_tokens)
        running = min(max(1.0, batch), float(self._slots))
        self._learn_spread(self._decode.learn((1.0, running, kv_tokens, stolen), tpot_s))

    def state(self) -> dict[str, Any]:
        """Everything it learned, as plain JSON-able values."""
        return {
            "observations": self.observations,
            "log_variance": self._log_variance,
            "output_tokens": self._output_tokens,
            "stolen_tokens": self._stolen_tokens,
            "prefill": self._prefill.state(),
            "decode": self._decode.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()` of a head with the same prior."""
        self.observations = int(state["observations"])
        self._log_variance = float(state["log_variance"])
        self._output_tokens = float(state["output_tokens"])
        self._stolen_tokens = float(state["stolen_tokens"])
        self._prefill.restore(state["prefill"])
        self._decode.restore(state["decode"])
        self._refresh()

    def _learn_spread(self, log_residual: float) -> None:
        self.observations += 1
        self._log_variance += _LOG_SIGMA_STEP * (log_residual**2 - self._log_variance)
        self._refresh()

    def _refresh(self) -> None:
        """Multiply the rates into the coefficients, so that `predict` only adds."""
        rate = self._prefill.rate
        self._p0, self._p = (rate * value for value in self._prefill.rls.coefficients)
        rate = self._decode.rate
        step, per_seq, per_kv, per_stolen = self._decode.rls.coefficients
        self._step, self._step_per_seq, self._step_per_kv = (
            rate * step,
            rate * per_seq,
            rate * per_kv,
        )
        self._stall = rate * per_stolen * self._stolen_tokens
        self._work_per_output = (self._step + self._step_per_seq * self._slots) / self._slots


def spread(latency_log_sigma: float, length_log_sigma: float) -> float:
    """Spread of an end-to-end time: both parts together, within 0.45 and 1.2."""
    return min(1.2, max(0.45, sqrt(latency_log_sigma**2 + length_log_sigma**2)))


class _Fit:
    """A regression of a positive time, its rate correction, and its outlier bound.

    Errors count relative to the prediction: ten milliseconds matter on twenty, not on two seconds.
    """

    __slots__ = ("rate", "residuals", "rls")

    def __init__(self, prior: tuple[float, ...], scale: tuple[float, ...]) -> None:
        self.rls = Rls(prior, scale)
        self.rate = 1.0
        self.residuals = ResidualScale()

    def learn(self, features: tuple[float, ...], observed_s: float) -> float:
        """Take one observation in; returns ``ln(observed / predicted)`` before it."""
        fitted_s = self._fitted_s(features)
        predicted_s = self.rate * fitted_s
        relative = (observed_s - predicted_s) / predicted_s
        believed_s = predicted_s * (1.0 + self.residuals.clip(relative))
        self.residuals.add(relative)
        # A first observation far above the prior must not weigh as if it were as small.
        size_s = max(predicted_s, believed_s / 3.0)
        self.rls.update(features, believed_s, 1.0 / size_s**2)
        surprise = log(observed_s / (self.rate * self._fitted_s(features)))
        low, high = RATE_RANGE
        step = RATE_STEP * min(RATE_CLIP, max(-RATE_CLIP, surprise))
        self.rate = min(high, max(low, self.rate * exp(step)))
        return log(observed_s / predicted_s)

    def state(self) -> dict[str, Any]:
        return {"rls": self.rls.state(), "rate": self.rate, "residuals": self.residuals.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.rls.restore(state["rls"])
        self.rate = float(state["rate"])
        self.residuals.restore(state["residuals"])

    def _fitted_s(self, features: tuple[float, ...]) -> float:
        terms = zip(self.rls.coefficients, features, strict=True)
        return max(1e-6, sum(coefficient * feature for coefficient, feature in terms))


def _usable(seconds: float) -> bool:
    """Whether a measured time can be one: above a microsecond, below a day."""
    return 1e-6 <= seconds <= 86_400.0


def _not_negative(value: float) -> bool:
    return 0.0 <= value <= 1e12
