"""A log of any past schema can be read as it lies, without a router that brings it up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from support.records import decided
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.schema import MIGRATIONS, TABLES


def as_of(schema: int, path: Path) -> None:
    """The same file as a router of that time would have written it."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        for table in TABLES:
            if table.since > schema:
                connection.execute(f"DROP TABLE {table.name}")
                continue
            for column in table.columns:
                if column.since > schema:
                    connection.execute(f"ALTER TABLE {table.name} DROP COLUMN {column.name}")
        connection.execute(f"PRAGMA user_version = {schema}")
    connection.close()


@pytest.mark.parametrize("schema", range(1, len(MIGRATIONS) + 1))
def test_a_log_of_any_schema_is_read_whole(schema: int, tmp_path: Path) -> None:
    path = tmp_path / "zeta.db"
    log = DecisionLog(path, 1e6, wall_offset_s=0.0)
    log.append(decided("q1"))
    log.append_feedback("q1", 0.5, 2000.0)
    log.close()
    as_of(schema, path)
    with LogReader(path) as reader:
        assert len(list(reader.iterate())) == 2
        (story,) = reader.decisions_of("q1")
        assert story.decision.slo_scale == 1.0
        assert reader.checks_of("q1") is None
        judged = reader.feedback_of("q1")
        assert judged is not None
        assert judged.score == 0.5
        assert len(reader.runs()) == 1
