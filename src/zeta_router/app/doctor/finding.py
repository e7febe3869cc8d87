"""One thing that is wrong, with its mend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Queries fail, or go where they should not."""
    WARNING = "warning"
    """It works, but blindly, slowly or not for long."""
    NOTE = "note"
    """Worth knowing; nothing has to be done."""


RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong somewhere.

    Attributes:
        code: What kind of thing, for programs; stable.
        place: The setting or address concerned, e.g. ``endpoints[1].slots``.
        what: What was found, in one sentence.
        why: What it does to queries.
        mend: What to write, run or change, exactly.
        where: ``file:line`` of the place; empty where there is no file.
    """

    code: str
    severity: Severity
    place: str
    what: str
    why: str
    mend: str
    where: str = ""
