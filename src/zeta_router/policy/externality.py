"""The delay that one more query imposes on the answers that are being generated beside it.

`P(SLO)` covers the delay that this query suffers. This covers the other side: one more sequence in
a batch makes every step longer, and a batch filled to exactly its limit loses all its answers at
once. Leaving that out cost more than half of the quality-goodput in a prototype (.64 to .25).

Formula, per endpoint with n running: ``½ · n · v · g · φ(z)/σ``. Here g = slope/SLO is what one
more sequence adds to the TPOT, as a share of the bound; z = ln(TPOT/SLO)/σ is how far the batch is
from its limit; φ is the normal density, held at its peak past the limit, so that a lost batch never
looks cheaper than one at the brink; v is what a running answer is worth; ½ is the share of a
running answer that is still to come.

That is a derivative, right for the small step that a sequence is. The reading of a long prompt is
none: it stops the whole batch for seconds. `prefill_slowdown` takes the difference it makes,
``n · v · (P(TPOT) − P(TPOT + stall))``, with the stall spread over an answer of usual length.

Limits: v is a constant, because the candidate does not carry the value of what its endpoint runs.
"""

from __future__ import annotations

from math import erfc, exp, isnan, log, pi, sqrt

from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import load
from zeta_router.policy.score import held_tpot

VALUE_OF_RUNNING = 0.6
"""Assumed worth of an answer that is being generated, in quality times weight."""

_SQRT_HALF = sqrt(0.5)
_MOST = 1e3

SCALE = 0.5 * VALUE_OF_RUNNING / sqrt(2.0 * pi)
"""½ · v times the peak of the normal density."""


def batch_slowdown(candidate: Candidate, slo: Slo, weight: float = 1.0) -> float:
    """Expected loss of the running answers if the query joined them, in quality.

    Zero or more; rises with the requests on the endpoint, with its TPOT and with its slope; largest
    for an unknown TPOT. Zero without a TPOT objective, for an answer of one token or none (it joins
    no step), and for `weight` 0.
    """
    bound_s = slo.tpot_s
    if bound_s is None or bound_s <= 0.0 or candidate.output_tokens <= 1.0:
        return 0.0
    sigma = held_tpot(candidate.tpot_log_sigma)
    growth = weight * candidate.tpot_slope_s / bound_s
    loss = SCALE * load(candidate.view) * growth / sigma
    if candidate.tpot_s >= bound_s or isnan(candidate.tpot_s):
        return loss
    used = candidate.tpot_s / bound_s
    if used <= 0.0:
        return 0.0
    z = log(used) / sigma
    return loss * exp(-0.5 * z * z)


def prefill_slowdown(running: int, used: float, stall: float, sigma: float) -> float:
    """Expected loss of the running answers while the query's prompt is read, in quality, >= 0.

    Never falls when any of the first three rises: past the point where the difference would be
    largest it stays what it is there, as a lost batch must not look cheaper than one at the brink.

    Args:
        running: Answers that are being generated there.
        used: Their TPOT as a share of the objective; NaN counts as the worst.
        stall: What the reading adds to that share.
        sigma: Spread of ln TPOT, > 0.
    """
    if not running or not stall > 0.0:
        return 0.0
    stall = min(stall, _MOST)
    worst = 0.5 * (sqrt(stall * stall + 4.0 * exp(-2.0 * sigma * sigma)) - stall)
    used = max(used, 0.0) if used < worst else max(worst, 0.0)
    before = erfc(log(used) / sigma * _SQRT_HALF) if used > 0.0 else 2.0
    after = erfc(log(used + stall) / sigma * _SQRT_HALF)
    return VALUE_OF_RUNNING * running * 0.5 * max(0.0, before - after)
