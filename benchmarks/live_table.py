"""The live benchmark's table in Markdown: a line per policy, the mean of its rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

COLUMNS: Sequence[tuple[str, str, Callable[[float], str]]] = (
    ("goodput", "goodput", lambda x: f"{x:.3f}".removeprefix("0")),
    ("quality-goodput", "quality_goodput", lambda x: f"{x:.3f}".removeprefix("0")),
    ("TTFT p50", "ttft_p50_s", lambda x: f"{x:.2f} s"),
    ("TTFT p99", "ttft_p99_s", lambda x: f"{x:.2f} s"),
    ("TPOT p99", "tpot_p99_s", lambda x: f"{1000 * x:.0f} ms"),
    ("refused", "refused", lambda x: f"{x:.0f}"),
    ("errors", "errors", lambda x: f"{x:.0f}"),
    ("lost", "lost", lambda x: f"{x:.0f}"),
)


def table(rows: Sequence[Row]) -> str:
    """Means per policy, then every run with what it took of the machine."""
    policies = list(dict.fromkeys(row["policy"] for row in rows))
    head = ["policy", "requests", *(name for name, _, _ in COLUMNS)]
    lines = [_line(head), _line(["---"] * len(head))]
    for policy in policies:
        mine = [row for row in rows if row["policy"] == policy]
        lines.append(_line([f"`{policy}`", f"{_mean(mine, 'arrivals'):.0f}", *_cells(mine)]))
    lines.append("")
    lines += [_run(row) for row in rows]
    return "\n".join(lines)


def _cells(rows: Sequence[Row]) -> list[str]:
    cells = []
    for _, field, shown in COLUMNS:
        value = _mean(rows, field)
        cells.append("–" if value is None else shown(value))
    return cells


def _mean(rows: Sequence[Row], field: str) -> float | None:
    values = [row[field] for row in rows if row[field] is not None]
    return sum(values) / len(values) if values else None


def _run(row: Row) -> str:
    cells = ", ".join(
        f"{name} {shown(row[field])}" for name, field, shown in COLUMNS if row[field] is not None
    )
    answers = ", ".join(f"{model} {count}" for model, count in row["by_model"].items())
    missed = ", ".join(f"{name} {count}" for name, count in row["missed"].items()) or "none"
    cpu = ", ".join(f"{name} {share:.2f}" for name, share in sorted(row["cpu"].items()))
    late_ms = 1000 * (row["late_p99_s"] or 0.0)
    return (
        f"- round {row['round']} `{row['policy']}`: {cells}; answers: {answers}; "
        f"answers that missed an objective: {missed}; "
        f"sent late by {late_ms:.0f} ms (p99); cores used: {cpu}"
    )


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
