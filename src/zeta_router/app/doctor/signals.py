"""Load that an engine does not tell although it could: the flag it wants, or a changed name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from zeta_router.app.doctor.finding import Finding, Severity
from zeta_router.app.doctor.meeting import Met
from zeta_router.core.fleet import Endpoint
from zeta_router.core.signal import Signal
from zeta_router.monitor.engines import llamacpp, sglang, tei, tgi, vllm

_WHY = (
    "what others send there is not seen: it is taken to be as busy as our own requests make it, "
    "never idle for want of a number"
)


@dataclass(frozen=True, slots=True)
class Exports:
    """What an engine puts on `/metrics`.

    Attributes:
        prefix: How all of its names begin.
        names: Names of each signal that is read there, newest first.
        flag: What to start it with when there is no page; empty where it always has one.
    """

    prefix: str
    names: dict[str, tuple[str, ...]]
    flag: str = ""


EXPORTS = {
    "llamacpp": Exports(
        "llamacpp:",
        {"running": (llamacpp.RUNNING,), "waiting": (llamacpp.WAITING,)},
        "start llama-server with `--metrics`",
    ),
    "vllm": Exports(
        "vllm:",
        {"running": vllm.RUNNING, "waiting": vllm.WAITING, "kv_used_ratio": vllm.KV_USED},
        "start vLLM without `--disable-log-stats`, which switches its metrics off",
    ),
    "sglang": Exports(
        "sglang:",
        {"running": sglang.RUNNING, "waiting": sglang.WAITING, "kv_used_ratio": sglang.KV_USED},
        "start SGLang with `--enable-metrics`",
    ),
    "tgi": Exports("tgi_", {"running": tgi.RUNNING, "waiting": tgi.WAITING}),
    "tei": Exports("te_", {"waiting": tei.WAITING}),
}
"""Ollama, LM Studio and plain OpenAI servers tell no load at all: nothing can be missing there."""


def missing(place: str, endpoint: Endpoint, met: Met) -> Iterator[Finding]:
    """Signals that are absent, and how they can be had."""
    engine = met.identity.engine if met.identity is not None else ""
    exports = EXPORTS.get(engine)
    if exports is None or met.sample is None:
        return
    absent = [name for name in exports.names if _is_absent(getattr(met.sample, name))]
    page = met.pages["/metrics"]
    if not absent or page.problem:
        return
    listed = ", ".join(absent)
    on_page = _names(page.body.decode("utf-8", "replace"), exports.prefix) if page.ok else []
    if on_page:
        yield _renamed(place, endpoint, absent, exports, on_page)
        return
    state = f"answers {page.status}" if not page.ok else f"has no {exports.prefix}… metric"
    mend = exports.flag or f"let {endpoint.url}/metrics through to the engine"
    yield Finding(
        "metrics_missing", Severity.WARNING, f"{place}.url",
        f"{engine} at {endpoint.url} does not tell: {listed} (/metrics {state})", _WHY, mend,
    )  # fmt: skip
    if engine == "llamacpp" and "running" in absent:
        yield Finding(
            "slots_page_missing", Severity.WARNING, f"{place}.url",
            f"/slots of {endpoint.url} is switched off as well", _WHY,
            "start llama-server without `--no-slots`",
        )  # fmt: skip


def _renamed(
    place: str, endpoint: Endpoint, absent: list[str], exports: Exports, on_page: list[str]
) -> Finding:
    parts = []
    for signal in absent:
        wanted = exports.names[signal]
        near = get_close_matches(wanted[0], on_page, 1, 0.5)
        looks = f"; {near[0]} may be its new name" if near else ""
        parts.append(f"{signal} ({' or '.join(wanted)}{looks})")
    return Finding(
        "metrics_renamed", Severity.WARNING, f"{place}.url",
        f"/metrics of {endpoint.url} has {exports.prefix}… names, but not those of: "
        + ", ".join(parts),
        _WHY,
        "upgrade zeta-router, or the engine; tell the project which engine version it is",
    )  # fmt: skip


def _is_absent(signal: Signal | None) -> bool:
    return signal is None or signal.value is None


def _names(page: str, prefix: str) -> list[str]:
    """Names on a metrics page that begin so."""
    found = re.findall(rf"^{re.escape(prefix)}[A-Za-z0-9_:]+", page, re.MULTILINE)
    return list(dict.fromkeys(found))
