"""The dashboards' JSON is whole, readable, and made by observe/dashboards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
OBSERVE = ROOT / "observe"
FILES = sorted((OBSERVE / "grafana" / "dashboards").glob("*.json"))
UNITS = {"short", "none", "s", "bytes", "percentunit", "reqps", "ops"}


def page(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def pictures(path: Path) -> Iterator[dict[str, Any]]:
    return (panel for panel in page(path)["panels"] if panel["type"] != "row")


def test_they_are_what_the_code_writes() -> None:
    command = [sys.executable, str(OBSERVE / "dashboards"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}run: .venv/bin/python observe/dashboards"


def test_there_are_three_with_stable_uids() -> None:
    assert {page(path)["uid"] for path in FILES} == {
        "zeta-fleet",
        "zeta-decisions",
        "zeta-model-health",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_leaves_the_datasource_to_the_reader(path: Path) -> None:
    read = page(path)
    first, *others = read["templating"]["list"]
    assert (first["name"], first["type"], first["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    assert all(other["datasource"]["uid"] == "${datasource}" for other in others)
    used = set(re.findall(r"\$(?!__)\{?(\w+)", json.dumps(read["panels"])))
    assert used == {variable["name"] for variable in read["templating"]["list"]}
    assert {link["url"] for link in read["links"]} == {
        f"/d/{page(other)['uid']}" for other in FILES if other != path
    }
    assert read["schemaVersion"] >= 39


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panels_do_not_overlap_and_fill_the_width(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in page(path)["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    bottom = max(y for _, y in taken)
    assert len(taken) == 24 * (bottom + 1), "a hole in the page"
    ids = [panel["id"] for panel in page(path)["panels"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_panel_can_be_read(path: Path) -> None:
    titles = [panel["title"] for panel in pictures(path)]
    assert len(set(titles)) == len(titles)
    for panel in pictures(path):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["targets"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert target["legendFormat"]
            by = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
            shown = set(re.findall(r"by \(([^)]+)\)", target["expr"].rsplit(" or ", 1)[0])[:1])
            told = {name for names in shown for name in names.split(", ")} - {"le"}
            if told:
                assert told == set(by), f"{panel['title']}: series that look the same"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panels_read_metrics_and_rules_that_exist(path: Path) -> None:
    reference = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    recorded = (OBSERVE / "rules" / "recording.yml").read_text(encoding="utf-8")
    for panel in pictures(path):
        for target in panel["targets"]:
            expr = target["expr"]
            rules = set(re.findall(r"\b\w+:\w+:\w+\b", expr))
            assert all(f"record: {name}\n" in recorded for name in rules), expr
            metrics = re.findall(r"(?<![\w:])zeta_\w+(?![\w:])", expr)
            names = {re.sub(r"_bucket$", "", name) for name in metrics}
            assert all(f"| `{name}` |" in reference for name in names), expr
            assert rules or names or "process_" in expr or "ALERTS" in expr
