"""What each endpoint is worth to a query, in one loop.

Formula: ``weight · quality · p_slo(…) − slowdowns − price · work − weight · switch_cost``.
The parts are defined in `score` and `externality`, and that is where to read them. They are written
out again here because calls and attributes cost as much as the arithmetic. A test holds the two
equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, hypot, inf, log, sqrt

from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.externality import SCALE, prefill_slowdown
from zeta_router.policy.score import SIGMA_MAX, SIGMA_MIN, TPOT_SIGMA_MIN

_SQRT_HALF = sqrt(0.5)


def net_values(  # noqa: C901 (one loop on purpose, see above)
    candidates: Sequence[Candidate],
    slo: Slo,
    waited_s: float,
    weight: float,
    slowdown: float,
) -> list[float]:
    """Net value of each candidate in quality, at most `weight`; -inf where a term is not finite.

    `slowdown` is the weight of `batch_slowdown` and `prefill_slowdown`.
    """
    per_ttft = _per_second(slo.ttft_s, waited_s)
    per_e2e = _per_second(slo.e2e_s, waited_s)
    per_tpot = _per_second(slo.tpot_s, 0.0)
    growth = slowdown * per_tpot if 0.0 < per_tpot < inf else 0.0
    moving = weight
    if inf in (per_ttft, per_e2e, per_tpot):
        weight = per_ttft = per_e2e = 0.0
    nets = []
    for (
        view,
        quality,
        tokens,
        ttft_s,
        tpot_s,
        log_sigma,
        work_s,
        length_log_sigma,
        tpot_sigma,
        tpot_slope_s,
        _,
        switch_cost,
        prefill_stall_s,
        _,
    ) in candidates:
        sigma = log_sigma
        if sigma < SIGMA_MIN:
            sigma = SIGMA_MIN
        elif sigma > SIGMA_MAX:
            sigma = SIGMA_MAX
        late = ttft_s * per_ttft
        z = log(late) / sigma if late > 0.0 else -inf  # of the bound that is most in danger
        end_s = ttft_s
        loss = 0.0
        if not tokens <= 1.0:
            if tpot_sigma < TPOT_SIGMA_MIN:
                tpot_sigma = TPOT_SIGMA_MIN
            elif tpot_sigma > SIGMA_MAX:
                tpot_sigma = SIGMA_MAX
            end_s += tpot_s * (tokens - 1.0)
            used = tpot_s * per_tpot
            z_tpot = log(used) / tpot_sigma if used > 0.0 else -inf
            if not z >= z_tpot:  # so that NaN stays
                z = z_tpot
            if growth:
                running = view.in_flight + view.foreign_in_flight
                loss = SCALE * running * growth * tpot_slope_s / tpot_sigma
                if used < 1.0:
                    loss *= exp(-0.5 * z_tpot * z_tpot)
                if running and prefill_stall_s > 0.0:
                    stall = prefill_stall_s * per_tpot
                    loss += slowdown * prefill_slowdown(running, used, stall, tpot_sigma)
        net = -work_s * view.price - moving * switch_cost
        if 0.0 <= ttft_s <= end_s < inf and sigma == sigma:
            if per_e2e:
                z_end = _z_end(end_s * per_e2e, log_sigma, length_log_sigma)
                if not z >= z_end:
                    z = z_end
            net += weight * quality * 0.5 * erfc(z * _SQRT_HALF)
        net -= loss
        nets.append(net if net < inf else -inf)
    return nets


def _z_end(used: float, log_sigma: float, length_log_sigma: float) -> float:
    """How many spreads the end lies past its bound, of which it is expected to use up `used`."""
    if not used > 0.0:
        return -inf
    sigma = hypot(log_sigma, length_log_sigma)
    if sigma < SIGMA_MIN:
        sigma = SIGMA_MIN
    elif sigma > SIGMA_MAX:
        sigma = SIGMA_MAX
    return log(used) / sigma


def _per_second(bound_s: float | None, waited_s: float) -> float:
    """What one predicted second uses up of a bound: 0 without one, inf when it is past."""
    if bound_s is None:
        return 0.0
    left_s = bound_s - waited_s
    return 1.0 / left_s if left_s > 0.0 else inf
