"""What stands inside the JSON arrays of `decisions.candidates`, in order."""

from __future__ import annotations

CANDIDATE_FIELDS = (
    ("view", "the endpoint's state, an array, see below"),
    ("quality", "expected quality, 0 to 1"),
    ("output_tokens", "expected answer length"),
    ("ttft_s", "predicted time to the first token"),
    ("tpot_s", "predicted time per output token"),
    ("log_sigma", "spread of the prediction of the first token (of its logarithm)"),
    ("work_s", "engine-seconds it would take"),
    ("length_log_sigma", "spread of the answer's length"),
    ("tpot_log_sigma", "spread of the time per token"),
    ("tpot_slope_s", "what one more sequence adds to the time per token there"),
    ("score", "what the policy gave it, higher is better; null when it gave none"),
    ("cached_tokens", "leading prompt tokens believed to be in its prefix cache"),
    ("switch_cost", "quality that moving the conversation there would cost"),
    ("prefill_stall_s", "what reading the prompt adds to the time per token there"),
    ("doubt", "share of decisions its model should get only to find out how good it is"),
)
"""Layout of one entry of `decisions.candidates`. A number that is not finite is written as null."""

VIEW_FIELDS = (
    ("endpoint_id", "the endpoint"),
    ("model", "its model"),
    ("health", "`up`, `down` or `draining`"),
    ("generation", "which incarnation of the endpoint"),
    ("slots", "requests it works on at once"),
    ("in_flight", "our own requests there"),
    ("foreign_in_flight", "requests of others there"),
    ("dispatched_seq", "number of the latest dispatch to it"),
    ("peak_ewma_s", "moving average of TTFT; null without history"),
    ("pending_prefill_tokens", "prompt tokens dispatched without a first token yet"),
    ("remaining_output_tokens", "output tokens expected from what is in flight"),
    ("price", "quality per engine-second"),
    ("sample", "`number` of the poll it had, in `samples` of the same `run`; 0 for none"),
    ("held", "queries that wait in the router for it"),
    ("price_fall_per_s", "how fast the price falls without a dispatch"),
    ("paused", "whether the engine said that it is busy"),
)
"""Layout of `view` in a candidate."""
