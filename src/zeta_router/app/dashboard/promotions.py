"""What retraining promoted, refused and rolled back, for people."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.promotions import read_promotions

SHOWN = 30


def promotions_report(log_path: Path) -> dict[str, Any]:
    """The latest verdicts, newest first; `trouble` says why there is none to show."""
    try:
        found = read_promotions(log_path)
    except (ConfigError, sqlite3.Error) as error:
        return {"promotions": [], "trouble": str(error)}
    return {
        "promotions": [
            {
                "wall_s": each.wall_s,
                "head": each.head,
                "verdict": each.verdict.value,
                "reason": each.reason,
                "from_wall_s": each.from_wall_s,
                "until_wall_s": each.until_wall_s,
            }
            for each in reversed(found[-SHOWN:])
        ],
        "trouble": None,
    }
