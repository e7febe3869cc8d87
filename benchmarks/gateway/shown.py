"""The rounds of the gateway benchmark as one table."""

from __future__ import annotations

import statistics
from typing import Any

Row = dict[str, Any]

COLUMNS = (
    "gateway",
    "pinned req/s",
    "CPU µs",
    "auto req/s",
    "CPU µs",
    "200/s p50 ms",
    "p99",
    "1000/s p50 ms",
    "p99",
    "first chunk ms",
    "chunk p50 µs",
    "CPU µs/chunk",
    "start s",
    "idle MB",
    "others",
)


def medians(found: dict[str, dict[str, list[Row]]]) -> dict[str, dict[str, Row]]:
    """Of every figure, the median over the rounds."""
    return {
        name: {
            kind: {key: statistics.median(row[key] for row in rows) for key in rows[0]}
            for kind, rows in kinds.items()
        }
        for name, kinds in found.items()
    }


def table(plain: dict[str, dict[str, Row]], streamed: dict[str, dict[str, Row]]) -> str:
    """The figures as a Markdown table; latencies are those beyond the direct way."""
    lines = [
        f"| {' | '.join(COLUMNS)} |",
        "|" + " --- |" * len(COLUMNS),
    ]
    for name in plain:
        row, base = plain[name], plain["direct"]
        cells = [name]
        for kind in ("pinned", "auto"):
            given = row.get(kind)
            whole = given is not None and given["failed"] == 0
            cells += (
                [f"{given['per_s']:,.0f}{'' if whole else ' *'}", f"{given['us']:.0f}"]
                if (given)
                else ["", ""]
            )
        for kind in ("rate 200", "rate 1000"):
            if kind in row:
                cells += [f"{row[kind][key] - base[kind][key]:.2f}" for key in ("p50", "p99")]
            else:
                cells += ["", ""]
        stream, still = streamed.get(name, {}).get("streams"), streamed["direct"]["streams"]
        if stream is not None:
            cells.append(f"{stream['first_p50'] - still['first_p50']:.2f}")
            cells.append(f"{(stream['p50'] - still['p50']) * 1000:.0f}")
            cells.append(f"{stream['us']:.0f}")
        else:
            cells += [""] * 3
        cells += [f"{row['start']['started_s']:.2f}", f"{row['start']['idle_mb']:.0f}"]
        cells.append(f"{row['pinned']['others_ratio']:.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
