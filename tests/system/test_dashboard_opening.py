"""The dashboard's first moments, in a real browser over a gateway without engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-system installs it")

from playwright.sync_api import Browser, expect

from support.browsing import chromium, tab
from support.process import Zeta, configured

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

FLEET = """
models: {coder: {tasks: {simple: 0.7}}}
endpoints: [{id: a, url: "http://127.0.0.1:9", model: coder, engine: openai, resources: none}]
"""

BEHIND = """
window.behind = true;
Object.defineProperty(document, "hidden", {get: () => window.behind});
"""

LOOKED_AT = "window.behind = false; document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def zeta(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zeta]:
    with configured(tmp_path_factory.mktemp("opening"), FLEET) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


def test_a_tab_that_is_opened_in_the_background_reads_nothing(zeta: Zeta, browser: Browser) -> None:
    with tab(browser, zeta.url) as opened:
        asked: list[str] = []
        opened.page.on("request", lambda request: asked.append(request.url))
        opened.page.add_init_script(BEHIND)
        opened.page.goto(f"{zeta.url}/")
        live = opened.page.locator("#live")
        expect(live).to_have_attribute("data-state", "paused")
        assert [url for url in asked if "/zeta/" in url] == []
        opened.page.evaluate(LOOKED_AT)
        expect(live).to_have_attribute("data-state", "open")
        assert opened.complaints == []


def test_an_address_that_was_cut_stops_nothing(zeta: Zeta, browser: Browser) -> None:
    with tab(browser, zeta.url) as opened:
        opened.page.goto(f"{zeta.url}/#decisions/zd-1%2")
        expect(opened.page.locator("#live")).to_have_attribute("data-state", "open")
        expect(opened.page.locator("#drawer-body")).to_contain_text("cannot be shown")
