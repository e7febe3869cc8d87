"""The documentation holds together, and the builder sees what is wrong with it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build = loaded()

GOOD = "# Index\n\n[one](one.md), [part](one.md#a-part)\n"
ONE = "# One\n\n## A part\n\n```sh\ntrue\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 \\| 3 |\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "README.md").write_text(GOOD, encoding="utf-8")
    (docs / "one.md").write_text(ONE, encoding="utf-8")
    for name in build.BESIDE:
        (tmp_path / name).write_text("# Beside\n", encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "INDEX", docs / "README.md")
    return docs


def wrong() -> list[str]:
    return list(build.problems(build.found()))


def test_the_documentation_has_no_problem() -> None:
    assert wrong() == []


def test_a_sound_site_is_built_with_its_links(site: Path, tmp_path: Path) -> None:
    assert wrong() == []
    (site / "picture.svg").write_text("<svg/>", encoding="utf-8")
    (site / "one.md").write_text(ONE + "\n![a picture](picture.svg) [up](../README.md)\n")
    assert wrong() == []
    build.write(build.found(), tmp_path / "out")
    index = (tmp_path / "out" / "docs" / "README.html").read_text(encoding="utf-8")
    assert 'href="one.html#a-part"' in index
    one = (tmp_path / "out" / "docs" / "one.html").read_text(encoding="utf-8")
    assert '<h2 id="a-part">' in one
    assert 'href="../README.html"' in one
    assert (tmp_path / "out" / "docs" / "picture.svg").exists()
    assert (tmp_path / "out" / "style.css").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n[x](two.md)\n", "docs/one.md:13: two.md does not exist"),
        ("\n[x](#nowhere)\n", "has no heading #nowhere"),
        ("\n[x](README.md#nowhere)\n", "docs/README.md has no heading #nowhere"),
        ("\n#### Deep\n", "skips a level"),
        ("\n# Again\n", "a second title"),
        ("\n## A part\n", "stands twice"),
        ("\n```\nx\n```\n", "without its language"),
        ("\n![](../README.md)\n", "without a description"),
        ("\n| a | b |\n| --- | --- |\n| 1 | 2 | 3 |\n", "another number of cells"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(site: Path, text: str, said: str) -> None:
    (site / "one.md").write_text(ONE + text, encoding="utf-8")
    (line,) = wrong()
    assert said in line
    assert re.match(r"docs/one\.md:\d+: ", line)


def test_a_page_that_nobody_lists(site: Path) -> None:
    (site / "lost.md").write_text("# Lost\n", encoding="utf-8")
    assert wrong() == ["docs/lost.md:1: docs/README.md does not list this page"]


def test_a_broken_site_is_not_built(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "one.md").write_text(ONE + "\n[x](two.md)\n", encoding="utf-8")
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["build.py", "--out", str(out)])
    assert build.main() == 1
    assert not out.exists()
    assert "1 problems" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("The `zeta` command", "the-zeta-command"),
        ("A: b, c!", "a-b-c"),
        ("1. Start it", "1-start-it"),
    ],
)
def test_anchors_are_those_of_github(heading: str, anchor: str) -> None:
    assert build.slug(heading) == anchor
