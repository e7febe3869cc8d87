"""Whether a client had its answer in time: one rule for metrics, dashboard and `zeta top`."""

from __future__ import annotations

from zeta_router.core.query import Slo


def in_time(slo: Slo, e2e_s: float, ttft_s: float | None, tpot_s: float | None) -> bool:
    """Whether an answer met every objective; times run from the query's arrival.

    Of an answer that came whole, the first token came with the last; a TPOT under two tokens counts
    as met.
    """
    if slo.e2e_s is not None and e2e_s > slo.e2e_s:
        return False
    if slo.ttft_s is not None and (e2e_s if ttft_s is None else ttft_s) > slo.ttft_s:
        return False
    return slo.tpot_s is None or tpot_s is None or tpot_s <= slo.tpot_s
