"""A measured value with its age and its source.

Absent is not zero: an engine that stops reporting its queue does not have an empty queue. And old
is not current: whoever reads a signal sees how old it is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """One reading, or the honest absence of one.

    Attributes:
        value: The reading in the base unit of its name; None when the source does not give it.
        observed_at_s: When it was read, on the driver's clock.
        source: Where it came from, e.g. ``vllm:num_requests_running``; says why it is absent too.
    """

    value: float | None
    observed_at_s: float
    source: str

    def age_s(self, now_s: float) -> float:
        """Seconds since it was read; never negative."""
        return max(0.0, now_s - self.observed_at_s)

    def fresh(self, now_s: float, max_age_s: float) -> float | None:
        """The value if present and at most `max_age_s` old, else None."""
        if self.value is None or now_s - self.observed_at_s > max_age_s:
            return None
        return self.value


@dataclass(frozen=True, slots=True)
class EngineSample:
    """What one poll of an engine said. Every field may be absent (None); nothing defaults to 0.

    Attributes:
        slots: Requests the engine works on at once.
        running: Requests being generated now, by anybody.
        waiting: Requests queued inside the engine, by anybody.
        kv_used_ratio: Share of the KV cache in use, 0..1.
        cpu_ratio: Process CPU over the cores it may use, 10 s mean, 0..1.
        rss_bytes: Resident memory of the engine's process.
        memory_left_bytes: Memory that the machine, or what confines the process, has left.
        models: Names of the models that the engine offers; None when it does not list them.
        resident: Names of the models that are in memory now; None when it does not say.
    """

    slots: Signal | None = None
    running: Signal | None = None
    waiting: Signal | None = None
    kv_used_ratio: Signal | None = None
    cpu_ratio: Signal | None = None
    rss_bytes: Signal | None = None
    memory_left_bytes: Signal | None = None
    models: tuple[str, ...] | None = None
    resident: tuple[str, ...] | None = None


NO_SAMPLE = EngineSample()
"""The sample of an engine that has not been polled yet."""
