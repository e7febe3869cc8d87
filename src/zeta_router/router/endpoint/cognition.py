"""The cognitive state of an endpoint: how well it does, on four axes, and what follows.

- *Liveness* is the business of `control.health` and `control.ejection`; here it is only shown.
- *Latency* is how much slower it decodes than it once did at the same batch. It is shown and never
  acted on: predictions already have it, and a slow engine that is right is priced, not thrown out.
- *Quality* is a CUSUM over what can be told of answers without a judge, confirmed by golden
  prompts. In doubt its quality counts for less (`core.condition.TRUST`), until as much evidence
  says that it is well again.
- *Memory* is a leak detector over its resident size at equal load. What will be full within half an
  hour gets no new queries while others can take them, so that it can be restarted empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, inf
from typing import Any

from zeta_router.control.ejection import Circuit, Ejection
from zeta_router.control.health import Liveness
from zeta_router.control.pressure import MEMORY_FULL, MEMORY_HIGH, Pressure
from zeta_router.core.condition import TRUST, Axis, Condition, Finding
from zeta_router.core.signal import EngineSample
from zeta_router.learn.condition.cusum import Cusum
from zeta_router.learn.condition.leak import HOUR_S, LeakDetector
from zeta_router.router.endpoint.canary_round import CanaryRound

SLOWER = 1.5
MUCH_SLOWER = 3.0
"""Times slower than it once was."""

FULL_SOON_S = 1800.0


class Cognition:
    """What is known of one endpoint's quality and memory, and since when.

    Attributes:
        canary_round: What it is asked in idle time, and what it made of it.
        quality: Of its answers, by what can be told without a judge.
        memory: Of its process.
    """

    __slots__ = (
        "_memory_left_bytes",
        "_process",
        "_since_s",
        "_was",
        "canary_round",
        "memory",
        "quality",
    )

    def __init__(self) -> None:
        self.canary_round = CanaryRound()
        self.quality = Cusum()
        self.memory = LeakDetector()
        self._memory_left_bytes: float | None = None
        self._process = ""
        self._was: dict[Axis, Condition] = dict.fromkeys(Axis, Condition.HEALTHY)
        self._since_s: dict[Axis, float] = dict.fromkeys(Axis, 0.0)

    @property
    def trust(self) -> float:
        """What its quality counts for, in (0, 1]."""
        if not self.quality.warned and not self.canary_round.failed:
            return 1.0
        return TRUST.get(self._of_quality(), 1.0)

    @property
    def full_soon(self) -> bool:
        """Whether it leaks and will be out of memory within half an hour."""
        return self.memory.leaking and self._full_in_s() < FULL_SOON_S

    def on_sample(self, now_s: float, sample: EngineSample, in_flight: int) -> None:
        """Take a poll's word on its memory."""
        left = sample.memory_left_bytes
        if left is not None and left.value is not None:
            self._memory_left_bytes = left.value
        size = sample.rss_bytes
        if size is None or size.value is None:
            return
        if size.source != self._process:  # the source names the process
            self._process = size.source
            self.restarted()
        self.memory.observe(now_s, size.value, float(in_flight))

    def state(self) -> dict[str, Any]:
        """What it has learned, as plain values; not how it looks at the moment."""
        return {
            "golden": self.canary_round.record.state(),
            "logprobs": self.canary_round.logprobs.state(),
            "quality": self.quality.state(),
            "memory": self.memory.state(),
            "process": self._process,
        }

    def restore(self, state: Mapping[str, Any], shift_s: float = 0.0) -> None:
        """Replace what was learned by an earlier `state()`; times are moved by `shift_s`."""
        self.canary_round.record.restore(state["golden"])
        self.canary_round.logprobs.restore(state["logprobs"])
        self.quality.restore(state["quality"])
        self.memory.restore(state["memory"], shift_s)
        self._process = str(state["process"])

    def restarted(self) -> None:
        """Its process is a new one: what was learned of the old one's memory is void."""
        self.memory.start_over()

    def findings(
        self,
        now_s: float,
        liveness: Liveness,
        ejection: Ejection,
        slowdown: float,
        pressure: Pressure,
    ) -> tuple[Finding, ...]:
        """The state of every axis; changes nothing."""
        trend = self.memory.trend
        return (
            self._found(now_s, Axis.LIVENESS, *_of_liveness(now_s, liveness, ejection)),
            self._found(
                now_s,
                Axis.LATENCY,
                _of_latency(slowdown),
                slowdown,
                f"decodes {slowdown:.1f} times slower than it once did at the same batch",
            ),
            self._found(
                now_s,
                Axis.QUALITY,
                self._of_quality(),
                self.quality.down,
                self._quality_text(),
            ),
            self._found(
                now_s,
                Axis.MEMORY,
                self._of_memory(pressure.memory_ratio),
                trend.slope_bytes_per_h,
                self._memory_text(pressure.memory_ratio),
            ),
        )

    def note(self, now_s: float, findings: tuple[Finding, ...]) -> None:
        """Remember since when each axis is as it is."""
        for one in findings:
            if one.condition is not self._was[one.axis]:
                self._was[one.axis], self._since_s[one.axis] = one.condition, now_s

    def _found(
        self, now_s: float, axis: Axis, condition: Condition, value: float, text: str
    ) -> Finding:
        since_s = self._since_s[axis] if condition is self._was[axis] else now_s
        said = "" if condition is Condition.HEALTHY else text
        return Finding(axis, condition, since_s, value, said)

    def _of_quality(self) -> Condition:
        warned, failed = self.quality.warned, self.canary_round.failed
        if self.quality.sure or (warned and failed):
            return Condition.DEGRADED
        return Condition.SUSPECT if warned or failed else Condition.HEALTHY

    def _of_memory(self, used_ratio: float | None) -> Condition:
        if used_ratio is not None and used_ratio >= MEMORY_FULL:
            return Condition.DEGRADED
        if not self.memory.leaking:
            short = used_ratio is not None and used_ratio >= MEMORY_HIGH
            return Condition.SUSPECT if short else Condition.HEALTHY
        soon = self._full_in_s() < FULL_SOON_S
        return Condition.DEGRADED if soon else Condition.SUSPECT

    def _full_in_s(self) -> float:
        if self._memory_left_bytes is None:
            return inf
        return self.memory.trend.full_in_s(self._memory_left_bytes) / self.memory.speed

    def _quality_text(self) -> str:
        said = []
        if self.quality.warned:
            said.append(
                "more of its answers are empty, cut, malformed or run in circles than is normal "
                "for it"
            )
        failing = self.canary_round.record.failing
        if failing:
            said.append(f"it fails {failing} golden prompts that it used to know")
        if self.canary_round.logprobs.changed:
            said.append("its first-token probabilities are not what they were")
        return "; ".join([*said, "look at what was changed (weights, template, quantisation)"])

    def _memory_text(self, used_ratio: float | None) -> str:
        if not self.memory.leaking:
            return (
                f"has {used_ratio or 0.0:.0%} of the memory that it could have; free some, or give "
                "it fewer slots or less context"
            )
        full_s = self._full_in_s()
        grows = f"grows by {self.memory.trend.slope_bytes_per_h / 1e6:.0f} MB/h at equal load"
        if full_s == inf:
            return f"{grows}; how much memory is left is not known; restart it when it suits"
        when = f"{full_s / 60.0:.0f} min" if full_s < 2 * HOUR_S else f"{full_s / HOUR_S:.0f} h"
        return f"{grows}, out of memory in about {when}; drain and restart it before"


def _of_latency(slowdown: float) -> Condition:
    if slowdown >= MUCH_SLOWER:
        return Condition.DEGRADED
    return Condition.SUSPECT if slowdown >= SLOWER else Condition.HEALTHY


def _of_liveness(
    now_s: float, liveness: Liveness, ejection: Ejection
) -> tuple[Condition, float, str]:
    times = float(ejection.times)
    if not liveness.alive:
        return Condition.EJECTED, times, "cannot be reached; it is asked every 2 s"
    if ejection.circuit is Circuit.OPEN:
        left_s = ceil(max(0.0, ejection.until_s - now_s))
        asked = f"asked in {left_s} s, then every 5 s" if left_s else "asked every 5 s"
        return Condition.EJECTED, times, f"left out because of {ejection.reason}; {asked}"
    if ejection.circuit is Circuit.HALF_OPEN:
        return Condition.PROBING, times, f"on trial after {ejection.reason}, one query at a time"
    if liveness.paused_until_s > now_s:
        return Condition.SUSPECT, times, "says that it is busy"
    return Condition.HEALTHY, times, ""
