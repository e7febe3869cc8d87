"""Decisions: where queries went, why, and what became of their objectives."""

from __future__ import annotations

from expressions import RATE, quantile
from panels import SHARE, Dashboard, Panel

DECISIONS = Dashboard(
    "zeta-decisions",
    "Zeta: decisions",
    "Where queries went, why, what became of their objectives, and what the router adds.",
    (
        (
            "Objectives",
            (
                Panel(
                    "Within objectives",
                    {'task:zeta_slo_met:ratio_rate5m{task=~"$task"}': "{{task}}"},
                    "Share of queries answered within their objectives, of all that were owed an "
                    "answer, over 5 minutes. The line is what alerts are reckoned from.",
                    unit=SHARE,
                    limits=(0, 1),
                    steps=(0.95,),
                    falling=True,
                ),
                Panel(
                    "How fast the budget of misses burns",
                    {
                        '(1 - task:zeta_slo_met:ratio_rate1h{task=~"$task"}) / 0.05': (
                            "{{task}}, last hour"
                        ),
                        '(1 - task:zeta_slo_met:ratio_rate6h{task=~"$task"}) / 0.05': (
                            "{{task}}, last 6 hours"
                        ),
                    },
                    "1 empties the month's budget (5 % of queries) in a month. Alerts fire at 6 "
                    "over an hour and at 2 over six.",
                    steps=(2, 6),
                ),
                Panel(
                    "What became of them",
                    {
                        f'sum by (result) (rate(zeta_slo_total{{task=~"$task"}}{RATE}))': (
                            "{{result}}"
                        )
                    },
                    "met; late: answered, one objective missed; unserved: refused or failed.",
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Quality-goodput by task (estimate)",
                    {'task:zeta_quality_goodput:ratio_rate5m{task=~"$task"}': "{{task}}"},
                    "Estimated quality of whoever answered, counted when in time, over all "
                    "queries.",
                    unit=SHARE,
                    limits=(0, 1),
                    width=12,
                ),
                Panel(
                    "How queries ended",
                    {
                        f'sum by (outcome) (rate(zeta_requests_total{{task=~"$task"}}{RATE}))': (
                            "{{outcome}}"
                        )
                    },
                    "An outcome, or the reason of a refusal (docs/reference/reasons.md).",
                    unit="reqps",
                    stacked=True,
                    width=12,
                ),
            ),
        ),
        (
            "Where they went",
            (
                Panel(
                    "Queries by model",
                    {
                        f'sum by (model) (rate(zeta_requests_total{{task=~"$task"}}{RATE}))': (
                            "{{model}}"
                        )
                    },
                    "none: refused before anything was tried.",
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Tasks of each model",
                    {
                        "sum by (model, task) (rate(zeta_requests_total"
                        f'{{task=~"$task", model!="none"}}{RATE}))': "{{model}}, {{task}}"
                    },
                    "Which kind of query each model answers.",
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Spilled to another model",
                    {f"sum by (from, to) (rate(zeta_spill_total{RATE}))": "{{from}} to {{to}}"},
                    "Queries sent to another model than the static route of their task names. "
                    "Empty while there are none.",
                    unit="reqps",
                    stacked=True,
                ),
            ),
        ),
        (
            "Why",
            (
                Panel(
                    "Decisions by reason",
                    {f"sum by (reason) (rate(zeta_decisions_total{RATE}))": "{{reason}}"},
                    "A query that waits or is retried has several.",
                    unit="ops",
                    stacked=True,
                ),
                Panel(
                    "Refused, by reason",
                    {f"sum by (reason) (rate(zeta_shed_total{RATE}))": "{{reason}}"},
                    "For want of capacity. Empty while there are none.",
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Attempts per query",
                    {
                        f"sum (rate(zeta_attempts_total{RATE}))"
                        ' / (sum (rate(zeta_requests_total{endpoint!="none"}'
                        f"{RATE})) > 0)": "attempts"
                    },
                    "1 means no retries.",
                    limits=(1, None),
                ),
            ),
        ),
        (
            "The router itself",
            (
                Panel(
                    "Time that the router adds",
                    {
                        quantile(0.5, "zeta_overhead_seconds", ""): "p50",
                        quantile(0.99, "zeta_overhead_seconds", ""): "p99",
                    },
                    "Reading, deciding and sending on; waiting for a slot is not in it.",
                    unit="s",
                ),
                Panel(
                    "Its processor",
                    {f'rate(process_cpu_seconds_total{{job="zeta"}}{RATE})': "cores {{instance}}"},
                    "It uses one core at most.",
                    unit="none",
                    width=4,
                ),
                Panel(
                    "Its memory",
                    {'process_resident_memory_bytes{job="zeta"}': "{{instance}}"},
                    "Should be flat after the first hour.",
                    unit="bytes",
                    width=4,
                ),
                Panel(
                    "Decision log",
                    {
                        f"sum (rate(zeta_log_rows_written_total{RATE}))": "rows written",
                        f"sum (rate(zeta_log_rows_dropped_total{RATE}))": "rows lost",
                        f"sum (rate(zeta_log_errors_total{RATE}))": "failed writes",
                        "sum (zeta_log_rows_pending)": "rows pending",
                    },
                    "Rows per second; pending is a count. Lost and failed should be 0.",
                ),
            ),
        ),
    ),
    {"task": "zeta_slo_total"},
)
