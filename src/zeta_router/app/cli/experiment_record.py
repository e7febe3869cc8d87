"""What an experiment leaves for the dashboard: a short record beside the fleet's decision log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from zeta_router.app.dashboard.experiments import write_experiment
from zeta_router.sim.report.compare import summary


def leave_simulation_record(
    log_path: Path, result: Mapping[str, Any], json_path: Path | None, report_path: Path | None
) -> None:
    """The summary of a simulation, and where its files are."""
    asked = result["asked"]
    record = {
        "asked": f"arrivals {asked['trace']}, prompts {', '.join(map(str, asked['quality']))}",
        "policies": list(dict.fromkeys(row["policy"] for row in result["rows"])),
        "rows": summary(result),
        "violations": len(result["violations"]),
        "json": _shown(json_path),
        "report": _shown(report_path),
    }
    _leave(log_path, "simulate", record)


def leave_ab_record(log_path: Path, result: Mapping[str, Any], path: Path) -> None:
    """The verdict of an A/B test with its blocks, and where its result is."""
    kept = ("number", "policy", "arrivals", "worth", "ttft_p50_s", "refused", "lost")
    blocks = [{name: block[name] for name in kept} for block in result["blocks"]]
    record = {name: value for name, value in result.items() if name != "design"}
    _leave(log_path, "ab", {**record, "blocks": blocks, "json": _shown(path)})


def _leave(log_path: Path, kind: str, record: Mapping[str, Any]) -> None:
    if write_experiment(log_path, kind, record) is None:
        click.echo("no record was left for the dashboard: its folder cannot be written", err=True)


def _shown(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
