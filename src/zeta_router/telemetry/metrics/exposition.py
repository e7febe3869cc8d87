"""Prometheus' text format.

`prometheus_client.generate_latest` takes about 8 µs a line, on the thread that relays tokens; the
series of the routed queries are hundreds of lines that differ from scrape to scrape only in their
last number. Here the fixed part of a line is made once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import inf, isnan

from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What the text is, for the Content-Type header."""


def head(name: str, text: str, kind: str) -> str:
    """The two lines above a metric's samples."""
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n"


def sample(name: str, labels: Iterable[tuple[str, str]]) -> str:
    """A line up to its number."""
    pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
    return f"{name}{{{pairs}}} " if pairs else f"{name} "


@lru_cache(maxsize=20_000)
def kept_sample(name: str, labels: tuple[str, ...], key: tuple[str, ...]) -> str:
    """`sample` of a gauge, which has mostly been asked for before: at the scrape before this."""
    return sample(name, zip(labels, key, strict=True))


def number(value: float) -> str:
    """A sample's value."""
    if value == inf:
        return "+Inf"
    if value == -inf:
        return "-Inf"
    return "NaN" if isnan(value) else repr(value)


def family_text(family: Metric) -> str:
    """A whole metric as prometheus_client describes it; for gauges and the like, not per query."""
    suffix = "_total" if family.type == "counter" else ""
    lines = [head(family.name + suffix, family.documentation, family.type)]
    lines += [
        f"{sample(entry.name, entry.labels.items())}{number(entry.value)}\n"
        for entry in family.samples
        if not entry.name.endswith("_created")
    ]
    return "".join(lines)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
