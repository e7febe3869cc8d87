"""How fast an engine should be before anybody has measured it.

Decoding reads every weight once per step, so a step cannot be shorter than weights over memory
bandwidth; prefill does two operations per weight and token, so it is bound by arithmetic. These
two ceilings give a prior that is right within a small factor; the rest is learned.
"""

from __future__ import annotations

from dataclasses import dataclass

from zeta_router.core.fleet import DEFAULT_SLOTS, SimulatedSpeed
from zeta_router.learn.quality.sizes import UNKNOWN_PARAMS_B


@dataclass(frozen=True, slots=True)
class LatencyPrior:
    """What an endpoint's speed is taken to be before it was seen.

    Attributes:
        prefill_s_per_token: Seconds per uncached prompt token.
        base_ttft_s: Seconds to the first token of an empty prompt on an idle engine.
        step_s: Seconds of a decode step with an empty batch.
        step_per_seq_s: Seconds that each sequence of the batch adds to a step.
        slots: Sequences that the engine works on at once.
    """

    prefill_s_per_token: float
    base_ttft_s: float
    step_s: float
    step_per_seq_s: float
    slots: int


@dataclass(frozen=True, slots=True)
class Hardware:
    """The ceilings of a box, and the bytes it keeps per weight."""

    memory_bytes_per_s: float
    operations_per_s: float
    bytes_per_param: float


MID_RANGE = Hardware(memory_bytes_per_s=450e9, operations_per_s=50e12, bytes_per_param=1.0)
"""One consumer GPU of the middle class with 8-bit weights."""

REACHED_SHARE = 0.5
"""Share of the arithmetic ceiling that prefill reaches in practice."""

STEP_SHARE_PER_SEQ = 1 / 200
"""What one more sequence adds to a decode step, relative to the step."""

BASE_TTFT_S = 0.02
"""Connection, tokenizer and scheduling before any prefill."""


def prior_of(
    params_b: float | None,
    simulate: SimulatedSpeed | None = None,
    *,
    slots: int | None = None,
    hardware: Hardware = MID_RANGE,
) -> LatencyPrior:
    """The prior for an endpoint: its stated speed if there is one, else the roofline of its size.

    Args:
        params_b: Billions of parameters; None takes `sizes.UNKNOWN_PARAMS_B`.
        simulate: Speed stated in the fleet file; believed as it stands.
        slots: Configured or reported slots; None takes `simulate`'s or `DEFAULT_SLOTS`.
        hardware: The box it runs on.
    """
    if simulate is not None:
        return LatencyPrior(
            prefill_s_per_token=1.0 / simulate.prefill_tokens_per_s,
            base_ttft_s=simulate.step_s,
            step_s=simulate.step_s,
            step_per_seq_s=simulate.step_per_seq_s,
            slots=slots or simulate.slots,
        )
    params = (params_b if params_b is not None and params_b > 0.0 else UNKNOWN_PARAMS_B) * 1e9
    step_s = params * hardware.bytes_per_param / hardware.memory_bytes_per_s
    return LatencyPrior(
        prefill_s_per_token=2.0 * params / (REACHED_SHARE * hardware.operations_per_s),
        base_ttft_s=BASE_TTFT_S + step_s,
        step_s=step_s,
        step_per_seq_s=step_s * STEP_SHARE_PER_SEQ,
        slots=slots or DEFAULT_SLOTS,
    )
