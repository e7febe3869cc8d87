"""How fast an endpoint is, learned from its answers.

What is learned are the coefficients that `latency.speed` predicts with. They are fitted by least
squares that forgets slowly (about 1,000 observations). An engine that suddenly runs slower is
caught by the two rates, which follow within about 30. Both are learned from TTFT and seconds per
token, never from end-to-end time: that would mistake an answer of unexpected length for an engine
of unexpected speed.

Steps are fitted on the batch that an answer really had, so that the work it took is right; they
are predicted for the batch that it will have, which at a busy endpoint is more than the batch that
it meets. A first token comes at the end of a step, after the step that was running: without the
term in s, busy steps passed for prefill, or hid it.

Only answers that came may be observed. Failures and cancels are fast, and an endpoint that fails
fast must not look fast.
"""

from __future__ import annotations

from math import inf, log, sqrt
from typing import Any

from zeta_router.learn.latency.fit import RATE_STEP, LatencyFit
from zeta_router.learn.latency.outlook import Outlook
from zeta_router.learn.latency.rls import Rls
from zeta_router.learn.latency.roofline import LatencyPrior
from zeta_router.learn.latency.speed import Speed

LOG_SIGMA_RANGE = (0.35, 1.2)
"""Bounds of the spread: a sharper one lost 2.5-4 points of quality-goodput in trials."""

TPOT_SIGMA_RANGE = (0.02, 1.2)
"""Bounds of TPOT's spread: an answer's mean step varies little around what its batch makes it."""

_KNOWN = 10
"""Observations before its speed is worth remembering."""

_LOG_SIGMA_STEP = 0.02
_MEAN_STEP = 0.05
_START_OUTPUT_TOKENS = 256.0


class LatencyHead(Speed):
    """Predicts and learns TTFT and TPOT of one endpoint.

    Args:
        prior: Its speed before it was seen (`roofline.prior_of`).

    Attributes:
        slots: Sequences it works on at once; assign when the engine reports another number.
        log_sigma: Spread of ``ln(observed / predicted)``, within `LOG_SIGMA_RANGE`.
        tpot_log_sigma: Spread of TPOT alone, within `TPOT_SIGMA_RANGE`: much steadier than a first
            token.
    """

    __slots__ = (
        "_batch_drift",
        "_decode",
        "_decode_variance",
        "_fastest_s",
        "_log_variance",
        "_prefill",
        "_stolen_tokens",
        "observations",
        "prior",
    )

    def __init__(self, prior: LatencyPrior) -> None:
        self.prior = prior
        self.observations = 0
        self._slots = max(1, prior.slots)
        base, per_token = prior.base_ttft_s, prior.prefill_s_per_token
        step, per_seq = prior.step_s, prior.step_per_seq_s
        idle_s = step + per_seq
        known = (max(0.0, base - idle_s), per_token, min(1.0, base / idle_s))
        self._prefill = LatencyFit(known, (max(base, 1e-3), per_token, 1.0))
        # How far off a prior may be: a sequence may well cost a twentieth of a step, a thousand
        # tokens of KV as much, and prefill of others several times what the roofline says.
        scale = (step, max(per_seq, step / 20.0), step / 2e4, 4.0 * per_token)
        self._decode = LatencyFit((step, per_seq, 0.0, per_token), scale)
        self._batch_drift = Rls((0.0, 1.0), (1.0, 0.2), prior_weight=1.0, forgetting=0.995)
        self._log_variance = 0.45**2
        self._decode_variance = 0.2**2
        self._fastest_s: float | None = None
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
    def rates(self) -> tuple[float, float]:
        """The corrections of TTFT and TPOT; 1 when it runs as fitted, 3 when three times slower."""
        return self._prefill.rate, self._decode.rate

    @property
    def slowdown(self) -> float:
        """How much slower it decodes than it once did, >= 1; 1 while little is known."""
        return max(1.0, self.decode_s(1) / self._fastest_s) if self._fastest_s else 1.0

    def fresh_outlook(self, **state: Any) -> Outlook:
        """The outlook if it ran as fast as it once did, whatever was seen last."""
        rates = self.rates
        self._prefill.rate, self._decode.rate = (rate / self.slowdown for rate in rates)
        self._refresh()
        outlook = self.outlook(**state)
        self._prefill.rate, self._decode.rate = rates
        self._refresh()
        return outlook

    def observe_ttft(
        self,
        ttft_s: float,
        *,
        prompt_tokens: float,
        pending_prefill_tokens: float = 0.0,
        cached_tokens: float = 0.0,
        batch: int = 0,
        slots: int | None = None,
        trial: bool = False,
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
            trial: Believe its speed at once: nothing else is known of late.
        """
        waited = batch >= (self._slots if slots is None else slots)
        inputs = (prompt_tokens, cached_tokens, pending_prefill_tokens)
        if waited or not _usable(ttft_s) or not _not_negative(inputs):
            return
        tokens = max(0.0, prompt_tokens - cached_tokens) + pending_prefill_tokens
        step, per_seq, *_ = self._decode.rls.coefficients
        step_s = step + per_seq * (batch + 1)
        self._learn_spread(
            self._prefill.learn((1.0, tokens, step_s), ttft_s, 1.0 if trial else RATE_STEP)
        )

    def observe_tpot(
        self,
        tpot_s: float,
        *,
        batch: float,
        met_batch: float | None = None,
        output_tokens: float | None = None,
        kv_tokens: float = 0.0,
        prefill_tokens_during: float = 0.0,
        trial: bool = False,
    ) -> None:
        """Learn from an answer that came to its end.

        Args:
            tpot_s: Seconds per token after the first; ignored as above.
            batch: Mean number in flight while it decoded, with itself, >= 1.
            met_batch: In flight at its dispatch, without itself; None when not known.
            output_tokens: How many it produced; None when unknown.
            kv_tokens: Mean tokens in the KV cache meanwhile; 0 when unknown.
            prefill_tokens_during: Uncached prompt tokens of other queries whose first token came
                while it decoded: the time they took is not the decoder's.
            trial: Believe its speed at once: nothing else is known of late.
        """
        tokens = output_tokens if output_tokens is not None else self._output_tokens
        met = 0.0 if met_batch is None else met_batch
        inputs = (batch, met, kv_tokens, prefill_tokens_during, tokens)
        if not _usable(tpot_s) or not _not_negative(inputs):
            return
        self._output_tokens += _MEAN_STEP * (tokens - self._output_tokens)
        stolen = prefill_tokens_during / max(1.0, tokens - 1.0)
        self._stolen_tokens += _MEAN_STEP * (stolen - self._stolen_tokens)
        running = min(max(1.0, batch), float(self._slots))
        if met_batch is not None:
            self._batch_drift.update((1.0, met + 1.0), running)
        missed = 0.0 if met_batch is None else log(tpot_s / self.outlook(batch=int(met)).tpot_s)
        features = (1.0, running, kv_tokens, stolen)
        residual = self._decode.learn(features, tpot_s, 1.0 if trial else RATE_STEP)
        error = 0.5 * (residual**2 + missed**2)
        self._decode_variance += _LOG_SIGMA_STEP * (error - self._decode_variance)
        if self.observations >= _KNOWN:
            self._fastest_s = min(self._fastest_s or inf, self.decode_s(1))
        self._learn_spread(residual)

    def state(self) -> dict[str, Any]:
        """Everything it learned, as plain JSON-able values."""
        return {
            "observations": self.observations,
            "log_variance": self._log_variance,
            "decode_variance": self._decode_variance,
            "output_tokens": self._output_tokens,
            "stolen_tokens": self._stolen_tokens,
            "fastest_s": self._fastest_s,
            "batch_drift": self._batch_drift.state(),
            "prefill": self._prefill.state(),
            "decode": self._decode.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()` of a head with the same prior."""
        self.observations = int(state["observations"])
        self._log_variance = float(state["log_variance"])
        self._decode_variance = float(state["decode_variance"])
        self._output_tokens = float(state["output_tokens"])
        self._stolen_tokens = float(state["stolen_tokens"])
        fastest_s = state["fastest_s"]
        self._fastest_s = None if fastest_s is None else float(fastest_s)
        self._batch_drift.restore(state["batch_drift"])
        self._prefill.restore(state["prefill"])
        self._decode.restore(state["decode"])
        self._refresh()

    def _learn_spread(self, log_residual: float) -> None:
        self.observations += 1
        self._log_variance += _LOG_SIGMA_STEP * (log_residual**2 - self._log_variance)
        self._refresh()

    def _refresh(self) -> None:
        """Multiply the rates into the coefficients, so that `predict` only adds."""
        step, per_seq, per_kv, per_stolen = self._decode.rls.coefficients
        rate = self._prefill.rate
        base, per_token, steps = self._prefill.rls.coefficients
        self._p = rate * per_token
        self._start, self._start_per_seq = rate * (base + steps * step), rate * steps * per_seq
        rate = self._decode.rate
        self._step, self._step_per_seq, self._step_per_kv = (
            rate * step,
            rate * per_seq,
            rate * per_kv,
        )
        ahead, per_met = self._batch_drift.coefficients
        self._step_ahead = self._step + self._step_per_seq * ahead
        self._step_per_met = self._step_per_seq * per_met
        self._stall = rate * per_stolen * self._stolen_tokens
        self._work_per_output = (self._step + self._step_per_seq * self._slots) / self._slots
        self.log_sigma = _within(sqrt(self._log_variance), LOG_SIGMA_RANGE)
        self.tpot_log_sigma = _within(sqrt(self._decode_variance), TPOT_SIGMA_RANGE)


def spread(latency_log_sigma: float, length_log_sigma: float) -> float:
    """Spread of an end-to-end time: both parts together, within 0.45 and 1.2."""
    return min(1.2, max(0.45, sqrt(latency_log_sigma**2 + length_log_sigma**2)))


def _within(value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(high, max(low, value))


def _usable(seconds: float) -> bool:
    """Whether a measured time can be one: above a microsecond, below a day."""
    return 1e-6 <= seconds <= 86_400.0


def _not_negative(values: tuple[float, ...]) -> bool:
    for value in values:  # noqa: SIM110 (a generator costs more than the comparisons)
        if not 0.0 <= value <= 1e12:
            return False
    return True
