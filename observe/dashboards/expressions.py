"""What the dashboards share."""

from __future__ import annotations

from panels import Panel

HERE = '{endpoint=~"$endpoint"}'
"""The endpoints that the reader has chosen."""

RATE = "[$__rate_interval]"
"""The window that Grafana takes for the step of the graph; at least four scrapes."""


def quantile(share: float, metric: str, by: str) -> str:
    """A percentile of a histogram, by a label (none when empty)."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{RATE})))"


UP_OR_DOWN = Panel(
    "Which endpoints are up",
    {'zeta_endpoint_state{endpoint=~"$endpoint", state="up"}': "{{endpoint}}"},
    "Red: down or being drained; it gets no new queries.",
    kind="state-timeline",
    width=12,
    limits=(None, None),
    steps=(0.5,),
    falling=True,
    texts={"1": ("up", "green"), "0": ("not up", "red")},
)
