"""A simulated run's decision log: the product's own, so that what reads logs can be tried on it.

The writer works in a thread and gives rows up rather than stop its router. A simulation makes in a
second what a gateway makes in a minute, so here the run waits for the file now and then.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.router.commands import Record
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.fleet import FLEET_FACT, fleet_fact

FLUSH_EVERY = 4000
"""Records between two waits for the file."""

_PATIENCE_S = 60.0
_FOR_EVER_DAYS = 1e6


class SimulatedLog:
    """Keeps the records of one run in a file; a context manager, closed at its end.

    Rows carry virtual time as the router's clock, and `wall_offset_s` later as wall time.

    Args:
        path: The file; one that exists is refused, as two runs in it would share query ids.
        fleet: What was simulated, with the policy.
        seed: The router's.
        wall_offset_s: When the run begins, in seconds since 1970.

    Raises:
        ConfigError: The file exists, or its folder does not.
    """

    def __init__(
        self, path: Path, fleet: FleetConfig, *, seed: int, wall_offset_s: float = 0.0
    ) -> None:
        if path.exists():
            raise ConfigError("--log", f"{path} exists", "name a new file, or remove it")
        facts = {
            "seed": str(seed),
            "policy": fleet.policy,
            "source": "simulation",
            FLEET_FACT: fleet_fact(fleet),
        }
        self._log = DecisionLog(path, _FOR_EVER_DAYS, wall_offset_s=wall_offset_s, facts=facts)
        self._path = path
        self._unflushed = 0

    def on_record(self, record: Record) -> None:
        """Keep what the router emitted."""
        self._log.append(record)
        self._unflushed += 1
        if self._unflushed >= FLUSH_EVERY:
            self._flush()

    def on_feedback(self, query_id: str, score: float, at_s: float) -> None:
        """Keep a judgement."""
        self._log.append_feedback(query_id, score, at_s)

    def _flush(self) -> None:
        self._unflushed = 0
        if not self._log.flush(_PATIENCE_S):
            raise ConfigError("--log", f"{self._path}: {self._log.health().trouble}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._log.close(_PATIENCE_S)
