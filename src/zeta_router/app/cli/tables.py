"""Tables for people: how wide they are, and the one that several commands show."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.table import Table

from zeta_router.core.fleet import FleetConfig

LEAST_COLUMNS = 80


def wide_enough(stream: TextIO, elsewhere: int) -> int:
    """Columns to draw a table in; `elsewhere` for a file or a pipe.

    Never fewer than a table needs: a narrow terminal then breaks its lines, but no figure is cut.
    """
    if not stream.isatty():
        return elsewhere
    return max(LEAST_COLUMNS, Console(file=stream).width)


def fleet_table(fleet: FleetConfig) -> None:
    """Each endpoint with its model, engine and what the model can do; on stderr, no data."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("endpoint", "model", "engine", "address"):
        table.add_column(heading, no_wrap=True)
    table.add_column("tasks", overflow="fold")
    for endpoint in fleet.endpoints:
        tasks = ", ".join(task.value for task in fleet.models[endpoint.model].tasks)
        table.add_row(endpoint.id, endpoint.model, endpoint.engine, endpoint.url, tasks)
    # Names are anybody's: brackets in them are no markup, and what stands in colons is no emoji.
    Console(stderr=True, markup=False, emoji=False).print(table)
