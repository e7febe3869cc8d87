"""The fleet: how much comes in, how busy it is, how long queries take."""

from __future__ import annotations

from expressions import HERE, RATE, UP_OR_DOWN, quantile
from panels import SHARE, Dashboard, Panel

FLEET = Dashboard(
    "zeta-fleet",
    "Zeta: fleet",
    "How much comes in, how busy each endpoint is, and how long queries take.",
    (
        (
            "At a glance (last 5 minutes)",
            (
                Panel(
                    "Queries",
                    {f"sum (rate(zeta_requests_total{RATE}))": "queries"},
                    "Queries that ended, per second, however they ended.",
                    unit="reqps",
                    kind="stat",
                    width=4,
                    height=4,
                ),
                Panel(
                    "Within objectives",
                    {"zeta:slo_met:ratio_rate5m": "met"},
                    "Share of queries answered within their objectives, of all that were owed an "
                    "answer. Late, refused and lost ones are the rest.",
                    unit=SHARE,
                    kind="stat",
                    width=4,
                    height=4,
                    limits=(0, 1),
                    steps=(0.8, 0.95),
                    falling=True,
                    places=1,
                ),
                Panel(
                    "Quality-goodput (estimate)",
                    {"zeta:quality_goodput:ratio_rate5m": "estimate"},
                    "Estimated quality of whoever answered, counted when in time, over all queries "
                    "that were owed an answer.",
                    unit=SHARE,
                    kind="stat",
                    width=4,
                    height=4,
                    limits=(0, 1),
                    places=1,
                ),
                Panel(
                    "Refused",
                    {"zeta:shed:ratio_rate5m": "refused"},
                    "Share of queries refused for want of capacity.",
                    unit=SHARE,
                    kind="stat",
                    width=4,
                    height=4,
                    limits=(0, 1),
                    steps=(0.01, 0.05),
                    places=1,
                ),
                Panel(
                    "Lost to engines",
                    {"zeta:errors:ratio_rate5m": "lost"},
                    "Share of queries that failed after every allowed retry. Clients' own mistakes "
                    "and cancels are not in it.",
                    unit=SHARE,
                    kind="stat",
                    width=4,
                    height=4,
                    limits=(0, 1),
                    steps=(0.001, 0.02),
                    places=2,
                ),
                Panel(
                    "Alerts firing",
                    {
                        'count (ALERTS{alertname=~"Zeta.+", alertstate="firing"}) or vector(0)': (
                            "alerts"
                        )
                    },
                    "Alerts of rules/alerts.yml that fire now.",
                    kind="stat",
                    width=4,
                    height=4,
                    steps=(1, 3),
                ),
            ),
        ),
        (
            "Load",
            (
                Panel(
                    "Queries by task",
                    {f"sum by (task) (rate(zeta_requests_total{RATE}))": "{{task}}"},
                    "Queries that ended, per second.",
                    unit="reqps",
                    stacked=True,
                ),
                Panel(
                    "Slots in use",
                    {"endpoint:zeta_busy:ratio" + HERE: "{{endpoint}}"},
                    "Requests an endpoint works on, others' included, over its slots. At 100 % "
                    "further queries wait in the router; above, others overload the engine.",
                    unit=SHARE,
                ),
                Panel(
                    "Waiting in the router, by lane",
                    {"sum by (lane) (zeta_queue_depth)": "{{lane}}"},
                    "Queries held until a slot is free.",
                    stacked=True,
                ),
                Panel(
                    "Waiting in the router, by endpoint",
                    {"sum by (endpoint) (zeta_endpoint_held" + HERE + ")": "{{endpoint}}"},
                    "Which endpoint the held queries wait for, as of their latest decisions.",
                    stacked=True,
                ),
                Panel(
                    "Price of an endpoint's time",
                    {"max by (endpoint) (zeta_endpoint_price" + HERE + ")": "{{endpoint}}"},
                    "Quality per engine-second that a query has to be worth (policy joint). It "
                    "rises with work sent there and falls with time.",
                ),
                Panel(
                    "Time in the queue",
                    {
                        quantile(0.5, "zeta_queue_wait_seconds", "lane"): "p50 {{lane}}",
                        quantile(0.9, "zeta_queue_wait_seconds", "lane"): "p90 {{lane}}",
                    },
                    "Of all queries, the ones that never waited included.",
                    unit="s",
                ),
                Panel(
                    "Queries of 30 s, and what was forecast for them",
                    {
                        "sum (increase(zeta_requests_total[30s]))": "ended",
                        'max (zeta_forecast_arrivals{task="all", quantile="0.5"} offset 30s)': (
                            "forecast 30 s before: median"
                        ),
                        'max (zeta_forecast_arrivals{task="all", quantile="0.9"} offset 30s)': (
                            "forecast 30 s before: 9 times in 10 below"
                        ),
                    },
                    "What ended in the last 30 s, for want of a count of arrivals. "
                    "zeta_forecast_wape_ratio says how far the forecast is off; above .6 it is not "
                    "acted on.",
                    width=24,
                    height=6,
                ),
            ),
        ),
        (
            "Latency of what was answered",
            (
                Panel(
                    "Time to first token",
                    {
                        quantile(0.5, "zeta_ttft_seconds", "task"): "p50 {{task}}",
                        quantile(0.99, "zeta_ttft_seconds", "task"): "p99 {{task}}",
                    },
                    "From arrival, waiting in the router included. Streamed answers, and "
                    "embeddings.",
                    unit="s",
                ),
                Panel(
                    "Time per output token",
                    {
                        quantile(0.5, "zeta_tpot_seconds", "model"): "p50 {{model}}",
                        quantile(0.9, "zeta_tpot_seconds", "model"): "p90 {{model}}",
                    },
                    "Mean over an answer, after its first token.",
                    unit="s",
                ),
                Panel(
                    "Time to last token",
                    {
                        quantile(0.5, "zeta_request_duration_seconds", "task"): "p50 {{task}}",
                        quantile(0.99, "zeta_request_duration_seconds", "task"): "p99 {{task}}",
                    },
                    "From arrival to the end of the answer.",
                    unit="s",
                ),
            ),
        ),
        (
            "Engines, as they say themselves",
            (
                UP_OR_DOWN,
                Panel(
                    "Generating and queued inside",
                    {
                        "sum by (endpoint) (zeta_endpoint_running"
                        + HERE
                        + ")": "running {{endpoint}}",
                        "sum by (endpoint) (zeta_endpoint_waiting"
                        + HERE
                        + ")": "queued {{endpoint}}",
                    },
                    "Requests of anybody. A queue inside an engine is one that the router cannot "
                    "order; it should stay near 0.",
                    width=12,
                ),
                Panel(
                    "CPU of the engine's process",
                    {"max by (endpoint) (zeta_endpoint_cpu_ratio" + HERE + ")": "{{endpoint}}"},
                    "Over the cores that it may use.",
                    unit=SHARE,
                ),
                Panel(
                    "Memory of the engine's process",
                    {"max by (endpoint) (zeta_endpoint_memory_bytes" + HERE + ")": "{{endpoint}}"},
                    "Resident memory.",
                    unit="bytes",
                ),
                Panel(
                    "KV cache in use",
                    {"max by (endpoint) (zeta_endpoint_kv_used_ratio" + HERE + ")": "{{endpoint}}"},
                    "Only of engines that tell.",
                    unit=SHARE,
                    limits=(0, 1),
                ),
            ),
        ),
    ),
    {"endpoint": "zeta_endpoint_info"},
)
