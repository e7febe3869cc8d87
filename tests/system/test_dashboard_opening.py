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


COUNTED_AFTER_A_PAUSE = """
async () => {
  const { store, loadPast } = await import("/dashboard/js/store.js");
  store.flow.set(5, { at_s: 5, sent: [["code", "coder", false, 1]], ends: [] });
  await loadPast();
  return store.flow.get(5).sent[0][3];
}
"""


def test_what_came_while_nobody_looked_is_counted(zeta: Zeta, browser: Browser) -> None:
    full = {"at_s": 5, "sent": [["code", "coder", False, 7]], "ends": []}
    history = {"every_s": 10, "columns": [], "endpoints": {}}
    past = {"bucket_s": 5, "ends": [], "flow": [full], "history": history}
    with tab(browser, zeta.url) as opened:
        opened.page.route("**/zeta/past", lambda route: route.fulfill(json=past))
        opened.page.route("**/zeta/stream", lambda route: route.abort())
        opened.page.goto(f"{zeta.url}/")
        assert opened.page.evaluate(COUNTED_AFTER_A_PAUSE) == 7


@pytest.mark.parametrize(
    ("value", "said"), [(99.0, "99.0 s"), (100.0, "1.7 min"), (149.0, "2.5 min"), (600.0, "10 min")]
)
def test_a_duration_is_written_to_two_digits(
    zeta: Zeta, browser: Browser, value: float, said: str
) -> None:
    with tab(browser, zeta.url) as opened:
        opened.page.goto(f"{zeta.url}/")
        assert opened.formatted("format.seconds(value)", value) == said


def test_an_address_that_was_cut_stops_nothing(zeta: Zeta, browser: Browser) -> None:
    with tab(browser, zeta.url) as opened:
        opened.page.goto(f"{zeta.url}/#decisions/zd-1%2")
        expect(opened.page.locator("#live")).to_have_attribute("data-state", "open")
        expect(opened.page.locator("#drawer-body")).to_contain_text("cannot be shown")
