"""The reference pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeta_router.core.reasons import Drop, Reason
from zeta_router.telemetry.log.schema import TABLES
from zeta_router.telemetry.reference import PAGES, write

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_the_one_that_the_code_makes(name: str) -> None:
    hint = "run: .venv/bin/python -m zeta_router.telemetry.reference docs/reference"
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), hint


def test_writes_all_pages(tmp_path: Path) -> None:
    write(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(PAGES)


def test_no_reason_and_no_column_is_missing() -> None:
    reasons = PAGES["reasons.md"]()
    assert all(f"| `{name}` |" in reasons for name in [*Reason, *Drop])
    schema = PAGES["log-schema.md"]()
    assert all(f"| `{c.name}` |" in schema for table in TABLES for c in table.columns)


@pytest.mark.parametrize("name", PAGES)
def test_tables_are_whole(name: str) -> None:
    columns = 0
    for line in PAGES[name]().splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        columns = columns or line.count("|")
        assert line.count("|") == columns, line
