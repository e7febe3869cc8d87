"""The screen of `zeta top`: figures as lines of text that fit a width and a height.

Lines are made by hand and not by a table, because at 80 columns an endpoint takes two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from zeta_router.app.top.figures import Figures

WIDE = 132
"""Columns from which an endpoint fits on one line."""

NARROWEST = 40

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = ".:-=+*#@"

_MARKS = {"healthy": ".", "suspect": "s", "degraded": "d", "ejected": "E", "probing": "p"}
_STYLES = {
    "healthy": "green",
    "suspect": "yellow",
    "degraded": "red",
    "ejected": "bold red",
    "probing": "cyan",
    "up": "green",
    "paused": "yellow",
    "draining": "yellow",
    "down": "bold red",
}
_LEGEND = (
    "hlth: liveness latency quality memory; . well s suspect d degraded E ejected",
    "p probing. busy 1+2/4: ours+others'/slots. TTFT: of streamed answers. q quits",
)
_AXES = ("liveness", "latency", "quality", "memory")


@dataclass(frozen=True, slots=True)
class Frame:
    """What a screen is drawn for.

    Attributes:
        away: Why the gateway does not answer; empty while it does.
        ascii_only: Whether the terminal cannot show block characters.
    """

    url: str
    width: int
    height: int
    away: str = ""
    ascii_only: bool = False


def screen(figures: Figures, frame: Frame) -> Text:
    """The whole screen, at most `frame.height` lines of at most `frame.width` columns."""
    width = max(NARROWEST, frame.width)
    head = [*_banner(frame), *_head(figures, frame)]
    foot = [Text(line, "dim") for line in _LEGEND]
    room = frame.height - len(head) - len(foot) - 2
    fleet = _fleet(figures["endpoints"], width, frame, max(2, room - 4))
    latest = _latest(figures["latest"], max(0, room - len(fleet) - 1))
    lines = [*head, Text(), *fleet, Text(), *latest]
    lines = lines[: max(1, frame.height - len(foot))] + foot
    fitted = [_fit(line, width) for line in lines[: max(1, frame.height)]]
    if frame.away:
        for line in fitted[1:]:
            line.stylize("dim")
    return Text("\n").join(fitted)


def spark(values: Sequence[float], width: int, top: float, *, ascii_only: bool = False) -> str:
    """The last values as bars of a height between 0 and `top`, right-aligned in `width`."""
    bars = ASCII_BARS if ascii_only else BARS
    last = values[-width:]
    scale = (len(bars) - 1) / top if top > 0 else 0.0
    drawn = "".join(bars[min(len(bars) - 1, max(0, round(value * scale)))] for value in last)
    return drawn.rjust(width)


def _banner(frame: Frame) -> list[Text]:
    if not frame.away:
        return []
    return [Text(f" NO ANSWER from {frame.url}: {frame.away} ", "bold white on red")]


def _head(figures: Figures, frame: Frame) -> list[Text]:
    up = sum(each["state"] == "up" for each in figures["endpoints"])
    rate = figures["decisions_per_s"]
    trend = figures["decisions_trend"]
    first = Text("zeta top ", "bold")
    first.append(f"{frame.url}  policy {figures['policy']}  ")
    count = len(figures["endpoints"])
    first.append(f"{up}/{count} up", "green" if up == count else "yellow")
    second = Text(f"decisions/s {'-' if rate is None else f'{rate:.1f}'} ")
    second.append(spark(trend, 16, max(trend, default=0.0), ascii_only=frame.ascii_only), "cyan")
    second.append(f"  own overhead p99 <= {seconds(figures['overhead_p99_s'])}")
    second.append(f"  open {figures['open']}")
    lanes = Text("waiting ")
    for lane, depth in figures["lanes"].items():
        lanes.append(f" {lane} ")
        lanes.append(str(depth), "yellow" if depth else "green")
    return [first, second, lanes]


def _fleet(endpoints: list[Figures], width: int, frame: Frame, room: int) -> list[Text]:
    """Endpoints in the fleet's order, as many as there is room for."""
    wide = width >= WIDE
    each_takes = 1 if wide else 2
    troubles = [(each["id"], text) for each in endpoints for text in each["findings"]]
    told = [Text(f"! {key}: {text}", "yellow") for key, text in troubles[: max(0, room // 4)]]
    fitting = max(1, (room - 1 - len(told)) // each_takes)
    lines = [Text(_columns(_WIDE_HEAD if wide else _NARROW_HEAD), "bold")]
    for each in endpoints[:fitting]:
        lines += _wide(each, frame) if wide else _narrow(each, frame)
    if len(endpoints) > fitting:
        lines[-1:] = [Text(f"... and {len(endpoints) - fitting + (wide)} more", "dim")]
    return lines + told


Cell = tuple[str, int]

_NARROW_HEAD: tuple[Cell, ...] = (
    ("endpoint", 15), ("state", 8), ("hlth", 4), ("busy", -6), ("queue", -5),
    ("TTFT p50", -8), ("p99", -7), ("tok/s", -6), ("busy, lately", 12),
)  # fmt: skip
_WIDE_HEAD: tuple[Cell, ...] = (
    ("endpoint", 18), ("model", 22), ("state", 8), ("hlth", 4), ("busy", -6), ("queue", -5),
    ("TTFT p50", -8), ("p99", -7), ("tok/s", -6), ("CPU", -5), ("memory", -7), ("GPU", -5),
    ("price", -7), ("share", -6), ("busy, lately", 12),
)  # fmt: skip


def _columns(cells: Sequence[Cell]) -> str:
    return " ".join(_cell(text, width) for text, width in cells)


def _cell(text: str, width: int) -> str:
    """Cut and padded to a width in columns; a negative width sets it right."""
    size = abs(width)
    if cell_len(text) > size:
        text = set_cell_size(text, size - 1) + "~"
    return " " * (size - cell_len(text)) + text if width < 0 else set_cell_size(text, size)


def _narrow(each: Figures, frame: Frame) -> list[Text]:
    values = (each["id"], *_values(each))
    line = Text(_cell(values[0], 15) + " ")
    _append_state(line, each)
    line.append(_columns(list(zip(values[1:], (-6, -5, -8, -7, -6), strict=True))) + " ")
    line.append(spark(each["busy_trend"], 12, 1.0, ascii_only=frame.ascii_only), "cyan")
    facts = [f"CPU {percent(each['cpu_ratio'])}", f"memory {size(each['rss_bytes'])}"]
    if each["gpu_ratio"] is not None:
        facts.append(f"GPU {percent(each['gpu_ratio'])}")
    facts += [f"price {number(each['price'])}", f"share {percent(each['share'])}"]
    told = "  ".join(facts)
    model = _cell(each["model"], max(1, min(cell_len(each["model"]), 76 - len(told))))
    return [line, Text(f"  {model}  {told}", "dim")]


def _wide(each: Figures, frame: Frame) -> list[Text]:
    line = Text(_columns(((each["id"], 18), (each["model"], 22))) + " ")
    _append_state(line, each)
    more = (
        percent(each["cpu_ratio"]), size(each["rss_bytes"]), percent(each["gpu_ratio"]),
        number(each["price"]), percent(each["share"]),
    )  # fmt: skip
    widths = (-6, -5, -8, -7, -6, -5, -7, -5, -7, -6)
    line.append(_columns(list(zip((*_values(each), *more), widths, strict=True))) + " ")
    line.append(spark(each["busy_trend"], 12, 1.0, ascii_only=frame.ascii_only), "cyan")
    return [line]


def _append_state(line: Text, each: Figures) -> None:
    line.append(_cell(each["state"], 8), _STYLES.get(each["state"], ""))
    line.append(" ")
    for axis in _AXES:
        found = each["condition"].get(axis, "healthy")
        line.append(_MARKS.get(found, "?"), _STYLES.get(found, ""))
    line.append(" ")


def _values(each: Figures) -> tuple[str, ...]:
    foreign = each["foreign_in_flight"]
    busy = f"{each['in_flight']}" + (f"+{foreign}" if foreign else "") + f"/{each['slots']}"
    queue = each["queue_depth"]
    return (
        busy,
        "-" if queue is None else f"{queue:g}",
        seconds(each["ttft_p50_s"]),
        seconds(each["ttft_p99_s"]),
        f"{each['tokens_per_s']:.1f}",
    )


def _latest(latest: list[Figures], room: int) -> list[Text]:
    """The latest decisions, newest first; an honest line where there is none."""
    if room < 2:
        return []
    if not latest:
        return [Text("no query has come in the last five minutes", "dim")]
    lines = [Text("latest decisions", "bold")]
    for each in latest[: room - 1]:
        where = each["endpoint"] or "(nowhere)"
        end = each["status"] or ("running" if each["verdict"] == "dispatch" else each["verdict"])
        lines.append(
            Text(
                f"{age(each['age_s']):>5} {each['task']:<10} {_cell(where, 16)} "
                f"{_cell(each['reason'], 18)} {_cell(end, 12)} {seconds(each['e2e_s']):>7}"
            )
        )
    return lines


def _fit(line: Text, width: int) -> Text:
    fitted = line.copy()
    fitted.truncate(width)
    return fitted


def seconds(value: float | None) -> str:
    """A duration in ms below 1 s, else in s."""
    if value is None:
        return "-"
    if value == float("inf"):
        return "more"
    if value < 0.01:
        return f"{value * 1e3:.1f} ms"
    return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.1f} s"


def age(value: float) -> str:
    """How long ago, in the largest whole unit."""
    return f"{value:.0f}s" if value < 100 else f"{value / 60:.0f}m"


def percent(value: float | None) -> str:
    """A share."""
    return "-" if value is None else f"{value * 100:.0f} %"


def size(value: Any) -> str:
    """Bytes in MB or GB."""
    if value is None:
        return "-"
    return f"{value / 1e6:.0f} MB" if value < 1e9 else f"{value / 1e9:.1f} GB"


def number(value: float) -> str:
    """A price, three digits."""
    return "0" if value == 0 else f"{value:.3g}"
