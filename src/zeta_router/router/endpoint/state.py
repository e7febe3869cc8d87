"""What is known about one endpoint: reckoned from own dispatches, corrected by polls.

What is on it by our own count is `router.endpoint.in_flight`; here is what else is known, and the
view that decisions read.
"""

from __future__ import annotations

from math import inf

from zeta_router.control.ejection import Circuit, Ejection
from zeta_router.control.health import Liveness
from zeta_router.control.pressure import Pressure
from zeta_router.control.price import VirtualQueue
from zeta_router.control.silence import patience_s
from zeta_router.core.condition import Finding
from zeta_router.core.fleet import DEFAULT_SLOTS, Endpoint, Model
from zeta_router.core.signal import NO_SAMPLE, EngineSample
from zeta_router.core.snapshot import EndpointView, Health
from zeta_router.learn.ewma import PeakEwma
from zeta_router.learn.latency.model import LatencyHead
from zeta_router.learn.latency.outlook import Outlook
from zeta_router.learn.latency.prefix import PrefixBelief
from zeta_router.learn.latency.roofline import prior_of
from zeta_router.learn.thinning import Thinning
from zeta_router.router.endpoint.cognition import Cognition
from zeta_router.router.endpoint.engine_count import EngineCount
from zeta_router.router.endpoint.in_flight import InFlight
from zeta_router.router.endpoint.residency import Residency
from zeta_router.router.endpoint.slow_start import SlowStart
from zeta_router.router.query.cases import Attempt

PRICE_STEP_S = 0.05
"""A view is rebuilt when its price is older; within it a price falls by less than 0.01."""

_new = tuple.__new__
"""Makes a named tuple at half the cost of calling its class."""


_UP, _HALF_OPEN, _OPEN = Health.UP, Circuit.HALF_OPEN, Circuit.OPEN
"""Looked up once: a member of an enum costs as much as a function call."""

KNOWN = 10
"""Observations before what is predicted for it says when it is late."""

TRIAL_AFTER_S = 30.0
"""How long an idle endpoint that was found slow is left alone before it is tried again."""

SLOWED = 1.25
"""From how much slower than it once was an endpoint counts as slow."""


class EndpointState:
    """One endpoint over its life under one id, url and model.

    Attributes:
        cognition: How well it does otherwise.
        residency: Whether its model is in memory.
        pressure: Whether it is short of CPU or memory.
        in_flight: What is on it by our count; `attempts` are those of it.
        counted: What is on it by its own count.
        slow_start: How many of its slots may be filled.
        ejection: Whether its answers are fit for use.
        heard_at_s: Its last sign of life to a query, or when it got the first one after a rest.
        sent_at_s: When it was sent its last query.
        empty_in_a_row: Answers of late whose text turned out to be none, whatever was counted.
        asked_whether_alive: A probe is on its way because it did not answer a poll.
        asked_at_s: Since when; a sign of life after it outweighs the probe's failure, because on a
            crowded machine it may be we who are late.
        first_lessons, last_lessons: Which first tokens and ends are learned from.
        learned_at_s: When an answer last taught something about its speed.
        on_trial: It was found slow, and nothing has been heard of it since: as long as it is idle
            it is taken for as fast as ever, and what the next answer shows is believed at once.
        outlook: What `latency` says of the state that `kept_view` shows. Whoever teaches `latency`
            has to `touch` the state.
        kept_view: The latest view; None when something has changed since.
        viewed_at_s, keeps_s: When it was made, and for how long it holds if nothing happens.
    """

    def __init__(self, endpoint: Endpoint, model: Model, generation: int) -> None:
        self.endpoint = endpoint
        self.model = model
        self.generation = generation
        self.liveness = Liveness()
        self.ejection = Ejection()
        self.cognition = Cognition()
        self.residency = Residency(model.params_b)
        self.heard_at_s = 0.0
        self.sent_at_s = -inf
        self.empty_in_a_row = 0
        self.counted = EngineCount()
        self.slow_start = SlowStart()
        self.asked_whether_alive = False
        self.asked_at_s = 0.0
        self.draining = False
        self.in_flight = InFlight()
        self.attempts = self.in_flight.attempts
        self.pressure = Pressure()
        self.dispatched_seq = 0
        self.held = 0
        self.learned_at_s = 0.0
        self.on_trial = False
        self.price = VirtualQueue()
        self.sample: EngineSample = NO_SAMPLE
        self.latency = LatencyHead(
            prior_of(model.params_b, endpoint.simulate, slots=endpoint.slots)
        )
        self.first_lessons, self.last_lessons = Thinning(), Thinning()
        self.peak = PeakEwma()
        self.prefixes = PrefixBelief()
        self.outlook: Outlook = self.latency.outlook(batch=0)
        self.kept_view: EndpointView | None = None
        self.viewed_at_s = 0.0
        self.keeps_s = 0.0
        self._stands_until_s = 0.0
        self._head: tuple[object, ...] = ()
        self._tail: tuple[object, ...] = ()

    @property
    def slots(self) -> int:
        """Configured, else the engine's word, else the default."""
        if self.endpoint.slots is not None:
            return self.endpoint.slots
        return self.counted.slots or DEFAULT_SLOTS

    def configure(self, endpoint: Endpoint, model: Model) -> None:
        """Take over its new configuration; what was learned of it stays.

        The work of a full batch, and so the price, goes by the number of slots.
        """
        self.endpoint, self.model = endpoint, model
        known = endpoint.slots or self.counted.slots
        slots = prior_of(model.params_b, endpoint.simulate, slots=known).slots
        if self.latency.slots != slots:
            self.latency.slots = slots
            self.price.slots = self.slots
        self.touch()

    @property
    def open_slots(self) -> int:
        """Slots that may be filled: fewer than it has while it is new, back or hard pressed."""
        slots = self.slow_start.of(self.slots)
        return min(slots, max(1, len(self.attempts))) if self.pressure.capped else slots

    def start_slowly(self) -> None:
        """It is new, or back: fill few slots at first."""
        self.slow_start.begin(self.slots, len(self.attempts))

    def touch(self) -> None:
        """Forget the view: something changed."""
        self.kept_view = None

    def begin(self, query_id: str, attempt: Attempt, seq: int) -> None:
        """Account for a dispatch."""
        if not self.attempts:
            self.heard_at_s = attempt.dispatched_at_s
        self.residency.begin(attempt.dispatched_at_s)
        self.sent_at_s = attempt.dispatched_at_s
        self.price.slots = self.slots
        self.in_flight.begin(query_id, attempt)
        self.dispatched_seq = seq
        self.kept_view = None

    def first_token(self, attempt: Attempt, at_s: float) -> None:
        """Account for the end of an attempt's prefill."""
        self.heard_at_s = at_s
        self.in_flight.first_token(attempt, at_s)
        self.kept_view = None

    def progress(
        self, attempt: Attempt, output_tokens: int, at_s: float, left_tokens: float | None = None
    ) -> None:
        """Account for tokens that an attempt has produced.

        `left_tokens` is how many are expected to follow them; None where nobody asked.
        """
        self.heard_at_s = at_s
        self.in_flight.progress(attempt, output_tokens, left_tokens)
        self.kept_view = None

    def company(self, attempt: Attempt, at_s: float) -> tuple[float, int]:
        """What an attempt had beside it since its first token; see `InFlight.company`."""
        return self.in_flight.company(attempt, at_s)

    def ends_in_s(self, attempt: Attempt, now_s: float) -> float:
        """Seconds until an attempt is expected to end, at the speed of the present batch.

        What it has produced is the engine's own count, or what the batches of the time since its
        first token allowed. One that outlives its estimate is given a tenth of it again; where its
        tokens were counted, the estimate is the mean residual life of an answer so long.
        """
        tokens, step_s = attempt.expected_output_tokens, self.latency.decode_s(len(self.attempts))
        if attempt.first_token_at_s is None:
            first_in_s = attempt.dispatched_at_s + attempt.expected_ttft_s - now_s
            return max(0.0, first_in_s) + tokens * step_s
        mean_batch, _ = self.company(attempt, now_s)
        decoded_s = now_s - attempt.first_token_at_s
        produced = max(attempt.emitted_tokens, decoded_s / self.latency.decode_s(mean_batch))
        if attempt.left_tokens is not None:
            tokens = attempt.left_tokens
            produced -= attempt.left_at_tokens
        return max(tokens - produced, 0.1 * tokens) * step_s

    def silent(self, now_s: float) -> bool:
        """Whether a query there has waited for a sign of life for longer than can be explained."""
        known = self.latency.observations >= KNOWN
        tpot_s = self.latency.decode_s(len(self.attempts))
        for one in self.attempts.values():
            if one.first_token_at_s is not None:
                continue
            since_s = max(self.heard_at_s, one.dispatched_at_s)
            if self.counted.swallowed.denies(now_s, since_s):
                return True
            longest_s = patience_s(
                streams=one.streams,
                ttft_s=one.expected_ttft_s,
                tpot_s=tpot_s,
                output_tokens=one.expected_output_tokens,
                most_tokens=one.most_output_tokens,
                known=known,
                loading=one.load_s > 0.0 and self.residency.loads == 0,
            )
            if now_s - since_s > longest_s:
                return True
        return False

    def findings(self, now_s: float) -> tuple[Finding, ...]:
        """How well it does, on every axis."""
        return self.cognition.findings(
            now_s, self.liveness, self.ejection, self.latency.slowdown, self.pressure
        )

    def note_findings(self, now_s: float) -> None:
        """Remember since when it is so."""
        self.cognition.note(now_s, self.findings(now_s))

    def end(self, query_id: str, at_s: float) -> None:
        """Account for the end of an attempt."""
        self.in_flight.end(query_id, at_s)
        self.kept_view = None

    def on_sample(self, at_s: float, sample: EngineSample) -> None:
        """Take a poll's word on what we cannot count ourselves."""
        self.sample = sample
        self.cognition.on_sample(at_s, sample, len(self.attempts))
        self.pressure.on_sample(at_s, sample, bool(self.attempts))
        if not self.attempts:
            self.residency.nobody_waits(at_s)
        self.residency.told(sample.resident, self.endpoint.upstream_name)
        self._try_again(at_s)
        self.counted.on_sample(at_s, sample, len(self.attempts))
        if sample.slots is not None and self.latency.slots != self.slots:
            self.latency.slots = self.slots
        self.kept_view = None

    def _try_again(self, now_s: float) -> None:
        """Put an idle endpoint that was found slow on trial: without traffic nobody would learn.

        A policy that believes it too slow sends nothing there, so its recovery would show only in
        the rare explored query.
        """
        if self.attempts or self.on_trial or now_s - self.learned_at_s < TRIAL_AFTER_S:
            return
        if self.latency.slowdown >= SLOWED:
            self.on_trial = True
            self.learned_at_s = now_s

    def view(self, now_s: float) -> EndpointView:
        """The state as a value; the same object until something changes."""
        view = self.kept_view
        if view is not None and now_s - self.viewed_at_s < self.keeps_s:
            return view
        return self.renewed_view(now_s)

    def renewed_view(self, now_s: float) -> EndpointView:
        """The view made anew; of one that only got old, no more than the price."""
        price = self.price.at(now_s)
        if self.kept_view is None or now_s >= self._stands_until_s:
            self._take_stock(now_s)
        keeps_s = self._stands_until_s - now_s
        self.keeps_s = PRICE_STEP_S if price > 0.0 and keeps_s > PRICE_STEP_S else keeps_s
        self.viewed_at_s = now_s
        self.kept_view = view = _new(EndpointView, (*self._head, price, *self._tail))
        return view

    def _take_stock(self, now_s: float) -> None:
        """Note all of a view but its price, and until when time alone leaves it as it is."""
        paused_until_s = self.liveness.paused_until_s
        paused = now_s < paused_until_s
        if self.ejection.circuit is _HALF_OPEN and self._has_its_one():
            paused = True
        foreign, foreign_until_s = self.counted.foreign(now_s)
        self._stands_until_s = min(paused_until_s if paused else inf, foreign_until_s)
        if self.pressure.slowdown > 1.0 or self.pressure.capped:
            self.pressure.expire(now_s)
            self._stands_until_s = min(self._stands_until_s, max(now_s, self.pressure.until_s))
        self._head = (
            self.endpoint,
            self.model,
            self.health,
            self.generation,
            self.open_slots,
            len(self.attempts),
            foreign,
            self.dispatched_seq,
            self.peak.value_s,
            self.in_flight.pending_prefill_tokens,
            self.in_flight.remaining_tokens,
        )
        fall_per_s = self.price.step * self.price.rho
        self._tail = (self.sample, paused, fall_per_s, self.held, self.cognition.trust)
        self._look_ahead(len(self.attempts) + foreign, self.slots)
        if self.residency.cold:
            wait_s = self.outlook.wait_s + self.residency.wait_s(now_s)
            self.outlook = self.outlook._replace(wait_s=wait_s)
            self._stands_until_s = min(self._stands_until_s, now_s + PRICE_STEP_S)

    def _has_its_one(self) -> bool:
        """Whether it has the one query of a half-open circuit; older ones may hang for long."""
        since_s = self.ejection.since_s
        return any(attempt.dispatched_at_s >= since_s for attempt in self.attempts.values())

    def _look_ahead(self, batch: int, slots: int) -> None:
        """Work out what can be predicted before there is a query."""
        beyond = batch - slots
        left_tokens = self.in_flight.remaining_tokens
        look = self.latency.outlook
        if self.on_trial and batch == 0:
            look = self.latency.fresh_outlook
        self.outlook = look(
            batch=batch,
            pending_prefill_tokens=self.in_flight.pending_prefill_tokens,
            waiting_output_tokens=left_tokens * beyond / batch if beyond > 0 else 0.0,
            slots=slots,
        )
        if self.pressure.slowdown > 1.0:
            self.outlook = self.outlook.slowed(self.pressure.slowdown)

    @property
    def health(self) -> Health:
        """Whether it may get queries."""
        if not self.liveness.alive:
            return Health.DOWN
        if self.draining:
            return Health.DRAINING
        left_out = self.ejection.circuit is _OPEN or self.cognition.full_soon
        return Health.EJECTED if left_out else _UP
