"""The record of retraining lies in the log, beside a router that writes to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from support.records import decided
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.file import open_for_writing
from zeta_router.telemetry.log.promotions import (
    Promotion,
    Verdict,
    read_promotions,
    write_promotions,
)
from zeta_router.telemetry.log.schema import MIGRATIONS

ONE = Promotion(5.0, "residual", Verdict.PROMOTED, "better", 1.0, 4.0, {"low": 0.1}, b"new", b"old")
TWO = replace(ONE, verdict=Verdict.REFUSED, state=None, before=None)


def test_what_was_written_is_read_in_order_with_numbers(tmp_path: Path) -> None:
    path = tmp_path / "z.db"
    log = DecisionLog(path, wall_offset_s=1e9, wall_clock=lambda: 1e9)
    log.append(decided())
    assert log.flush()
    write_promotions(path, [ONE, TWO])
    log.append(decided("q2"))
    assert log.flush()
    log.close()
    assert read_promotions(path) == [replace(ONE, seq=1), replace(TWO, seq=2)]
    assert read_promotions(path, after_seq=1) == [replace(TWO, seq=2)]


def test_a_log_of_an_older_schema_has_none(tmp_path: Path) -> None:
    path = tmp_path / "z.db"
    open_for_writing(path, MIGRATIONS[:3]).close()
    assert read_promotions(path) == []
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (3,)
    write_promotions(path, [ONE])
    assert len(read_promotions(path)) == 1
