"""The record of retraining in the log: what was promoted, refused and rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from zeta_router.telemetry.log.file import open_for_reading, open_for_writing
from zeta_router.telemetry.log.schema import PROMOTIONS


class Verdict(StrEnum):
    """What became of a challenger."""

    PROMOTED = "promoted"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Promotion:
    """One verdict on one head.

    Attributes:
        wall_s: When it was reached; `from_wall_s` and `until_wall_s` bound the log it rests on.
        head: Which head, by its name in the router's knowledge.
        reason: Why, for people.
        evidence: Figures, plain values.
        state: The head to go on with, as its owner packs it; None when refused.
        before: The head that it replaces.
        seq: Its number in the log; 0 before it was written.
    """

    wall_s: float
    head: str
    verdict: Verdict
    reason: str
    from_wall_s: float
    until_wall_s: float
    evidence: Mapping[str, Any]
    state: bytes | None = None
    before: bytes | None = None
    seq: int = 0


def write_promotions(path: Path, promotions: list[Promotion]) -> None:
    """Add them, all or none; beside a router that writes to the same file.

    Raises:
        ConfigError: It is no decision log.
        sqlite3.Error: It cannot be written at present.
    """
    rows = [
        (
            each.wall_s,
            each.head,
            each.verdict.value,
            each.reason,
            each.from_wall_s,
            each.until_wall_s,
            msgspec.json.encode(each.evidence).decode(),
            each.state,
            each.before,
        )
        for each in promotions
    ]
    with closing(open_for_writing(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(PROMOTIONS.insert, rows)
        connection.execute("COMMIT")


def read_promotions(path: Path, after_seq: int = 0) -> list[Promotion]:
    """Those after number `after_seq`, oldest first; none in a log of before there were any.

    Raises:
        ConfigError: There is no such file, or it is no decision log.
        sqlite3.Error: It cannot be read at present.
    """
    with closing(open_for_reading(path)) as connection:
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        if schema < PROMOTIONS.since:
            return []
        sql = f"SELECT seq, {PROMOTIONS.names} FROM {PROMOTIONS.name} WHERE seq > ? ORDER BY seq"  # noqa: S608
        return [_promotion(row) for row in connection.execute(sql, (after_seq,))]


def _promotion(row: tuple[Any, ...]) -> Promotion:
    seq, wall_s, head, verdict, reason, from_s, until_s, evidence, state, before = row
    return Promotion(
        wall_s,
        head,
        Verdict(verdict),
        reason,
        from_s,
        until_s,
        msgspec.json.decode(evidence),
        state,
        before,
        seq,
    )
