"""How an A/B test is told: a line per pair while it runs, and the verdict."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from zeta_router.app.ab.session import Progress
from zeta_router.app.cli.progress import Working
from zeta_router.app.cli.tables import wide_enough
from zeta_router.learn.confidence import Bounds


def telling(shown: Working) -> Callable[[Progress], None]:
    """Tells of every whole pair: a line, and how far the bar is."""

    def tell(progress: Progress) -> None:
        found = progress.found
        if found is None or len(progress.blocks) % 2:
            return
        shown.at(found.pairs, progress.design.pairs, "pairs of blocks, at most")
        shown.say(
            f"pair {found.pairs}/{progress.design.pairs}: "
            f"{progress.design.b} − {progress.design.a} {_difference(found.worth)}, "
            f"median TTFT {_ratio(found.ttft_ratio)}"
        )

    return tell


def show(result: dict[str, Any]) -> None:
    """The verdict and what it rests on, on stdout."""
    console = Console(width=wide_enough(sys.stdout, 100), highlight=False)
    when = "stopped by itself" if result["stopped_early"] else "went on to its end"
    if result["interrupted"]:
        when = "interrupted"
    pairs = "1 pair" if result["pairs"] == 1 else f"{result['pairs']} pairs"
    console.print(f"[bold]{result['text']}[/] (after {pairs} of blocks; {when})")
    told = {"difference": result["difference"], "median TTFT ratio": result["ttft_ratio"]}
    for name, bounds in told.items():
        if bounds is not None:
            low, high = (_edge(bounds[edge]) for edge in ("low", "high"))
            console.print(
                f"{name} ({result['b']} against {result['a']}): {bounds['mean']:.4f}, "
                f"between {low} and {high} at every look"
            )
    console.print(_blocks(result))


def _blocks(result: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("block", "policy", "arrivals", "worth", "TTFT p50", "refused", "lost"):
        table.add_column(name, justify="left" if name == "policy" else "right")
    for each in result["blocks"]:
        table.add_row(
            str(each["number"] + 1),
            each["policy"],
            str(each["arrivals"]),
            "–" if each["worth"] is None else f"{each['worth']:.3f}",
            "–" if each["ttft_p50_s"] is None else f"{each['ttft_p50_s']:.3g} s",
            str(each["refused"]),
            str(each["lost"]),
        )
    return table


def _difference(found: Bounds | None) -> str:
    return "–" if found is None else f"{found.mean:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"


def _ratio(found: Bounds | None) -> str:
    return "–" if found is None else f"×{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _edge(value: float | None) -> str:
    return "no bound" if value is None else f"{value:.4f}"
