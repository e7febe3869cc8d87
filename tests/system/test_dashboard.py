"""The dashboard in a real browser, on the embedded fleet of real engines, under load."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from itertools import cycle
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-system installs it")

from playwright.sync_api import Browser, expect

from support.asking import ask, chat_body
from support.browsing import NARROW, VIEWS, WIDE, Tab, chromium, tab
from support.process import Zeta, eventually, serving

pytestmark = [pytest.mark.system, pytest.mark.engines, pytest.mark.timeout(600)]

MISCHIEF = "<img src=x onerror=alert(1)>"

WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
}).observe({type: "layout-shift", buffered: true});
"""

ASKED = (
    "What is the capital of France?",
    "Write a Python function that merges two sorted lists",
    "Prove that the square root of 2 is irrational",
    "Say hello in Spanish",
)


class Load:
    """Asks something all the time from two threads, until told to stop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(2)]
        for thread in self._threads:
            thread.start()

    def _ask(self, number: int) -> None:
        headers = {"x-zeta-tenant": MISCHIEF if number else "web"}
        for text in cycle(ASKED[number:] + ASKED[:number]):
            if self._stopped.is_set():
                return
            ask(f"{self._url}/v1/chat/completions", chat_body(text), headers=headers)
            self._stopped.wait(0.3)

    def stop(self) -> None:
        """No further query; waits for those on their way."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(60.0)


@pytest.fixture(scope="module")
def zeta(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zeta]:
    with serving(tmp_path_factory.mktemp("dashboard"), "--embedded") as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def load(zeta: Zeta) -> Iterator[Load]:
    made = Load(zeta.url)
    yield made
    made.stop()


@pytest.fixture
def opened(browser: Browser, zeta: Zeta) -> Iterator[Tab]:
    with tab(browser, zeta.url) as made:
        yield made
        assert made.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_every_view_under_load(
    zeta: Zeta, browser: Browser, load: Load, size: dict[str, int], theme: str
) -> None:
    eventually(lambda: len(ask(f"{zeta.url}/zeta/decisions").json["decisions"]) > 3)
    with tab(browser, zeta.url, size=size, theme=theme) as opened:
        for view in VIEWS:
            opened.show(view)
            opened.page.wait_for_timeout(1200)
            assert opened.page.locator(f"#view-{view}").inner_text().strip(), view
            assert opened.overflow() <= 0, view
            assert opened.violations() == [], (view, theme, size)
        assert opened.complaints == []
        assert opened.page.evaluate("document.documentElement.dataset.theme") == theme


def test_the_values_are_those_of_the_state(zeta: Zeta, opened: Tab) -> None:
    load = Load(zeta.url)
    opened.show("fleet")
    expect(opened.page.locator(".tenants")).to_contain_text(MISCHIEF, timeout=20_000)
    load.stop()
    idle = lambda: ask(f"{zeta.url}/zeta/state").json["open"] == 0  # noqa: E731
    assert eventually(idle)
    opened.page.wait_for_timeout(2500)
    state = ask(f"{zeta.url}/zeta/state").json
    assert len(state["endpoints"]) == 4
    for endpoint in state["endpoints"]:
        row = opened.page.locator(f'tr[data-endpoint="{endpoint["id"]}"]')
        said = row.inner_text()
        assert endpoint["state"] in said
        assert f"{endpoint['in_flight']} of {endpoint['slots']}" in said
        pace = endpoint["pace"]
        assert opened.formatted("format.seconds(value)", pace["ttft_p50_s"]) in said
        assert opened.formatted("format.percent(value)", pace["in_time_ratio"]) in said
        rss = opened.formatted("format.bytes(value)", endpoint["signals"]["rss_bytes"]["value"])
        assert rss.split()[1] in said
        for axis, found in endpoint["condition"].items():
            assert f"{axis} {found['state']}" in row.locator(".axes").text_content()  # type: ignore[operator]
    tiles = opened.texts(".tile")
    recent = state["recent"]
    assert (
        opened.formatted("format.percent(value, 1)", recent["in_time"] / recent["answers"])
        in tiles[2]
    )
    opened.show("decisions")
    shown = opened.page.locator(".decisions-table tbody tr").evaluate_all(
        "rows => rows.map(row => row.dataset.key)"
    )
    known = [
        each["decision_id"] for each in ask(f"{zeta.url}/zeta/decisions?limit=60").json["decisions"]
    ]
    assert shown == known


def test_a_decision_opens_in_full_by_keyboard(zeta: Zeta, opened: Tab) -> None:
    answer = ask(f"{zeta.url}/v1/chat/completions", chat_body(ASKED[1]))
    id_ = answer.headers["x-zeta-decision-id"]
    opened.show("decisions")
    link = opened.page.locator(f'tr[data-key="{id_}"] a')
    link.focus()
    opened.page.keyboard.press("Enter")
    drawer = opened.page.locator("#drawer")
    expect(drawer.locator(".candidate.chosen")).to_be_visible()
    told = ask(f"{zeta.url}/zeta/decisions/{id_}").json
    step = told["decisions"][-1]
    assert drawer.locator(".candidate").count() == len(step["candidates"]) >= 2
    assert drawer.locator("svg.terms").count() == len(step["candidates"])
    said = drawer.inner_text()
    assert told["summary"] in said
    for each in step["candidates"]:
        assert each["endpoint"] in said
        assert opened.formatted("format.share(value.p_slo)", each["terms"]) in said
    for each in step["dropped"]:
        assert each["sentence"] in said
    assert opened.violations() == []
    opened.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    opened.page.goto(f"{zeta.url}/#decisions/{id_}")
    expect(drawer.locator(".candidate.chosen")).to_be_visible()


def test_an_unknown_decision_says_so(opened: Tab) -> None:
    opened.page.goto(f"{opened.url}/#decisions/zd-never")
    expect(opened.page.locator("#drawer-body")).to_contain_text("cannot be shown")
    opened.complaints[:] = [each for each in opened.complaints if "404" not in each]


def test_draining_and_taking_back(zeta: Zeta, opened: Tab) -> None:
    opened.show("fleet")
    state = lambda: {e["id"]: e["state"] for e in ask(f"{zeta.url}/zeta/fleet").json["endpoints"]}  # noqa: E731
    id_ = next(iter(state()))
    row = opened.page.locator(f'tr[data-endpoint="{id_}"]')
    row.get_by_role("button").click()
    expect(row).to_contain_text("draining")
    assert state()[id_] == "draining"
    row.get_by_role("button").click()
    expect(row.get_by_role("button")).to_have_text("Drain")
    assert state()[id_] == "up"


def test_trying_a_query_before_and_after(opened: Tab) -> None:
    opened.show("try")
    page = opened.page
    page.fill("#try-prompt", ASKED[1])
    page.fill("#try-tokens", "12")
    page.get_by_role("button", name="Show the decision").click()
    expect(page.locator("#view-try .candidate.chosen").first).to_be_visible()
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("#view-try .try-form [role=status]")).to_contain_text(
        "Complete", timeout=60_000
    )
    assert page.locator(".answer").inner_text().strip()
    expect(page.locator("#view-try")).to_contain_text("What came of it")
    page.get_by_role("button", name="Good").click()
    expect(page.locator("#view-try .vote")).to_contain_text("Kept")
    assert opened.violations() == []


def test_a_key_goes_with_everything_and_stays_in_its_tab(browser: Browser, opened: Tab) -> None:
    opened.show("fleet")
    page = opened.page
    page.get_by_role("button", name="Key", exact=True).click()
    page.fill("#key-field", "s3cret")
    with page.expect_request("**/zeta/stream") as asked:
        page.get_by_role("button", name="Use it").click()
    assert asked.value.headers["authorization"] == "Bearer s3cret"
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [1, 0]
    expect(page.locator("#key-button")).to_have_text("Key set")
    with tab(browser, opened.url) as other:
        other.show("fleet")
        expect(other.page.locator("#key-button")).to_have_text("Key")


def test_a_broken_stream_is_told_and_mended(zeta: Zeta, opened: Tab) -> None:
    opened.show("fleet")
    banner = opened.page.locator("#banner")
    expect(banner).to_be_hidden()
    zeta.process.send_signal(signal.SIGSTOP)
    try:
        expect(banner).to_be_visible(timeout=15_000)
        expect(banner).to_contain_text("What you see is of")
        assert opened.violations() == []
    finally:
        zeta.process.send_signal(signal.SIGCONT)
    expect(banner).to_be_hidden(timeout=20_000)
    opened.complaints[:] = [each for each in opened.complaints if "ERR_" not in each]


def test_nothing_jumps_while_frames_come(zeta: Zeta, browser: Browser, load: Load) -> None:
    with tab(browser, zeta.url) as opened:
        opened.page.add_init_script(WATCH_SHIFTS)
        for view in ("fleet", "flow", "learning", "health"):
            opened.show(view)
            opened.page.wait_for_timeout(1500)
            opened.page.evaluate("window.shifted = 0")
            opened.page.wait_for_timeout(4000)
            assert opened.page.evaluate("window.shifted") < 0.02, view


def test_with_keys_it_asks_for_one_and_only_admins_drain(tmp_path: Path, browser: Browser) -> None:
    hashes = {name: sha256(name.encode()).hexdigest() for name in ("looking-only", "may-change")}
    yaml = f"""
models: {{m: {{tasks: {{simple: 0.5, code: 0.5, reasoning: 0.5}}}}}}
endpoints: [{{id: a, url: "http://127.0.0.1:9", model: m, engine: openai, slots: 2}}]
keys:
  - {{name: looker, hash: "sha256:{hashes["looking-only"]}"}}
  - {{name: keeper, hash: "sha256:{hashes["may-change"]}", scopes: [admin]}}
"""
    (tmp_path / "zeta.yaml").write_text(yaml, encoding="utf-8")
    with (
        serving(tmp_path, "--config", str(tmp_path / "zeta.yaml")) as guarded,
        tab(browser, guarded.url) as opened,
    ):
        page = opened.page
        page.goto(guarded.url)
        expect(page.locator("#banner")).to_contain_text("wants a key")
        row = page.locator('tr[data-endpoint="a"]')
        for key, said in {"looking-only": "is not for changing", "may-change": "draining"}.items():
            page.locator("#key-button").click()
            page.fill("#key-field", key)
            page.get_by_role("button", name="Use it").click()
            expect(page.locator('#live[data-state="open"]')).to_be_visible()
            expect(page.locator("#banner")).to_be_hidden()
            row.get_by_role("button").click()
            expect(row).to_contain_text(said)


def test_an_empty_gateway_says_so_and_stops_at_once(tmp_path: Path, browser: Browser) -> None:
    yaml = """
models: {m: {tasks: {simple: 0.5, code: 0.5, reasoning: 0.5}}}
endpoints: [{id: a, url: "http://127.0.0.1:9", model: m, engine: openai, slots: 2}]
"""
    (tmp_path / "zeta.yaml").write_text(yaml, encoding="utf-8")
    with (
        serving(tmp_path, "--config", str(tmp_path / "zeta.yaml")) as empty,
        tab(browser, empty.url) as opened,
    ):
        for view, said in {
            "flow": "No query has come in this time",
            "decisions": "No query has been decided",
            "learning": "No answer yet",
            "health": "a",
            "experiments": "No experiment yet",
        }.items():
            opened.show(view)
            expect(opened.page.locator(f"#view-{view}")).to_contain_text(said)
            assert opened.violations() == [], view
        assert opened.complaints == []
        began = time.monotonic()
        assert empty.stop() == 0
        assert time.monotonic() - began < 10.0, "an open tab does not hold up a stop"
        expect(opened.page.locator("#banner")).to_be_visible()
