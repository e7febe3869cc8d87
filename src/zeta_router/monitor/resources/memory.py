"""How much memory this machine, or the control group that confines us, has left."""

from __future__ import annotations

from pathlib import Path

import psutil

SOURCE = "available to this machine, within its control group"

CGROUP = Path("/sys/fs/cgroup")


def left_bytes(cgroup: Path = CGROUP) -> float:
    """Bytes that can still be had without swapping.

    A container may be allowed less than the machine has. Its limit is read where control groups of
    version 2 are mounted, as for everything that was started within; engines in a group of their
    own may have less.
    """
    available = float(psutil.virtual_memory().available)
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if limit is None or used is None:
        return available
    reclaimable = _number_of(cgroup / "memory.stat", "inactive_file") or 0.0
    return min(available, max(0.0, limit - used + reclaimable))


def _number(path: Path) -> float | None:
    """The number in a file; None where there is none, or it says ``max``."""
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return None


def _number_of(path: Path, name: str) -> float | None:
    """The number behind a name, in a file of names and numbers."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(found[0]) if found else None
