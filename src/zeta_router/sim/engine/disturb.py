"""Faults at work: told by the driver what is asked of an engine, they say what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zeta_router.core.draws import Draws
from zeta_router.sim.engine.faults import Busy, Cold, Drift, Fault, Kill, Slow, Stall
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel


def prepared(specs: Mapping[str, EngineSpec], faults: Sequence[Fault]) -> dict[str, EngineSpec]:
    """The engines as they start: cold where a fault says so."""
    prepared = dict(specs)
    for fault in faults:
        if isinstance(fault, Cold):
            keep_s = fault.keep_alive_s
            prepared[fault.endpoint_id] = replace(
                prepared[fault.endpoint_id],
                load_s=fault.load_s,
                keep_alive_s=None if keep_s == float("inf") else keep_s,
                resident=False,
            )
    return prepared


class Disturbances:
    """All faults of a run. Those with a time act by themselves, the others when they are asked."""

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self._seed = seed
        self._timed = [fault for fault in faults if isinstance(fault, Slow | Stall | Kill)]
        self._busy = [fault for fault in faults if isinstance(fault, Busy)]
        self._drifts = [fault for fault in faults if isinstance(fault, Drift)]

    def arrange(self, kernel: Kernel, engines: Mapping[str, Engine]) -> None:
        """Put what happens at a set time into the kernel."""
        for fault in self._timed:
            engine = engines[fault.endpoint_id]
            if isinstance(fault, Slow):
                kernel.at(fault.from_s, engine.slow_down, fault.factor)
                kernel.at(fault.to_s, engine.slow_down, 1.0)
            elif isinstance(fault, Stall):
                kernel.at(fault.at_s, engine.stall, fault.for_s)
            else:
                kernel.at(fault.at_s, engine.kill)
                kernel.at(fault.at_s + fault.down_s, engine.restart)

    def says_busy(self, endpoint_id: str, query_id: str, now_s: float) -> bool:
        """Whether the engine answers this request with a quick 503."""
        return any(
            fault.endpoint_id == endpoint_id
            and fault.from_s <= now_s < fault.to_s
            and Draws(self._seed, f"{query_id}:busy").uniform() < fault.share
            for fault in self._busy
        )

    def worth(self, endpoint_id: str, now_s: float) -> float:
        """Factor on the score of an answer begun now."""
        factor = 1.0
        for fault in self._drifts:
            if fault.endpoint_id == endpoint_id and fault.from_s <= now_s < fault.to_s:
                factor *= fault.factor
        return factor
