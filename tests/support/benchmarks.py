"""The benchmarks' own modules, for tests that judge what they make."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def learning_benchmark(name: str) -> ModuleType:
    """A module of `benchmarks/learning`, which finds its neighbours as it does when it is run."""
    folder = str(BENCHMARKS / "learning")
    sys.path.insert(0, folder)
    try:
        return import_module(name)
    finally:
        sys.path.remove(folder)
