"""Model health: quality, speed, failures and memory, as far as they are known."""

from __future__ import annotations

from expressions import HERE, RATE, UP_OR_DOWN
from panels import SHARE, Dashboard, Panel

CONDITIONS = Panel(
    "Condition",
    {"max by (endpoint, axis) (zeta_endpoint_condition" + HERE + ")": "{{endpoint}}, {{axis}}"},
    "How each endpoint does: whether it answers, how fast, how well, and its memory. Only the "
    "first and the last take it out of service.",
    kind="state-timeline",
    width=12,
    limits=(None, None),
    texts={
        "0": ("healthy", "green"),
        "1": ("suspect", "yellow"),
        "2": ("degraded", "orange"),
        "3": ("ejected", "red"),
        "4": ("probing", "blue"),
    },
)

HEALTH = Dashboard(
    "zeta-model-health",
    "Zeta: model health",
    "What is believed about each model's quality and each endpoint's speed, failures and memory.",
    (
        (
            "Quality",
            (
                Panel(
                    "Expected quality",
                    {
                        'max by (model, task) (zeta_quality_estimate{model=~"$model"})': (
                            "{{model}}, {{task}}"
                        )
                    },
                    "The fleet file's prior, corrected by every judgement since. Flat without "
                    "feedback.",
                    unit=SHARE,
                    limits=(0, 1),
                    width=8,
                ),
                Panel(
                    "How unsure that is",
                    {
                        'max by (model, task) (zeta_quality_estimate_stddev{model=~"$model"})': (
                            "{{model}}, {{task}}"
                        )
                    },
                    "Standard deviation of the estimate; falls as judgements come in.",
                    unit=SHARE,
                    width=8,
                ),
                Panel(
                    "What that counts for",
                    {"min by (endpoint) (zeta_endpoint_trust_ratio" + HERE + ")": "{{endpoint}}"},
                    "1 while nothing is the matter; .9 when answers may have got worse, .6 when "
                    "they have.",
                    unit=SHARE,
                    limits=(0, 1),
                ),
                Panel(
                    "Evidence that answers got worse",
                    {
                        "max by (endpoint, axis) (zeta_drift_score" + HERE + ")": (
                            "{{endpoint}}, {{axis}}"
                        )
                    },
                    "A CUSUM over what can be told of answers without a judge. It warns at 7 and "
                    "is sure at 12. Empty before an endpoint has given 100 answers.",
                    width=12,
                    steps=(7, 12),
                ),
                CONDITIONS,
            ),
        ),
        (
            "Life",
            (
                UP_OR_DOWN,
                Panel(
                    "Circuit breakers that are not closed",
                    {
                        "sum by (endpoint) (zeta_breaker_state"
                        '{endpoint=~"$endpoint", state!="closed"})': "{{endpoint}}"
                    },
                    "1: open (it gets no queries) or half open (one at a time).",
                    limits=(0, 1),
                    width=12,
                ),
                Panel(
                    "Share of attempts that fail",
                    {"endpoint:zeta_attempt_failures:ratio_rate5m" + HERE: "{{endpoint}}"},
                    "Errors, broken connections and time-outs of the last 5 minutes. Retries hide "
                    "them from clients.",
                    unit=SHARE,
                    limits=(0, 1),
                ),
                Panel(
                    "How attempts ended",
                    {
                        f"sum by (endpoint, outcome) (rate(zeta_attempts_total{HERE}{RATE}))": (
                            "{{endpoint}}, {{outcome}}"
                        )
                    },
                    "upstream_busy is an engine saying that it is full: no failure.",
                    unit="ops",
                ),
                Panel(
                    "Endpoints up, by model",
                    {'model:zeta_endpoints_up:sum{model=~"$model"}': "{{model}}"},
                    "0: queries that only this model can answer wait and are refused.",
                ),
            ),
        ),
        (
            "Speed",
            (
                Panel(
                    "First token, against what was fitted",
                    {
                        "max by (endpoint) (zeta_endpoint_ttft_slowness_ratio"
                        + HERE
                        + ")": "{{endpoint}}"
                    },
                    "1 is as fitted. Slower at equal load: throttling, a neighbour, swapping, "
                    "other settings.",
                    unit="none",
                    limits=(0, None),
                    steps=(2,),
                ),
                Panel(
                    "Further tokens, against what was fitted",
                    {
                        "max by (endpoint) (zeta_endpoint_tpot_slowness_ratio"
                        + HERE
                        + ")": "{{endpoint}}"
                    },
                    "As on the left, per output token.",
                    unit="none",
                    limits=(0, None),
                    steps=(2,),
                ),
                Panel(
                    "Decoding, against its own best",
                    {
                        "max by (endpoint) (zeta_endpoint_slowdown_ratio"
                        + HERE
                        + ")": "{{endpoint}}"
                    },
                    "At the same batch; 1.5 is suspect, 3 degraded.",
                    unit="none",
                    steps=(1.5, 3),
                ),
            ),
        ),
        (
            "Memory and signals",
            (
                Panel(
                    "Memory",
                    {"max by (endpoint) (zeta_endpoint_memory_bytes" + HERE + ")": "{{endpoint}}"},
                    "Resident memory of the engine's process.",
                    unit="bytes",
                ),
                Panel(
                    "Growth of memory per hour",
                    {
                        "max by (endpoint) (zeta_memory_slope_bytes_per_hour" + HERE + ")"
                        " or max by (endpoint) (3600 * deriv(zeta_endpoint_memory_bytes"
                        + HERE
                        + "[15m]))": "{{endpoint}}"
                    },
                    "Of the leak detector where it says something; else of the last 15 minutes, in "
                    "which load shows as well as leaks.",
                    unit="bytes",
                    limits=(None, None),
                    steps=(15e6,),
                ),
                Panel(
                    "Age of the oldest signal",
                    {"max by (endpoint) (zeta_signal_age_seconds" + HERE + ")": "{{endpoint}}"},
                    "Slow signals are read every 30 s; an alert fires at 90.",
                    unit="s",
                    steps=(90,),
                ),
                Panel(
                    "Signals that are not given",
                    {"sum by (signal) (zeta_signal_absent" + HERE + ")": "{{signal}}"},
                    "Endpoints that do not give the signal. Nothing absent is read as 0. A rise "
                    "after an engine's update: a metric was renamed.",
                    width=24,
                    height=6,
                    stacked=True,
                ),
            ),
        ),
    ),
    {"endpoint": "zeta_endpoint_info", "model": "zeta_endpoint_info"},
)
