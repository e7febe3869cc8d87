"""What telemetry keeps besides the router's own records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zeta_router.router.commands import ChecksRecord, DecisionRecord, OutcomeRecord


class FeedbackResult(StrEnum):
    """What became of a judgement."""

    STORED = "stored"
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """Somebody judged an answer: `score` in [0, 1], higher is better.

    `voter` is who, named as `Query.asker` is; empty for whoever had asked.
    """

    at_s: float
    query_id: str
    score: float
    voter: str = ""


@dataclass(frozen=True, slots=True)
class PromptRecord:
    """The text of a query, kept only where the operator asked for it."""

    query_id: str
    text: str


@dataclass(frozen=True, slots=True)
class SavedState:
    """Learned state as saved by its owner, who alone knows what `version` and `blob` mean."""

    name: str
    version: int
    saved_at_s: float
    blob: bytes


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One opening of the log for writing: when, by what, and what was noted about it."""

    number: int
    opened_wall_s: float
    wall_offset_s: float
    software: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogHealth:
    """How the decision log is doing.

    Attributes:
        ok: Whether the latest attempt to write succeeded.
        trouble: What went wrong at the latest attempt, naming the file; empty when `ok`.
        refusal: Why a record could not be written though the file is sound, for the latest such
            record; empty when there was none.
        written: Rows written since the start.
        pending: Rows not written yet.
        dropped: Rows given up: the file could not take them in time, or nobody can write them.
        errors: Attempts to write that failed.
        set_aside: What became of a file that was found damaged; empty when none was.
        openings: How many times a file was opened; what was saved before the latest may be in
            another file.
    """

    ok: bool
    trouble: str
    refusal: str
    written: int
    pending: int
    dropped: int
    errors: int
    set_aside: str = ""
    openings: int = 1


LogRecord = DecisionRecord | OutcomeRecord | ChecksRecord | FeedbackRecord
"""What can be read back from the log, in the order in which it happened."""
