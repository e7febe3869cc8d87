"""Finished runs on disk, so that an interrupted study goes on where it stopped.

A run is found again only if everything it depends on is the same: the options, the bytes of the
trace and the tables, and this package's own source. A result of yesterday's code would be worse
than none.
"""

from __future__ import annotations

import pickle
from dataclasses import fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

import zeta_router
from zeta_router.sim.options import SimulateOptions
from zeta_router.sim.workload.tables import prompts_path

_NOT_OF_A_RUN = frozenset(
    {"policies", "rates", "seeds", "processes", "cache_dir", "log_dir", "classifier"}
)
"""Options that say which runs there are, or how they are carried out."""


class ResultsCache:
    """Results by run; without a folder it remembers nothing."""

    def __init__(self, options: SimulateOptions) -> None:
        self._folder = options.cache_dir
        self._study = fingerprint(options) if options.cache_dir is not None else ""

    def get(self, *run: object) -> Any | None:
        """The stored result of a run; None when there is none that can be read."""
        if self._folder is None:
            return None
        try:
            return msgspec.json.decode(self._path(self._folder, run).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None

    def put(self, result: Any, *run: object) -> None:
        """Store a result; a reader sees all of it or nothing."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(self._folder, run)
        partial = path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(result))
        partial.replace(path)

    def _path(self, folder: Path, run: tuple[object, ...]) -> Path:
        name = sha256(f"{self._study}|{run!r}".encode()).hexdigest()[:32]
        return folder / f"{name}.json"


def fingerprint(options: SimulateOptions) -> str:
    """A digest of everything that a run depends on, beside its policy, rate and seed."""
    digest = sha256(_source_digest().encode())
    for each in fields(options):
        if each.name not in _NOT_OF_A_RUN:
            value = msgspec.to_builtins(getattr(options, each.name), enc_hook=str, str_keys=True)
            digest.update(msgspec.json.encode([each.name, value], order="sorted"))
    digest.update(pickle.dumps(options.classifier))
    for scores in options.quality:
        digest.update(_file_digest(scores))
        digest.update(_file_digest(prompts_path(scores)))
    trace = Path(options.trace.rpartition(":")[0] if "=" in options.trace else options.trace)
    if trace.is_file():
        digest.update(_file_digest(trace))
    return digest.hexdigest()


def _file_digest(path: Path) -> bytes:
    return sha256(path.read_bytes()).digest()


@cache
def _source_digest() -> str:
    root = Path(zeta_router.__file__).parent
    digest = sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
