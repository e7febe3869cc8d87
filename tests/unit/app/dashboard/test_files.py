"""The dashboard's files: all there, small, and nothing in them that its policy would refuse."""

from __future__ import annotations

import re

import pytest

from zeta_router.app.dashboard.files import dashboard_pages

PAGES = dashboard_pages()
SCRIPTS = {path: page.body.decode() for path, page in PAGES.items() if path.endswith(".js")}
IMPORT = re.compile(r'from "([^"]+)"')


def test_the_page_and_everything_that_it_names() -> None:
    index = PAGES["/"].body.decode()
    named = re.findall(r'(?:src|href)="(/dashboard/[^"]+)"', index)
    assert len(named) >= 5
    assert set(named) <= set(PAGES)


@pytest.mark.parametrize("path", sorted(SCRIPTS))
def test_modules_import_what_is_there(path: str) -> None:
    folder = path.rpartition("/")[0].split("/")
    for wanted in IMPORT.findall(SCRIPTS[path]):
        parts = list(folder)
        for part in wanted.split("/"):
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        assert "/".join(parts) in PAGES, f"{path} imports {wanted}"


@pytest.mark.parametrize("path", sorted(SCRIPTS))
def test_data_never_becomes_markup_or_code(path: str) -> None:
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert word not in SCRIPTS[path]
    assert "http://" not in SCRIPTS[path].replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in SCRIPTS[path]


def test_nothing_inline_in_the_page() -> None:
    index = PAGES["/"].body.decode()
    assert not re.search(r"<script(?![^>]*src=)", index)
    assert "<style" not in index
    assert not re.search(r'\s(style|on\w+)="', index)


def test_it_is_small() -> None:
    assert sum(len(page.body) for page in PAGES.values()) < 160_000
