"""The dashboard's own files, read once from the package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from zeta_router.gateway.browser.pages import Page

INDEX = "index.html"

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def dashboard_pages() -> dict[str, Page]:
    """Every file by its address: the page itself at `/`, the rest under `/dashboard/`."""
    root = files("zeta_router.app.dashboard") / "static"
    pages = {f"/dashboard/{name}": page for name, page in _found(root, "")}
    pages["/"] = pages.pop(f"/dashboard/{INDEX}")
    return pages


def _found(folder: Traversable, prefix: str) -> list[tuple[str, Page]]:
    found: list[tuple[str, Page]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _found(entry, f"{name}/")
        elif (ending := entry.name.rpartition(".")[2]) in TYPES:
            found.append((name, Page.of(entry.read_bytes(), TYPES[ending])))
    return found
