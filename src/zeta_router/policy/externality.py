"""The delay that one more answer imposes on those that are being generated beside it.

`P(SLO)` covers the delay that this query suffers. This covers the other side: one more sequence in
a batch makes every step longer, and a batch filled to exactly its limit loses all its answers at
once. Leaving that out cost more than half of the quality-goodput in a prototype (.64 to .25).

Formula, per endpoint with n running: ``½ · n · v · g · φ(z)/σ``. Here g = slope/SLO is what one
more sequence adds to the TPOT, as a share of the bound; z = ln(TPOT/SLO)/σ is how far the batch is
from its limit; φ is the normal density, held at its peak past the limit, so that a lost batch never
looks cheaper than one at the brink; v is what a running answer is worth; ½ is the share of a
running answer that is still to come.

Limits: v is a constant, because the candidate does not carry the value of what its endpoint runs.
"""

from __future__ import annotations

from math import exp, isnan, log, pi, sqrt

from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import load
from zeta_router.policy.score import held_tpot

VALUE_OF_RUNNING = 0.6
"""Assumed worth of an answer that is being generated, in quality times weight."""

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
