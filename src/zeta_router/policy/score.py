"""The probability that a latency objective is met, soft and never a filter.

Predicted latency is uncertain by a factor, not by a difference, so it is taken as log-normal around
the prediction: ``P = ½(1 + erf(ln(target / predicted) / (σ√2)))``. A hard "will it make it" lost
4 to 7 points of quality-goodput in a prototype, because it throws away everything near the limit;
σ anywhere in 0.45..1.2 was within half a point for first tokens and ends, so it is held there. TPOT
follows from the batch and is known much better: its σ may fall to 0.02.

With several objectives it is the least of their probabilities and not the product: the same slow
batch makes the first token, the rate and the end late together. Each has its own spread; the end
has that of the answer's length on top, which says nothing about how fast an answer starts.
"""

from __future__ import annotations

from math import erfc, hypot, inf, log, sqrt

from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import ends_in_s

SIGMA_MIN = 0.45
TPOT_SIGMA_MIN = 0.02
"""TPOT is predicted from the batch and varies little around it; a wider spread empties batches."""
SIGMA_MAX = 1.2
_SQRT_HALF = sqrt(0.5)


def p_within(target_s: float | None, predicted_s: float, log_sigma: float) -> float:
    """Probability that a time predicted as `predicted_s` stays within `target_s`, in [0, 1].

    Args:
        target_s: The bound in seconds; None is no bound (1). A bound of 0 or less is missed (0).
        predicted_s: Median of the prediction in seconds. NaN gives 0: no prediction, no promise.
        log_sigma: Standard deviation of its logarithm; 0 gives a step at the target, NaN gives 0.
    """
    if target_s is None:
        return 1.0
    if not (target_s > 0.0 and 0.0 <= predicted_s < inf and log_sigma >= 0.0):
        return 0.0
    used = predicted_s / target_s
    if log_sigma == 0.0 or used == 0.0:
        return 1.0 if used <= 1.0 else 0.0
    return 0.5 * erfc(log(used) * _SQRT_HALF / log_sigma)


def p_slo(candidate: Candidate, slo: Slo, waited_s: float = 0.0) -> float:
    """Probability that `candidate` meets `slo` for a query that has waited `waited_s` already.

    The wait so far counts against TTFT and end-to-end, which run from arrival. The rate of an
    answer of one token or none is always met. A candidate whose prediction is not finite, or is
    negative, gets 0, whatever is asked for.
    """
    ttft_s = candidate.ttft_s
    end_s = ends_in_s(candidate)
    if not 0.0 <= ttft_s <= end_s < inf:
        return 0.0
    sigma = held(candidate.log_sigma)
    end_sigma = held(hypot(candidate.log_sigma, candidate.length_log_sigma))
    return min(
        p_within(None if slo.ttft_s is None else slo.ttft_s - waited_s, ttft_s, sigma),
        p_within(None if slo.e2e_s is None else slo.e2e_s - waited_s, end_s, end_sigma),
        p_within(
            slo.tpot_s,
            candidate.tpot_s if candidate.output_tokens > 1.0 else 0.0,
            held_tpot(candidate.tpot_log_sigma),
        ),
    )


def held_tpot(log_sigma: float) -> float:
    """The spread of TPOT, held in its range; NaN stays NaN."""
    return min(max(log_sigma, TPOT_SIGMA_MIN), SIGMA_MAX)


def held(log_sigma: float) -> float:
    """The spread, held in the range where results do not depend on it; NaN stays NaN."""
    return min(max(log_sigma, SIGMA_MIN), SIGMA_MAX)
