"""Errors, in three families.

    ZetaError
    ├── ConfigError   the user's file, flag or environment is wrong; only at start-up or reload
    └── BugError      an invariant of ours is broken; never caught inside the core

Traffic never raises: what can go wrong with a query is a value (`Reason`, `Outcome`), because a
router that throws for a full queue is a router that falls over under load.
"""

from __future__ import annotations


class ZetaError(Exception):
    """Base of everything this package raises on purpose."""


class ConfigError(ZetaError):
    """A setting that cannot be used.

    Args:
        path: Where it stands, dotted, e.g. ``endpoints[1].url``; empty for the whole file.
        problem: What is wrong with the value found there, in one sentence.
        hint: What would mend it; empty when nothing better than the problem can be said.
    """

    def __init__(self, path: str, problem: str, hint: str = "") -> None:
        self.path = path
        self.problem = problem
        self.hint = hint
        place = f"{path}: " if path else ""
        super().__init__(place + problem + (f" ({hint})" if hint else ""))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, str, str]]:
        """Survive the way out of a worker process."""
        return ConfigError, (self.path, self.problem, self.hint)


class BugError(ZetaError):
    """A broken invariant: report it, do not handle it."""
