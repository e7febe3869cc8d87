"""Resource readings as values, and how they join the sample of a poll."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, fields, replace

from zeta_router.core.signal import EngineSample, Signal

WINDOW_S = 10.0
"""Span of the CPU mean: long enough to see load rather than one request."""

MIN_SPAN_S = 0.5
"""Below this the clock tick of CPU accounting (10 ms) is too coarse."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What is known of an engine's machine. None means not asked, an absent signal says why.

    Attributes:
        cpu_ratio: CPU in use over the cores that may be used, 10 s mean, 0..1.
        rss_bytes: Resident memory of the engine's processes.
        memory_left_bytes: What is left of the memory that it may use.
        host_memory_ratio: Memory of the whole machine in use, 0..1.
        gpu_ratio: Share of time in which its GPUs were busy, 0..1; the mean over several.
        gpu_memory_bytes: GPU memory in use by it, or by everybody where only that is told.
        gpu_memory_ratio: Share of the GPUs' memory in use by everybody, 0..1.
    """

    cpu_ratio: Signal | None = None
    rss_bytes: Signal | None = None
    memory_left_bytes: Signal | None = None
    host_memory_ratio: Signal | None = None
    gpu_ratio: Signal | None = None
    gpu_memory_bytes: Signal | None = None
    gpu_memory_ratio: Signal | None = None

    def or_else(self, other: Resources) -> Resources:
        """These readings, with the other's wherever there is none here."""
        return Resources(
            **{
                one.name: better(getattr(self, one.name), getattr(other, one.name))
                for one in fields(Resources)
            }
        )


def better(first: Signal | None, second: Signal | None) -> Signal | None:
    """The first that has a value; without one, the first that gives a reason."""
    if first is not None and first.value is not None:
        return first
    if second is not None and second.value is not None:
        return second
    return first or second


def with_resources(sample: EngineSample, resources: Resources) -> EngineSample:
    """The sample with CPU and memory as measured on the machine.

    The machine's word goes before the engine's own: an engine that reports its memory reports one
    process, the machine sees all of them.
    """
    return replace(
        sample,
        cpu_ratio=better(resources.cpu_ratio, sample.cpu_ratio),
        rss_bytes=better(resources.rss_bytes, sample.rss_bytes),
        memory_left_bytes=better(resources.memory_left_bytes, sample.memory_left_bytes),
    )


class CpuMean:
    """Mean CPU use over the last `WINDOW_S`, from a counter of CPU seconds that only grows."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, float]] = deque()

    def add(self, at_s: float, used_s: float) -> None:
        """A reading of the counter. One that fell back belongs to a new process: start again."""
        if self._readings and used_s < self._readings[-1][1]:
            self._readings.clear()
        if not self._readings or at_s > self._readings[-1][0]:
            self._readings.append((at_s, used_s))
        while len(self._readings) > 2 and self._readings[1][0] <= at_s - WINDOW_S:
            self._readings.popleft()

    def ratio(self, cores: float) -> float | None:
        """CPU seconds per second and core, 0..1; None before there is a span to speak of."""
        if len(self._readings) < 2 or cores <= 0:
            return None
        (first_at_s, first_s), (last_at_s, last_s) = self._readings[0], self._readings[-1]
        span_s = last_at_s - first_at_s
        if span_s < MIN_SPAN_S:
            return None
        return min(1.0, max(0.0, (last_s - first_s) / span_s / cores))
