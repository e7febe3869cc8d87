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

from math import inf

from zeta_router.control.ejection import Circuit, Ejection
from zeta_router.control.health import Liveness
from zeta_router.core.condition import TRUST, Axis, Condition, Finding
from zeta_router.core.signal import EngineSample
from zeta_router.learn.canaries import Canaries
from zeta_router.learn.cusum import Cusum
from zeta_router.learn.leak import HOUR_S, LeakDetector
from zeta_router.learn.logprobs import LogprobWatch

SLOWER = 1.5
MUCH_SLOWER = 3.0
"""Times slower than it once was."""

FULL_SOON_S = 1800.0


class Cognition:
    """What is known of one endpoint's quality and memory, and since when.

    Attributes:
        canaries: What it made of the golden prompts.
        logprobs: Its first-token log-probabilities.
        quality: Of its answers, by what can be told without a judge.
        memory: Of its process.
    """

    __slots__ = (
        "_memory_left_bytes",
        "_process",
        "_since_s",
        "_was",
        "canaries",
        "logprobs",
        "memory",
        "quality",
    )

    def __init__(self) -> None:
        self.canaries = Canaries()
        self.logprobs = LogprobWatch()
        self.quality = Cusum()
        self.memory = LeakDetector()
        self._memory_left_bytes: float | None = None
        self._process = ""
        self._was: dict[Axis, Condition] = dict.fromkeys(Axis, Condition.HEALTHY)
        self._since_s: dict[Axis, float] = dict.fromkeys(Axis, 0.0)

    @property
    def trust(self) -> float:
        """What its quality counts for, in (0, 1]."""
        return TRUST.get(self._of_quality(), 1.0)

    @property
    def full_soon(self) -> bool:
        """Whether it leaks and will be out of memory within half an hour."""
        return self._of_memory() is Condition.DEGRADED

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

    def restarted(self) -> None:
        """Its process is a new one: what was learned of the old one's memory is void."""
        self.memory.start_over()

    def findings(
        self, now_s: float, liveness: Liveness, ejection: Ejection, slowdown: float
    ) -> tuple[Finding, ...]:
        """The state of every axis."""
        trend = self.memory.trend
        return (
            self._note(now_s, Axis.LIVENESS, *_of_liveness(now_s, liveness, ejection)),
            self._note(
                now_s,
                Axis.LATENCY,
                _of_latency(slowdown),
                slowdown,
                f"decodes {slowdown:.1f} times slower than it once did at the same batch",
            ),
            self._note(
                now_s,
                Axis.QUALITY,
                self._of_quality(),
                self.quality.down,
                self._quality_text(),
            ),
            self._note(
                now_s,
                Axis.MEMORY,
                self._of_memory(),
                trend.slope_bytes_per_h,
                self._memory_text(),
            ),
        )

    def _note(
        self, now_s: float, axis: Axis, condition: Condition, value: float, text: str
    ) -> Finding:
        if condition is not self._was[axis]:
            self._was[axis] = condition
            self._since_s[axis] = now_s
        said = "" if condition is Condition.HEALTHY else text
        return Finding(axis, condition, self._since_s[axis], value, said)

    def _of_quality(self) -> Condition:
        warned, failed = self.quality.warned, self.canaries.failed or self.logprobs.changed
        if self.quality.sure or (warned and failed):
            return Condition.DEGRADED
        return Condition.SUSPECT if warned or failed else Condition.HEALTHY

    def _of_memory(self) -> Condition:
        if not self.memory.leaking:
            return Condition.HEALTHY
        soon = self._full_in_s() < FULL_SOON_S
        return Condition.DEGRADED if soon else Condition.SUSPECT

    def _full_in_s(self) -> float:
        slope = self.memory.trend.slope_bytes_per_h
        if self._memory_left_bytes is None or slope <= 0.0:
            return inf
        return self._memory_left_bytes / slope * HOUR_S / self.memory.speed

    def _quality_text(self) -> str:
        said = []
        if self.quality.warned:
            said.append(
                "more of its answers are empty, cut, malformed or run in circles than is normal "
                "for it"
            )
        if self.canaries.failing:
            said.append(f"it fails {self.canaries.failing} golden prompts that it used to know")
        if self.logprobs.changed:
            said.append("its first-token probabilities are not what they were")
        return "; ".join([*said, "look at what was changed (weights, template, quantisation)"])

    def _memory_text(self) -> str:
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
        return Condition.EJECTED, times, f"left out because of {ejection.reason}; asked every 5 s"
    if ejection.circuit is Circuit.HALF_OPEN:
        return Condition.PROBING, times, f"on trial after {ejection.reason}, one query at a time"
    if liveness.paused_until_s > now_s:
        return Condition.SUSPECT, times, "says that it is busy"
    return Condition.HEALTHY, times, ""
