"""Reference pages made from the code, so that they cannot say anything else.

`python -m zeta_router.telemetry.reference FOLDER` writes them; a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from zeta_router.core.outcome import Status
from zeta_router.core.reasons import DROP_TEXT, LASTING_DROPS, REASON_TEXT, Drop, Reason
from zeta_router.telemetry.explain.explanation import STATUS_TEXT
from zeta_router.telemetry.log.layout import CANDIDATE_FIELDS, VIEW_FIELDS
from zeta_router.telemetry.log.schema import MIGRATIONS, ROW_VERSION, TABLES
from zeta_router.telemetry.metrics.catalog import RequestSeries
from zeta_router.telemetry.metrics.gauges import GAUGES
from zeta_router.telemetry.metrics.learned import LEARNED_GAUGES
from zeta_router.telemetry.metrics.series import SERIES_LIMIT, Counter, Histogram

_MADE = "<!-- Made by `python -m zeta_router.telemetry.reference docs/reference`. -->\n"


def metrics_page() -> str:
    """Every metric with its type, labels and meaning."""
    counted = RequestSeries().all
    rows = [(_exposed(series), _kind(series), series.labels, series.help) for series in counted]
    rows += [
        (
            f"{gauge.name}_total" if gauge.counts else gauge.name,
            "counter" if gauge.counts else "gauge",
            gauge.labels,
            gauge.help,
        )
        for gauge in (*GAUGES, *LEARNED_GAUGES)
    ]
    buckets = [
        (f"`{series.name}`", ", ".join(f"{bound:g}" for bound in series.bounds))
        for series in counted
        if isinstance(series, Histogram)
    ]
    return "\n".join(
        [
            "# Metrics",
            _MADE,
            "`GET /metrics` answers in Prometheus' text format. Durations are in seconds, sizes in",
            "bytes, shares between 0 and 1. Labels hold names from the configuration and closed",
            "lists only; nothing that a client writes becomes a label, and no metric has more than",
            f"{SERIES_LIMIT} label sets (the rest counts under `other`). What is not known has no",
            "sample: an engine that does not tell its queue has no `zeta_endpoint_waiting`, and",
            "`zeta_signal_absent` says so. The process itself is in `process_*`.",
            "",
            _table(
                ("Metric", "Type", "Labels", "Meaning"),
                (
                    (f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), text)
                    for name, kind, labels, text in rows
                ),
            ),
            "## Buckets",
            "",
            "Upper bounds in seconds. Durations use the ones that OpenTelemetry recommends for",
            "generative models.",
            "",
            _table(("Histogram", "Bounds"), buckets),
        ]
    )


def _exposed(series: Counter | Histogram) -> str:
    return f"{series.name}_total" if isinstance(series, Counter) else series.name


def _kind(series: Counter | Histogram) -> str:
    return "counter" if isinstance(series, Counter) else "histogram"


def reasons_page() -> str:
    """Every reason for a decision, every filter, and every way in which an attempt ends."""
    return "\n".join(
        [
            "# Reasons",
            _MADE,
            "## Why a decision is what it is",
            "",
            "In the header `x-zeta-reason`, in `zeta_decisions_total` and in every explanation.",
            "",
            _table(
                ("Reason", "Meaning"), ((f"`{reason}`", REASON_TEXT[reason]) for reason in Reason)
            ),
            "## Why an endpoint was not considered",
            "",
            "In explanations, under `dropped`. A lasting one is not cured by waiting.",
            "",
            _table(
                ("Filter", "Lasting", "Meaning"),
                (
                    (f"`{drop}`", "yes" if drop in LASTING_DROPS else "no", DROP_TEXT[drop])
                    for drop in Drop
                ),
            ),
            "## How an attempt ended",
            "",
            "In the log, in `zeta_requests_total` and in `zeta_attempts_total`, with what it",
            "teaches about the endpoint.",
            "",
            _table(
                ("Status", "Teaches", "Meaning"),
                ((f"`{status}`", status.teaches, STATUS_TEXT[status]) for status in Status),
            ),
        ]
    )


def log_schema_page() -> str:
    """Every table and column of the decision log."""
    parts = [
        "# The decision log",
        _MADE,
        "An SQLite file in WAL mode; any SQLite client can read it beside a running router.",
        f"`PRAGMA user_version` is the schema, {len(MIGRATIONS)} here; an older file is brought up",
        "to date when it is opened, a newer one is refused. Column `v` is the version of the row,",
        f"{ROW_VERSION} here. `seq` rises with every row of a table. It holds no text of any query",
        "unless `log.prompts` is switched on.",
        "",
    ]
    for table in TABLES:
        rows = [(f"`{c.name}`", c.sql, c.text) for c in table.columns]
        parts += [
            f"## {table.name}",
            "",
            table.text,
            "",
            _table(("Column", "Type", "Meaning"), [("`seq`", "INTEGER", "Row number."), *rows]),
        ]
    for title, layout in (("A candidate", CANDIDATE_FIELDS), ("Its view", VIEW_FIELDS)):
        rows = [(str(place), f"`{name}`", text) for place, (name, text) in enumerate(layout)]
        parts += [f"## {title}", "", _table(("Place", "Field", "Meaning"), rows)]
    return "\n".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


PAGES: dict[str, Callable[[], str]] = {
    "metrics.md": metrics_page,
    "reasons.md": reasons_page,
    "log-schema.md": log_schema_page,
}
"""File name to what makes it."""


def write(folder: Path) -> None:
    """Write every page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
