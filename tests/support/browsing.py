"""A real browser on the dashboard: Debian's Chromium driven by Playwright, checked by axe."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
VIEWS = ("fleet", "flow", "decisions", "learning", "health", "experiments", "try")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser until the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Tab:
    """One open dashboard.

    Attributes:
        complaints: Everything that the console, the page and the network complained of.
    """

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def show(self, view: str) -> None:
        """Go to a view and wait for its first frame."""
        self.page.goto(f"{self.url}/#{view}")
        self.page.locator(f"#view-{view.partition('/')[0]}").wait_for()
        self.page.locator('#live[data-state="open"]').wait_for()
        self.page.wait_for_function("document.querySelector('.tile .value').textContent[0] !== '–'")

    def texts(self, selector: str) -> list[str]:
        """The texts of all nodes that match, as shown."""
        return self.page.locator(selector).all_inner_texts()

    def formatted(self, expression: str, value: Any) -> str:
        """A value as the page itself would write it: `expression` over `value` and `format`."""
        module = "const format = await import('/dashboard/js/format.js');"
        script = f"async (value) => {{ {module} return {expression}; }}"
        said: str = self.page.evaluate(script, value)
        return said

    def violations(self) -> list[str]:
        """What axe finds that is serious or critical, one line each."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("rules => axe.run(document, {runOnly: rules})", _RULES)
        return [
            f"{each['impact']} {each['id']}: {node['target']} {node.get('failureSummary', '')}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        script = "document.documentElement.scrollWidth - window.innerWidth"
        return int(self.page.evaluate(script))


@contextlib.contextmanager
def tab(
    browser: Browser, url: str, *, size: dict[str, int] | None = None, theme: str = "light"
) -> Iterator[Tab]:
    """A dashboard in a context of its own."""
    context = browser.new_context(viewport=size or WIDE, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    made = Tab(page, url)
    page.on(
        "console",
        lambda m: made.complaints.append(m.text) if m.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    page.on("dialog", lambda dialog: made.complaints.append(f"dialog: {dialog.message}"))
    try:
        yield made
    finally:
        context.close()
