"""What every study of the routing benchmark shares: the data, the settings and the way to run.

A study is a function of a `Bench`. It asks for runs through the product's own `sim` API (the one
that `zeta simulate` calls) and answers a `Findings`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zeta_router.app.cli.sources import load
from zeta_router.app.config import ClassifierSettings
from zeta_router.app.training.choosing import classifier_of
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo, Task
from zeta_router.policy.registry import POLICIES
from zeta_router.sim.experiment import run
from zeta_router.sim.options import SimulateOptions

RATES = (0.5, 1.0, 1.6, 2.4, 3.5)
ALL = tuple(POLICIES)
JOINT = "joint"
QUALITY_BLIND = (
    "random", "round_robin", "least_requests", "p2c", "peak_ewma", "prequal", "latency",
    "shortest_expected",
)  # fmt: skip
"""Policies that balance load and do not look at what a query needs."""

CHAT = "azure2023_conv.csv.gz:from_s=1740"
CODE = "azure2023_code.csv.gz:from_s=1715"
"""Second halves of the traces; the first halves were used for tuning."""

REFERENCE = {
    "small-4b": "Phi-3.5-mini-instruct",
    "coder-7b": "Qwen2-7B-Instruct",
    "reasoner-14b": "Qwen2-72B-Instruct",
}
SECOND_FAMILY = {
    "small-4b": "Qwen2.5-3B-Instruct",
    "coder-7b": "Qwen2.5-7B-Instruct",
    "reasoner-14b": "Qwen2.5-32B-Instruct",
}
TABLES = ("zeroeval_gsm", "zeroeval_crux", "zeroeval_math-l5")
_TASKS = {
    "gsm8k-test": Task.SIMPLE,
    "cruxeval-o": Task.CODE,
    "math-level5": Task.REASONING,
}

WHERE_FROM = (
    "the data is not part of the project: arrivals are Azure/AzurePublicDataset, "
    "kvcache-ai/Mooncake and alibaba/ServeGen, outcomes WildEval/ZeroEval, all on GitHub; "
    "docs/concepts/simulator.md says which formats are read"
)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the data is and how much is run.

    Attributes:
        data: Folder with `fleet.yaml`, `traces/` and `quality/`.
        out: Where results go; finished runs are kept in `out/runs`.
        seeds: Seeds per cell.
        minutes: Simulated time per run.
        processes: Worker processes.
    """

    data: Path
    out: Path
    seeds: int = 5
    minutes: float = 20.0
    processes: int | None = None

    def check(self) -> None:
        """Look for the data before anything is run.

        Raises:
            ConfigError: If something is missing, with where it can be had.
        """
        for name in ("fleet.yaml", "traces", "quality"):
            if not (self.data / name).exists():
                raise ConfigError(f"--data {self.data}", f"has no {name}", WHERE_FROM)

    def trace(self, name: str) -> str:
        """A file of the data folder as `--trace` names it."""
        return str(self.data / "traces" / name)

    def options(self, **changes: Any) -> SimulateOptions:
        """The reference setting (DESIGN §4) with these changes."""
        base = SimulateOptions(
            fleet=load(self.data / "fleet.yaml").fleet,
            trace=self.trace(CHAT),
            quality=self.tables(TABLES),
            table_model=REFERENCE,
            rates=RATES,
            policies=ALL,
            seeds=self.seeds,
            slo=Slo(ttft_s=2.0, tpot_s=0.05),
            minutes=self.minutes,
            task_of=_TASKS,
            processes=self.processes,
            cache_dir=self.out / "runs",
            classifier=classifier_of(ClassifierSettings()),
        )
        return replace(base, **changes)

    def tables(self, names: tuple[str, ...]) -> tuple[Path, ...]:
        """The scores files of these tables."""
        return tuple(self.data / "quality" / f"{name}.scores.csv.gz" for name in names)

    def run(self, what: str, options: SimulateOptions) -> Mapping[str, Any]:
        """Run, or find what was run before; progress on stderr.

        Raises:
            ConfigError: If the data cannot be used.
        """

        def tell(done: int, total: int, each: str) -> None:
            end = "\n" if done == total else ""
            sys.stderr.write(f"\r{what}: {done}/{total} {each:<40.40}{end}")
            sys.stderr.flush()

        return run(options, tell)
