"""Short records of simulations and A/B tests, kept beside the decision log for the dashboard.

`zeta simulate` and `zeta ab` leave one each, as small JSON; the gateway lists what lies beside the
log that it writes. A record that cannot be written or read never stops anything.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

KEPT = 40

LARGEST_BYTES = 256 * 1024

VERSION = 1


def experiments_folder(log_path: Path) -> Path:
    """Where the records of this decision log are."""
    return log_path.with_name(f"{log_path.stem}-experiments")


def write_experiment(log_path: Path, kind: str, record: Mapping[str, Any]) -> Path | None:
    """Leave a record and forget the oldest; None where the folder cannot be written.

    Args:
        log_path: Of the decision log of the fleet that it is about.
        kind: ``simulate`` or ``ab``.
        record: Plain values; `LARGEST_BYTES` at most, else nothing is left.
    """
    wall_s = time.time()
    body = msgspec.json.encode({"version": VERSION, "kind": kind, "wall_s": wall_s, **record})
    if len(body) > LARGEST_BYTES:
        return None
    folder = experiments_folder(log_path)
    stamp = datetime.fromtimestamp(wall_s).astimezone().strftime("%Y%m%d-%H%M%S-%f")
    path = folder / f"{stamp}-{kind}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        for old in sorted(folder.glob("*.json"))[:-KEPT]:
            old.unlink()
    except OSError:
        return None
    return path


def read_experiments(log_path: Path) -> dict[str, Any]:
    """All records, newest first, and where they are; what cannot be read is counted."""
    folder = experiments_folder(log_path)
    found, unreadable = [], 0
    for path in sorted(folder.glob("*.json"), reverse=True)[:KEPT]:
        record = _read(path)
        if record is None:
            unreadable += 1
        else:
            found.append({"id": path.stem, **record})
    return {"folder": str(folder), "experiments": found, "unreadable": unreadable}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return None
        record = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    known = isinstance(record, dict) and record.get("version") == VERSION
    return record if known else None
