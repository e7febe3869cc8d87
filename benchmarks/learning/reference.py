"""The reference fleet with its quality tables, as the studies of logs and A/B tests simulate it."""

from __future__ import annotations

from pathlib import Path

from zeta_router.app.cli.sources import load
from zeta_router.app.training.weights import shipped_classifier
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import Slo, Task
from zeta_router.sim.options import Feedback, SimulateOptions
from zeta_router.sim.study import Study

TABLES = ("zeroeval_gsm", "zeroeval_crux", "zeroeval_math-l5")
STAND_INS = {
    "small-4b": "Phi-3.5-mini-instruct",
    "coder-7b": "Qwen2-7B-Instruct",
    "reasoner-14b": "Qwen2-72B-Instruct",
}
_TASKS = {"gsm8k-test": Task.SIMPLE, "cruxeval-o": Task.CODE, "math-level5": Task.REASONING}


def study_of(
    data: Path,
    trace: str,
    minutes: float,
    policies: tuple[str, ...],
    *,
    feedback: Feedback | None = None,
    fleet: FleetConfig | None = None,
) -> Study:
    """What a run is made from: TTFT within 2 s, TPOT within 50 ms, topics as the tables name them.

    Raises:
        ConfigError: The data is not there.
    """
    tables = tuple(data / "quality" / f"{name}.scores.csv.gz" for name in TABLES)
    for path in (*tables, data / "fleet.yaml"):
        if not path.exists():
            raise ConfigError(str(path), "is not there", "the originals are WildEval/ZeroEval's")
    return Study(
        SimulateOptions(
            fleet=fleet or load(data / "fleet.yaml").fleet,
            trace=trace,
            quality=tables,
            table_model=STAND_INS,
            rates=(1.0,),
            policies=policies,
            seeds=1,
            slo=Slo(ttft_s=2.0, tpot_s=0.05),
            minutes=minutes,
            task_of=_TASKS,
            feedback=feedback,
            classifier=shipped_classifier(),
        )
    )
