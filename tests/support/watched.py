"""A router with traffic behind it, and the dashboard's frames over it."""

from __future__ import annotations

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.app.dashboard.frames import Frames
from zeta_router.core.query import Slo, Task
from zeta_router.core.signal import Signal
from zeta_router.monitor.resources.usage import Resources
from zeta_router.telemetry.lately import Lately

USAGE = Resources(gpu_ratio=Signal(0.5, 0.0, "NVML"), gpu_memory_bytes=Signal(8e9, 0.0, "NVML"))


class Watched:
    """A bench with frames over it; endpoint `c` has a GPU."""

    def __init__(self) -> None:
        config = fleet(endpoint("c", "coder"), endpoint("t", "thinker"), policy="joint")
        self.bench = Bench(config)
        self.lately = Lately(lambda: config.routes)
        self._asked = 0
        self.frames = Frames(
            self.bench.router,
            self.lately,
            lambda: self.bench.now_s,
            lambda limit: [{"decision_id": "q"}],
            lambda id_: USAGE if id_ == "c" else None,
        )

    def serve(self, count: int) -> None:
        """Let so many queries come and be answered at once."""
        for _ in range(count):
            self._asked += 1
            id_ = str(self._asked)
            self.bench.arrive(query(id_, Task.CODE, at_s=self.bench.now_s, slo=Slo(2.0)))
            self.bench.first_token(id_)
            self.bench.finish(id_)
        for emit in self.bench.records:
            self.lately.on_record(emit.record)
        self.bench.records.clear()
