"""Tables for people, on stderr: stdout is for data."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from zeta_router.core.fleet import FleetConfig


def fleet_table(fleet: FleetConfig) -> None:
    """Each endpoint with its model, engine and what the model can do."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("endpoint", "model", "engine", "address"):
        table.add_column(heading, no_wrap=True)
    table.add_column("tasks", overflow="fold")
    for endpoint in fleet.endpoints:
        tasks = ", ".join(task.value for task in fleet.models[endpoint.model].tasks)
        table.add_row(endpoint.id, endpoint.model, endpoint.engine, endpoint.url, tasks)
    # Names are anybody's: brackets in them are no markup, and what stands in colons is no emoji.
    Console(stderr=True, markup=False, emoji=False).print(table)
