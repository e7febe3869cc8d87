"""The part of a latency prediction that does not depend on the query."""

from __future__ import annotations

from typing import NamedTuple


class Outlook(NamedTuple):
    """What an endpoint in one state would do to any query: a prediction short of the query itself.

    For a query of `uncached` prompt tokens, and an answer of `output` tokens:

        ttft_s = start_s + s_per_token * (pending_tokens + uncached) + step_s + wait_s
        work_s = uncached * s_per_token + output * s_per_output

    Most endpoints do not change between two queries, so this part of a prediction is kept. Added up
    in this order, it gives `LatencyHead.predict` and `work_s` to
    the last bit.
    """

    start_s: float
    s_per_token: float
    pending_tokens: float
    step_s: float
    wait_s: float
    tpot_s: float
    s_per_output: float
    log_sigma: float
    tpot_log_sigma: float
    tpot_slope_s: float
    stall_per_token_s: float

    def slowed(self, factor: float) -> Outlook:
        """The same where everything takes `factor` times as long."""
        return self._replace(
            start_s=self.start_s * factor,
            s_per_token=self.s_per_token * factor,
            step_s=self.step_s * factor,
            wait_s=self.wait_s * factor,
            tpot_s=self.tpot_s * factor,
            s_per_output=self.s_per_output * factor,
            tpot_slope_s=self.tpot_slope_s * factor,
            stall_per_token_s=self.stall_per_token_s * factor,
        )
