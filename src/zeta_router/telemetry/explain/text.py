"""An explanation for the terminal: 100 columns, the decision first, its reasons under it."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

WIDTH = 100

_HEAD = (
    "",
    "endpoint",
    "model",
    "score",
    "quality",
    "ttft",
    "tpot",
    "e2e",
    "work",
    "price",
    "busy",
)
_WIDTHS = (1, 16, 16, 7, 7, 7, 7, 7, 7, 6, 9)


def explain_text(explanation: dict[str, Any]) -> str:
    """The text of what `explain` returned, without a line break at the end."""
    asked = explanation["asked"]
    lines = [*wrap(explanation["summary"], WIDTH), ""]
    lines += _field("asked", asked["sentence"])
    lines += _field("task", _shares(asked["posterior"]))
    lines += _field("objective", _objective(asked))
    for place, step in enumerate(explanation["decisions"], 1):
        lines += ["", *_step(place, step)]
    for attempt in explanation["attempts"]:
        lines += ["", *_attempt(attempt)]
    if explanation["feedback"] is not None:
        lines += ["", f"judged {explanation['feedback']['score']:.2f}"]
    return "\n".join(line.rstrip() for line in lines)


def _field(name: str, text: str) -> list[str]:
    return wrap(f"{name:<10} {text}", WIDTH, subsequent_indent=" " * 11)


def _shares(posterior: dict[str, float]) -> str:
    ranked = sorted(posterior.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {share:.2f}" for name, share in ranked) or "unknown"


def _objective(asked: dict[str, Any]) -> str:
    parts = [
        f"{name.removesuffix('_s')} <= {_seconds(value)}"
        for name, value in asked["slo"].items()
        if value is not None
    ]
    return ", ".join([*parts, f"lane {asked['lane']}", f"weight {asked['weight']:g}"])


def _step(place: int, step: dict[str, Any]) -> list[str]:
    where = f" {step['endpoint']} ({step['model']})" if step["endpoint"] else ""
    retry = f"; try again in {_seconds(step['retry_after_s'])}" if step["retry_after_s"] else ""
    lines = wrap(
        f"decision {place} after {_seconds(step['after_s'])}: {step['verdict']}{where}, "
        f"{step['reason']}: {step['sentence']}{retry} (policy {step['policy']}, "
        f"propensity {step['propensity']:.3g})",
        WIDTH,
        subsequent_indent="  ",
    )
    if step["candidates"]:
        lines.append(_row(_HEAD))
        ranked = sorted(step["candidates"], key=_rank)
        lines += [_row(_cells(candidate)) for candidate in ranked]
    for dropped in step["dropped"]:
        text = f"- {dropped['endpoint']}: {dropped['reason']}: {dropped['sentence']}"
        lines += wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return lines


def _rank(candidate: dict[str, Any]) -> tuple[bool, float, str]:
    score = candidate["score"]
    return (not candidate["chosen"], -(score if score is not None else 0.0), candidate["endpoint"])


def _cells(candidate: dict[str, Any]) -> tuple[str, ...]:
    busy = f"{candidate['in_flight'] + candidate['foreign_in_flight']}/{candidate['slots']}"
    return (
        ">" if candidate["chosen"] else "",
        candidate["endpoint"],
        candidate["model"],
        _number(candidate["score"]),
        _number(candidate["quality"]),
        _seconds(candidate["ttft_s"]),
        _seconds(candidate["tpot_s"]),
        _seconds(candidate["e2e_s"]),
        _seconds(candidate["work_s"]),
        _number(candidate["price"]),
        busy,
    )


def _row(cells: tuple[str, ...]) -> str:
    """One line of the table; what is wider than its column is cut, numbers stand right."""
    parts = [
        f"{_cut(cell, width):{'<' if place < 3 else '>'}{width}}"
        for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return " ".join(parts)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _attempt(attempt: dict[str, Any]) -> list[str]:
    if attempt["endpoint"] is None:
        return wrap(f"ended: {attempt['sentence']}", WIDTH)
    facts = [
        f"{name} {_seconds(attempt[key])}"
        for name, key in (("ttft", "ttft_s"), ("tpot", "tpot_s"), ("e2e", "e2e_s"))
        if attempt[key] is not None
    ]
    if attempt["output_tokens"] is not None:
        facts.append(f"{attempt['output_tokens']} tokens")
    if attempt["http_status"] is not None:
        facts.append(f"HTTP {attempt['http_status']}")
    told = f" ({', '.join(facts)})" if facts else ""
    text = f"attempt {attempt['attempt']} on {attempt['endpoint']}: {attempt['sentence']}{told}"
    return wrap(text, WIDTH, subsequent_indent="  ")


def _number(value: float | None) -> str:
    """Three digits, or as many as leave it within six characters."""
    if value is None:
        return "-"
    return next(
        (text for text in (f"{value:.3g}", f"{value:.2g}") if len(text) < 7), f"{value:.0e}"
    )


def _seconds(value: float | None) -> str:
    """A duration in the unit that reads best, within seven characters."""
    if value is None:
        return "-"
    if value >= 9_999.5:
        return f"{value / 3600:.3g}h" if value < 3.6e6 else ">999h"
    if value >= 0.0995:
        return f"{value:.0f}s" if value >= 999.5 else f"{value:.3g}s"
    if value >= 0.000_095:
        return f"{value * 1e3:.2g}ms"
    return f"{value * 1e6:.2g}µs" if value >= 0.000_000_1 else "0s"
