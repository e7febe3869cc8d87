"""How long an endpoint would take for a query, given what it is doing.

    step(b) = a + c * min(b, slots) + d * kv            seconds per decode step at batch b
    b'      = m0 + m1 * (b + 1), pulled up to b + 1     mean batch while it will decode
    TPOT    = rate_tpot * (step(b') + e * x)            x: prefill of others per output token
    wait    = 0 while a slot is free, else (sum of waiting outputs + half an output) * step / slots
    TTFT    = rate_ttft * (p0 + p * (uncached + pending prefill) + s * step(b + 1)) + wait

`latency.model` learns the coefficients, and keeps them here with the rates multiplied in.
"""

from __future__ import annotations

from zeta_router.learn.latency.outlook import Outlook

_SHORTEST_TOKENS = 16.0
"""Least length of the answers over which the reading of a prompt is spread."""

_CROWDING = 0.6
"""How far the batch that a query meets counts, where batches have shrunk after such a meeting.

In a burst they do not shrink. Trusting the mean lost 9 % of quality-goodput on bursty arrivals,
trusting only the batch of the moment 0.5 % on steady ones.
"""


_new = tuple.__new__
"""Makes a named tuple at half the cost of calling its class."""


class Speed:
    """Coefficients of one endpoint, and what follows from them.

    Attributes:
        log_sigma: Spread of ``ln(observed / predicted)``.
        tpot_log_sigma: Spread of TPOT alone: much steadier than a first token.
    """

    __slots__ = (
        "_output_tokens",
        "_p",
        "_slots",
        "_stall",
        "_start",
        "_start_per_seq",
        "_step",
        "_step_ahead",
        "_step_per_kv",
        "_step_per_met",
        "_step_per_seq",
        "_work_per_output",
        "log_sigma",
        "tpot_log_sigma",
    )

    _output_tokens: float
    _p: float
    _slots: int
    _stall: float
    _start: float
    _start_per_seq: float
    _step: float
    _step_ahead: float
    _step_per_kv: float
    _step_per_met: float
    _step_per_seq: float
    _work_per_output: float
    log_sigma: float
    tpot_log_sigma: float

    @property
    def tpot_slope_s(self) -> float:
        """Seconds that one more sequence adds to everybody's TPOT while it is there."""
        return self._step_per_seq

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
        outlook = self.outlook(
            batch=batch,
            pending_prefill_tokens=pending_prefill_tokens,
            waiting=waiting,
            waiting_output_tokens=waiting_output_tokens,
            kv_tokens=kv_tokens,
            slots=slots,
        )
        own = max(0.0, prompt_tokens - cached_tokens)
        prefill_s = outlook.s_per_token * (outlook.pending_tokens + own)
        return outlook.start_s + prefill_s + outlook.step_s + outlook.wait_s, outlook.tpot_s

    def outlook(
        self,
        *,
        batch: int,
        pending_prefill_tokens: float = 0.0,
        waiting: int = 0,
        waiting_output_tokens: float = 0.0,
        kv_tokens: float = 0.0,
        slots: int | None = None,
    ) -> Outlook:
        """The part of `predict` and `work_s` that is the same for every query; see there."""
        if slots is None:
            slots = self._slots
        running = batch + 1 if batch < slots else slots
        full_s = self._step + self._step_per_seq * slots
        step_s = self._step_ahead + self._step_per_met * (batch + 1)
        met_s = self._step + self._step_per_seq * running
        if met_s > step_s:
            step_s += _CROWDING * (met_s - step_s)
        if step_s > full_s or batch >= slots:
            step_s = full_s
        kv_s = self._step_per_kv * kv_tokens
        wait_s = 0.0
        if batch + waiting >= slots:
            wait_tokens = waiting_output_tokens + 0.5 * self._output_tokens
            wait_s = wait_tokens * (full_s + kv_s) / slots
        found = (
            self._start,
            self._p,
            pending_prefill_tokens,
            self._start_per_seq * running,
            wait_s,
            step_s + kv_s + self._stall,
            self._work_per_output,
            self.log_sigma,
            self.tpot_log_sigma,
            self._step_per_seq,
            self._p / max(_SHORTEST_TOKENS, self._output_tokens),
        )
        return _new(Outlook, found)

    def decode_s(self, batch: float) -> float:
        """Seconds per token of everybody in a batch of this size, > 0."""
        step_s = self._step + self._step_per_seq * min(batch, self._slots) + self._stall
        return max(step_s, 1e-6)

    def work_s(self, uncached_tokens: float, output_tokens: float) -> float:
        """Engine-seconds at full batch that a query takes: what it uses up for all others."""
        return uncached_tokens * self._p + output_tokens * self._work_per_output
