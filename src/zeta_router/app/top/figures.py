"""What `zeta top` shows, as plain values: rates and percentiles over what was read lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zeta_router.app.top.reading import MOST, Reading

WINDOW_S = 300.0
"""Answers that percentiles and shares are taken over."""

RATE_S = 30.0
"""Span of rates per second."""

SEEN = 20_000
"""Most answers that are remembered."""

TREND = 60
"""Readings that a sparkline goes back."""

LATEST = 20
"""Decisions that are listed."""

Figures = dict[str, Any]
Told = Mapping[str, Any]


class History:
    """Readings as they come, and the figures that follow from them.

    The gateway lists its latest decisions only; here they are remembered by id, so that a decision
    is updated once its answer has ended and no answer is counted twice.
    """

    def __init__(self) -> None:
        self._told: dict[str, Told] = {}
        self._readings: deque[Reading] = deque(maxlen=2)
        self._busy: dict[str, deque[float]] = {}
        self._rates: deque[float] = deque(maxlen=TREND)

    def to_ask(self) -> int:
        """How many decisions the next look should ask for: the new ones, and those not ended."""
        if len(self._readings) < 2:
            return 200
        before, last = self._readings
        came = max(0.0, last.decided - before.decided)
        return int(min(MOST, 50 + 2 * came + float(last.state.get("open", 0))))

    def add(self, reading: Reading) -> Figures:
        """Take in a reading and give the figures with it.

        A gateway that has started anew counts from zero: what was remembered of the old one goes.
        """
        last = self._readings[-1] if self._readings else None
        if last is not None and (reading.decided < last.decided or reading.now_s < last.now_s):
            self._told.clear()
            self._readings.clear()
            self._rates.clear()
        self._readings.append(reading)
        for told in reversed(reading.decisions):
            self._told[told["decision_id"]] = told
        self._forget(reading.now_s)
        return self._figures(reading)

    def _forget(self, now_s: float) -> None:
        oldest = now_s - WINDOW_S
        while self._told:
            first = next(iter(self._told))
            if len(self._told) <= SEEN and self._told[first]["decided_at_s"] >= oldest:
                return
            del self._told[first]

    def _figures(self, reading: Reading) -> Figures:
        rate = self._decisions_per_s()
        if rate is not None:
            self._rates.append(rate)
        latest = list(self._told.values())[-LATEST:]
        return {
            "policy": reading.fleet["policy"],
            "decisions_per_s": rate,
            "decisions_trend": list(self._rates),
            "overhead_p99_s": self._overhead_p99_s(),
            "open": reading.state["open"],
            "lanes": dict(reading.fleet["queued"]),
            "endpoints": self._endpoints(reading),
            "latest": [_latest(told, reading.now_s) for told in reversed(latest)],
        }

    def _decisions_per_s(self) -> float | None:
        if len(self._readings) < 2:
            return None
        before, last = self._readings
        seconds = last.now_s - before.now_s
        return (last.decided - before.decided) / seconds if seconds > 0 else None

    def _overhead_p99_s(self) -> float | None:
        """Of the requests since the last look; over all of them where there were none."""
        last = self._readings[-1].overhead
        if len(self._readings) == 2:
            before = self._readings[0].overhead
            since = {bound: count - before.get(bound, 0.0) for bound, count in last.items()}
            if since and max(since.values()) > 0:
                last = since
        return bucket_quantile(last, 0.99)

    def _endpoints(self, reading: Reading) -> list[Figures]:
        learned = {each["id"]: each for each in reading.state["endpoints"]}
        sent = [told for told in self._told.values() if told["endpoint"] is not None]
        by_endpoint: dict[str, list[Told]] = {}
        for told in sent:
            by_endpoint.setdefault(told["endpoint"], []).append(told)
        shown = []
        for each in reading.fleet["endpoints"]:
            key = each["id"]
            mine = by_endpoint.get(key, [])
            busy = self._busy.setdefault(key, deque(maxlen=TREND))
            busy.append((each["in_flight"] + each["foreign_in_flight"]) / max(1, each["slots"]))
            shown.append(
                _endpoint(each, learned.get(key, {}))
                | answers_of(mine, reading.now_s)
                | {"share": len(mine) / len(sent) if sent else None, "busy_trend": list(busy)}
            )
        return shown


def answers_of(told: Iterable[Told], now_s: float) -> Figures:
    """Percentiles of TTFT, as clients saw it, and tokens a second."""
    ended = [each for each in told if each["status"] == "ok"]
    ttft = sorted(each["sent_after_s"] + each["ttft_s"] for each in ended if each["ttft_s"])
    tokens = sum(
        each["output_tokens"] or 0
        for each in ended
        if now_s - RATE_S < each["decided_at_s"] + (each["e2e_s"] or 0.0)
    )
    return {
        "answers": len(ended),
        "ttft_p50_s": quantile(ttft, 0.5),
        "ttft_p99_s": quantile(ttft, 0.99),
        "tokens_per_s": tokens / RATE_S,
    }


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that this share of them does not exceed; None without any."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bucket_quantile(cumulative: Mapping[float, float], share: float) -> float | None:
    """Upper bound of the bucket that a quantile lies in; None without counts."""
    bounds = sorted(cumulative)
    total = cumulative[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return None
    return next(bound for bound in bounds if cumulative[bound] >= share * total)


def _endpoint(each: Told, learned: Told) -> Figures:
    signals = each["signals"]
    condition = learned.get("condition", {})
    return {
        "id": each["id"],
        "model": each["model"],
        "engine": each["engine"],
        "state": each["state"],
        "condition": {axis: found["state"] for axis, found in condition.items()},
        "findings": [found["text"] for found in condition.values() if found["text"]],
        "in_flight": each["in_flight"],
        "foreign_in_flight": each["foreign_in_flight"],
        "slots": each["slots"],
        "queue_depth": each["queue_depth"],
        "price": each["price"],
        "cpu_ratio": _value(signals, "cpu_ratio"),
        "rss_bytes": _value(signals, "rss_bytes"),
        "gpu_ratio": learned.get("gpu", {}).get("gpu_ratio"),
    }


def _value(signals: Mapping[str, Any], name: str) -> float | None:
    signal = signals.get(name)
    return None if signal is None else signal["value"]


def _latest(told: Told, now_s: float) -> Figures:
    return {
        "decision_id": told["decision_id"],
        "age_s": max(0.0, now_s - told["decided_at_s"]),
        **{
            key: told[key]
            for key in ("task", "verdict", "reason", "endpoint", "status", "ttft_s", "e2e_s")
        },
    }
