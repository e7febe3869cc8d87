"""The live benchmark's first round in the simulator: same arrivals, same prompts, virtual time.

    python benchmarks/live_simulated.py --data DIR

Shows whether the peak overloads one model and not the fleet, and how far the simulator is from
what `live_peak.py` measures. Two things differ: here the router is told beforehand how long answers
are in each topic, and what each model reaches in it; the live one knows a quality per task type.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from live_fleet import SLO, TABLE_MODELS, emulated_fleet, tables_in
from live_peak import PEAK

from zeta_router.app.bench.schedule import arrivals
from zeta_router.app.training.weights import shipped_classifier
from zeta_router.sim.experiment import run
from zeta_router.sim.options import SimulateOptions


def main() -> int:
    """Simulate and print one line per policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with quality/zeroeval_*")
    parser.add_argument("--trace", default=PEAK)
    parser.add_argument("--policies", default="static,joint")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "peak.csv"
        times_s = arrivals(asked.trace, seed=0, minutes=None, rate=1.0)
        rows = [f"{at_s - times_s[0]:.6f},1,1" for at_s in times_s]
        path.write_text("\n".join(["arrival_s,input_tokens,output_tokens", *rows]) + "\n")
        options = SimulateOptions(
            fleet=emulated_fleet(asked.data),
            trace=str(path),
            quality=tuple(tables_in(asked.data)),
            table_model=TABLE_MODELS,
            policies=tuple(asked.policies.split(",")),
            seeds=1,
            slo=SLO,
            minutes=None,
            topics="text",
            classifier=shipped_classifier(),
            processes=1,
        )
        result = run(options)
    fields = ("goodput", "quality_goodput", "ttft_p50_s", "ttft_p99_s", "tpot_p99_s", "shed_ratio")
    print("| policy | requests | " + " | ".join(fields) + " | busy |")  # noqa: T201
    print("|" + " --- |" * (len(fields) + 3))  # noqa: T201
    for row in result["rows"]:
        figures = " | ".join(f"{row[field]:.3f}" for field in fields)
        busy = ", ".join(f"{name} {share:.2f}" for name, share in row["utilisation"].items())
        print(f"| `{row['policy']}` | {row['arrivals']} | {figures} | {busy} |")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
