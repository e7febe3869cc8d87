"""What is known about the fleet at one moment.

Time is a value in here: whoever decides reads `now_s` from the snapshot and never from a clock.
Views are immutable and shared between snapshots; a view is rebuilt only when its endpoint changed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from zeta_router.core.fleet import Endpoint, Model
from zeta_router.core.signal import EngineSample


class Health(StrEnum):
    """Whether an endpoint may get traffic.

    An ejected one can be reached, but its answers were of no use of late, or none came; it is used
    where nothing else can do the task.
    """

    UP = "up"
    EJECTED = "ejected"
    DOWN = "down"
    DRAINING = "draining"


class EndpointView(NamedTuple):
    """One endpoint as known now, from the router's own counts first and from polls second.

    A named tuple for the same reason as `Candidate`: prices age, so that under load most views are
    made anew for every query.

    Attributes:
        slots: In-flight cap: configured, else what the engine said, else `DEFAULT_SLOTS`.
        in_flight: Dispatched by this router and not yet finished.
        foreign_in_flight: What a fresh poll shows above our own count: work of others.
        dispatched_seq: Sequence number of the latest dispatch to it; 0 when there was none.
        peak_ewma_s: Peak-sensitive moving average of TTFT, in seconds; None without history.
        pending_prefill_tokens: Prompt tokens dispatched whose first token has not come.
        remaining_output_tokens: Output tokens expected from what is in flight.
        price: Quality per engine-second (`joint`); 0 for policies without prices.
        sample: The latest poll.
        paused: Nothing is sent to it for a moment: the engine said that it is busy, or it is on
            trial after an ejection and has its one query.
        price_fall_per_s: How fast the price falls while nothing is dispatched there.
        trust: What the quality of its answers counts for, 0..1; below 1 while it is in doubt.
        held: Queries that wait in the router for it, as of their latest decisions.
    """

    endpoint: Endpoint
    model: Model
    health: Health
    generation: int
    slots: int
    in_flight: int
    foreign_in_flight: int
    dispatched_seq: int
    peak_ewma_s: float | None
    pending_prefill_tokens: int
    remaining_output_tokens: float
    price: float
    sample: EngineSample
    paused: bool = False
    price_fall_per_s: float = 0.16
    held: int = 0
    trust: float = 1.0

    @property
    def busy_ratio(self) -> float:
        """Share of slots in use, by anybody; may exceed 1 when others overload the engine."""
        return (self.in_flight + self.foreign_in_flight) / self.slots

    @property
    def is_open(self) -> bool:
        """Whether a slot is free."""
        return not self.paused and self.in_flight + self.foreign_in_flight < self.slots


class Snapshot(NamedTuple):
    """The fleet at `now_s`; `views` in the fleet's order, `version` rises with every change."""

    version: int
    now_s: float
    views: tuple[EndpointView, ...]


class Candidate(NamedTuple):
    """An endpoint that may serve a query, with what is predicted for it there.

    A named tuple and not a dataclass: one is made per endpoint and decision, and a frozen slotted
    dataclass of this size costs four times as much to make.

    Attributes:
        quality: Expected quality of the answer, 0..1.
        output_tokens: Expected answer length.
        ttft_s: Predicted time from now to the first token.
        tpot_s: Predicted time per output token after the first.
        log_sigma: Spread of the TTFT prediction, standard deviation of its logarithm.
        work_s: Engine-seconds at full batch that it would take.
        length_log_sigma: Spread of the answer's length; makes the end less certain than the start.
        tpot_log_sigma: Spread of the TPOT prediction.
        tpot_slope_s: What one more sequence adds to the TPOT of everything that runs there.
        cached_tokens: Leading prompt tokens that its prefix cache is believed to hold; they are
            in neither `ttft_s` nor `work_s`.
        switch_cost: Quality that it would cost the conversation to move there; 0 where it is.
        prefill_stall_s: What reading its prompt adds to the TPOT of everything that runs there.
        doubt: Share of decisions that its model should get only to find out how good it is.
    """

    view: EndpointView
    quality: float
    output_tokens: float
    ttft_s: float
    tpot_s: float
    log_sigma: float
    work_s: float
    length_log_sigma: float = 0.0
    tpot_log_sigma: float = 0.45
    tpot_slope_s: float = 0.0
    cached_tokens: float = 0.0
    switch_cost: float = 0.0
    prefill_stall_s: float = 0.0
    doubt: float = 0.0

    @property
    def e2e_s(self) -> float:
        """Predicted time from now to the last token."""
        if self.output_tokens <= 1.0:
            return self.ttft_s
        return self.ttft_s + self.tpot_s * (self.output_tokens - 1.0)
