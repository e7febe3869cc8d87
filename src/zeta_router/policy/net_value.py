"""What each endpoint is worth to a query, in one loop.

Formula: ``weight · quality · p_slo(…) − batch_slowdown(…) − price · work``. The parts are defined
in `score` and `externality`, and that is where to read them. They are written out again here
because the calls cost as much as the arithmetic (37 against 19 µs for 20 endpoints on one machine).
A test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, hypot, inf, log, sqrt

from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.externality import SCALE
from zeta_router.policy.score import SIGMA_MAX, SIGMA_MIN

_SQRT_HALF = sqrt(0.5)


def net_values(  # noqa: C901 (one loop on purpose, see above)
    candidates: Sequence[Candidate],
    slo: Slo,
    waited_s: float,
    weight: float,
    step_slope_ratio: float,
) -> list[float]:
    """Net value of each candidate in quality, at most `weight`; -inf where a term is not finite."""
    per_ttft = _per_second(slo.ttft_s, waited_s)
    per_e2e = _per_second(slo.e2e_s, waited_s)
    per_tpot = _per_second(slo.tpot_s, 0.0)
    ratio = step_slope_ratio if 0.0 < per_tpot < inf else 0.0
    if inf in (per_ttft, per_e2e, per_tpot):
        weight = per_ttft = per_e2e = 0.0
    nets = []
    for candidate in candidates:
        view = candidate.view
        ttft_s = candidate.ttft_s
        tpot_s = candidate.tpot_s
        tokens = candidate.output_tokens
        sigma = candidate.log_sigma
        if sigma < SIGMA_MIN:
            sigma = SIGMA_MIN
        elif sigma > SIGMA_MAX:
            sigma = SIGMA_MAX

        late = ttft_s * per_ttft  # the largest share of a bound that is used up
        if tokens <= 1.0:
            end_s = ttft_s
        else:
            end_s = ttft_s + tpot_s * (tokens - 1.0)
            if tpot_s * per_tpot > late:
                late = tpot_s * per_tpot
        net = -candidate.work_s * view.price
        if 0.0 <= ttft_s <= end_s < inf and sigma == sigma:
            z = log(late) / sigma if late > 0.0 else -inf
            if per_e2e > 0.0 and end_s * per_e2e > 0.0:
                z_end = log(end_s * per_e2e) / _end_sigma(candidate)
                if not z >= z_end:
                    z = z_end
            net += weight * candidate.quality * 0.5 * erfc(z * _SQRT_HALF)

        running = view.in_flight + view.foreign_in_flight
        if ratio and running and not tokens <= 1.0:
            loss = SCALE * running * ratio / ((1.0 + ratio * running) * sigma)
            used = tpot_s * per_tpot
            if used < 1.0:
                z = log(used) / sigma if used > 0.0 else inf
                loss *= exp(-0.5 * z * z)
            net -= loss
        nets.append(net if net < inf else -inf)
    return nets


def _end_sigma(candidate: Candidate) -> float:
    sigma = hypot(candidate.log_sigma, candidate.length_log_sigma)
    return min(max(sigma, SIGMA_MIN), SIGMA_MAX)


def _per_second(bound_s: float | None, waited_s: float) -> float:
    """What one predicted second uses up of a bound: 0 without one, inf when it is past."""
    if bound_s is None:
        return 0.0
    left_s = bound_s - waited_s
    return 1.0 / left_s if left_s > 0.0 else inf
