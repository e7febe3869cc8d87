"""The dashboards' JSON: `python observe/dashboards` writes it, `--check` compares.

Every expression is a query of metrics that `docs/reference/metrics.md` explains, or of series that
`rules/recording.yml` records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from decisions import DECISIONS
from fleet import FLEET
from model_health import HEALTH
from panels import dashboard_json

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"
DASHBOARDS = {"fleet": FLEET, "decisions": DECISIONS, "model-health": HEALTH}


def texts() -> dict[Path, str]:
    """Every file with what has to stand in it."""
    pages = list(DASHBOARDS.values())
    return {
        FOLDER / f"{name}.json": json.dumps(dashboard_json(page, pages), indent=1) + "\n"
        for name, page in DASHBOARDS.items()
    }


def main() -> None:
    """Write the files, or say which ones are not as they would be written."""
    if "--check" in sys.argv[1:]:
        old = [path.name for path, text in texts().items() if path.read_text("utf-8") != text]
        sys.exit(f"not as observe/dashboards writes them: {', '.join(old)}" if old else 0)
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
