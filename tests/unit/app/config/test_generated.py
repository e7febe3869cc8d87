"""What is shipped and printed is what the specification says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from msgspec import inspect

from zeta_router.app.config.kinds import FILE, setting_of
from zeta_router.app.config.reference import reference_markdown
from zeta_router.app.config.schema import SCHEMA_FILE, json_schema, schema_text

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "reference" / "configuration.md"
AGAIN = f"run `python -m zeta_router.app.config {SCHEMA_FILE} {PAGE}`"


def test_the_shipped_schema_is_the_generated_one() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), AGAIN
    assert json.loads(schema_text()) == json_schema()


def test_the_reference_page_is_the_generated_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_markdown(), AGAIN


def keys(type_: inspect.Type) -> set[str]:
    found: set[str] = set()
    for kind in setting_of(type_).kinds:
        part = kind.type
        if isinstance(part, inspect.StructType):
            found |= {field.name for field in part.fields}
            found |= {key for field in part.fields for key in keys(field.type)}
        elif isinstance(part, inspect.ListType):
            found |= keys(part.item_type)
        elif isinstance(part, inspect.DictType):
            found |= keys(part.value_type)
    return found


def test_the_page_has_a_row_with_a_meaning_for_every_key() -> None:
    rows = [line.split(" | ") for line in reference_markdown().splitlines() if line[:3] == "| `"]
    assert {row[0].strip("| `") for row in rows} == keys(FILE)
    assert all(len(row[-1].strip(" |")) > 10 for row in rows)
    assert {row[3] for row in rows if row[0].strip("| `").endswith("_s")} == {
        "seconds",
        "tokens per second",
        "bytes per second",
    }


def test_both_are_written_by_one_command(tmp_path: Path) -> None:
    page, schema = tmp_path / "page.md", tmp_path / "z.json"
    command = [sys.executable, "-m", "zeta_router.app.config", str(page), str(schema)]
    subprocess.run(command, check=True, timeout=60)
    assert page.read_text(encoding="utf-8") == reference_markdown()
    assert schema.read_text(encoding="utf-8") == schema_text()
