"""What is known about one endpoint: reckoned from own dispatches, corrected by polls.

In-flight is not a counter but the set of attempts that have not ended, so it cannot go negative
and cannot leak: whatever ends an attempt takes exactly that attempt out.
"""

from __future__ import annotations

from math import isfinite

from zeta_router.control.health import Liveness
from zeta_router.control.price import VirtualQueue
from zeta_router.core.fleet import DEFAULT_SLOTS, Endpoint, Model
from zeta_router.core.signal import NO_SAMPLE, EngineSample, Signal
from zeta_router.core.snapshot import EndpointView, Health
from zeta_router.learn.ewma import PeakEwma
from zeta_router.learn.latency import LatencyHead
from zeta_router.learn.prefix import PrefixBelief
from zeta_router.learn.roofline import prior_of
from zeta_router.router.cases import Attempt

PRICE_STEP_S = 0.05
"""A view is rebuilt when its price is older; within it a price falls by less than 0.01."""

FOREIGN_MAX_AGE_S = 5.0
"""How long a poll's word about other people's work on the engine is believed."""


class EndpointState:
    """One endpoint over its life under one id, url and model."""

    def __init__(self, endpoint: Endpoint, model: Model, generation: int) -> None:
        self.endpoint = endpoint
        self.model = model
        self.generation = generation
        self.liveness = Liveness()
        self.draining = False
        self.attempts: dict[str, Attempt] = {}
        self.dispatched_seq = 0
        self.price = VirtualQueue()
        self.sample: EngineSample = NO_SAMPLE
        self.latency = LatencyHead(prior_of(model.params_b, endpoint.simulate))
        self.peak = PeakEwma()
        self.prefixes = PrefixBelief()
        self._foreign: tuple[int, int] = (0, 0)
        self._told_slots: int | None = None
        self._sampled_at_s = float("-inf")
        self._pending_prefill_tokens = 0
        self._remaining_tokens = 0.0
        self._prefilled_tokens = 0
        self._running_s = 0.0
        self._counted_at_s = 0.0
        self._view: EndpointView | None = None
        self._viewed_at_s = 0.0

    @property
    def slots(self) -> int:
        """Configured, else the engine's word, else the default."""
        if self.endpoint.slots is not None:
            return self.endpoint.slots
        return self._told_slots or DEFAULT_SLOTS

    def touch(self) -> None:
        """Forget the view: something changed."""
        self._view = None

    def begin(self, query_id: str, attempt: Attempt, seq: int) -> None:
        """Account for a dispatch."""
        self._sum_up(attempt.dispatched_at_s)
        self.price.slots = self.slots
        self.attempts[query_id] = attempt
        self.dispatched_seq = seq
        self._pending_prefill_tokens += attempt.uncached_tokens
        self._remaining_tokens += attempt.remaining_tokens
        self._view = None

    def first_token(self, attempt: Attempt, at_s: float) -> None:
        """Account for the end of an attempt's prefill."""
        self._sum_up(at_s)
        attempt.first_token_at_s = at_s
        self._pending_prefill_tokens -= attempt.uncached_tokens
        self._prefilled_tokens += attempt.uncached_tokens
        attempt.running_s_before = self._running_s
        attempt.prefilled_before = self._prefilled_tokens
        self._view = None

    def progress(self, attempt: Attempt, output_tokens: int) -> None:
        """Account for tokens that an attempt has produced."""
        before = attempt.remaining_tokens
        attempt.emitted_tokens = max(attempt.emitted_tokens, output_tokens)
        self._remaining_tokens += attempt.remaining_tokens - before
        self._view = None

    def company(self, attempt: Attempt, at_s: float) -> tuple[float, int]:
        """What an attempt had beside it since its first token.

        That is the mean batch, itself included, and the prompt tokens of others read meanwhile.
        """
        self._sum_up(at_s)
        decoded_s = at_s - (attempt.first_token_at_s or at_s)
        others = self._prefilled_tokens - attempt.prefilled_before
        if decoded_s <= 0.0:
            return float(len(self.attempts)), others
        return (self._running_s - attempt.running_s_before) / decoded_s, others

    def ends_in_s(self, attempt: Attempt, now_s: float) -> float:
        """Seconds until an attempt is expected to end, at the speed of the present batch.

        What it has produced is the engine's own count, or what the batches of the time since its
        first token allowed. One that outlives its estimate is given a tenth of it again.
        """
        tokens, step_s = attempt.expected_output_tokens, self.latency.decode_s(len(self.attempts))
        if attempt.first_token_at_s is None:
            first_in_s = attempt.dispatched_at_s + attempt.expected_ttft_s - now_s
            return max(0.0, first_in_s) + tokens * step_s
        mean_batch, _ = self.company(attempt, now_s)
        decoded_s = now_s - attempt.first_token_at_s
        produced = max(attempt.emitted_tokens, decoded_s / self.latency.decode_s(mean_batch))
        return max(tokens - produced, 0.1 * tokens) * step_s

    def _sum_up(self, now_s: float) -> None:
        """Carry the integral of in-flight over time up to now."""
        self._running_s += len(self.attempts) * max(0.0, now_s - self._counted_at_s)
        self._counted_at_s = max(self._counted_at_s, now_s)

    def end(self, query_id: str, at_s: float) -> None:
        """Account for the end of an attempt."""
        self._sum_up(at_s)
        attempt = self.attempts.pop(query_id, None)
        self._view = None
        if attempt is None:
            return
        if not self.attempts:  # an empty endpoint has exactly nothing left, whatever was rounded
            self._pending_prefill_tokens, self._remaining_tokens = 0, 0.0
            return
        if attempt.first_token_at_s is None:
            self._pending_prefill_tokens -= attempt.uncached_tokens
        self._remaining_tokens -= attempt.remaining_tokens

    def on_sample(self, at_s: float, sample: EngineSample) -> None:
        """Take a poll's word on what we cannot count ourselves.

        Work of others is what the engine runs above our own count, seen in two polls in a row: a
        single poll can fall between our accounting and the engine's.
        """
        self.sample = sample
        if sample.slots is not None:
            self._told_slots = _count(sample.slots) or self._told_slots
        self._view = None
        counts = [_count(signal) for signal in (sample.running, sample.waiting)]
        if counts == [None, None]:
            return
        seen = sum(count or 0 for count in counts)
        self._foreign = (self._foreign[1], max(0, seen - len(self.attempts)))
        self._sampled_at_s = at_s

    def view(self, now_s: float) -> EndpointView:
        """The state as a value; the same object until something changes."""
        paused = now_s < self.liveness.paused_until_s
        foreign = min(self._foreign) if now_s - self._sampled_at_s <= FOREIGN_MAX_AGE_S else 0
        view = self._view
        if (
            view is not None
            and view.paused == paused
            and view.foreign_in_flight == foreign
            and (view.price == 0.0 or now_s - self._viewed_at_s < PRICE_STEP_S)
        ):
            return view
        self._viewed_at_s = now_s
        self._view = EndpointView(
            endpoint=self.endpoint,
            model=self.model,
            health=self._health(),
            generation=self.generation,
            slots=self.slots,
            in_flight=len(self.attempts),
            foreign_in_flight=foreign,
            dispatched_seq=self.dispatched_seq,
            peak_ewma_s=self.peak.value_s,
            pending_prefill_tokens=self._pending_prefill_tokens,
            remaining_output_tokens=self._remaining_tokens,
            price=self.price.at(now_s),
            sample=self.sample,
            paused=paused,
            price_fall_per_s=self.price.step * self.price.rho,
        )
        return self._view

    def _health(self) -> Health:
        if not self.liveness.alive:
            return Health.DOWN
        return Health.DRAINING if self.draining else Health.UP


def _count(signal: Signal | None) -> int | None:
    """A signal as a whole number, >= 0; None when it is absent or makes no sense."""
    if signal is None or signal.value is None or not isfinite(signal.value) or signal.value < 0:
        return None
    return int(signal.value)
