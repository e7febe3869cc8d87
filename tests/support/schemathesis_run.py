"""Asks a running gateway, by way of schemathesis, with all that its description allows.

    PYTHONPATH=tests python -m support.schemathesis_run --program st [--examples 300]

Brings a gateway over an engine that answers at once, both of this machine. Exit 0 when nothing was
answered with 500, nothing hung for ten seconds, and each status and content type is described.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from support.described_fuzz import ENDLESS
from support.faulty import faulty
from support.process import configured

FLEET = {
    "models": {"m": {"tasks": {"simple": 0.7, "code": 0.7, "reasoning": 0.7}}},
    "limits": {"max_wait_s": 0.05},
}
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"


def main() -> int:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--program", default="st")
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, faulty("good") as engines:
        engine = {"id": "a", "url": engines.url("good"), "model": "m", "upstream_model": "good"}
        text = json.dumps({**FLEET, "endpoints": [{**engine, "engine": "openai"}]})
        with configured(Path(folder), text) as zeta:
            command = [
                str(Path(given.program).absolute()),
                "run",
                f"{zeta.url}/openapi.json",
                "--checks",
                CHECKS,
            ]
            command += ["--max-examples", str(given.examples), "--seed", str(given.seed)]
            command += ["--exclude-path", ENDLESS, "--request-timeout", "10"]
            command += ["--phases", "examples,coverage,fuzzing", "--no-color"]
            code = subprocess.run(command, cwd=folder, check=False).returncode
            zeta.stop()
            bugs = [line for line in zeta.lines if "bug" in line or "Traceback" in line]
    sys.stdout.writelines(bugs)
    return 1 if bugs else code


if __name__ == "__main__":
    sys.exit(main())
