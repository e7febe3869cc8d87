"""The page of the command line says what the commands say."""

from __future__ import annotations

from pathlib import Path

from zeta_router.app.cli.reference import page

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "cli.md"


def test_the_page_is_the_one_that_the_code_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


def test_it_has_every_command_with_an_example() -> None:
    sections = page().split("\n## ")[1:]
    assert len(sections) >= 18
    assert all("\nExample: `" in section for section in sections)
