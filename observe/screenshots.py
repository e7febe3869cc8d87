"""Pictures of the dashboard: every view at both widths and in both themes, and one for the README.

Usage: ``python observe/screenshots.py [--gateway URL] [--out FOLDER] [--readme FILE]``.

Without ``--gateway`` it starts a gateway over four emulated engines (`zeta emulate`'s engine model
behind real addresses, so prices and spill are real and answers are filler), loads it for a minute
and a half, and looks. Needs Chromium and Playwright (`make screenshots` installs the latter).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

Speed = dict[str, float]

VIEWS = ("fleet", "flow", "decisions", "learning", "health", "experiments", "try")
SIZES = {1280: 900, 390: 844}
THEMES = ("light", "dark")
LOAD_S, RISING_TO_PER_S = 90.0, 7.0
README_BYTES = 200_000


def speed(prefill_tokens_per_s: float, step_s: float, step_per_seq_s: float, slots: int) -> Speed:
    """A `simulate:` line."""
    return {
        "prefill_tokens_per_s": prefill_tokens_per_s,
        "step_s": step_s,
        "step_per_seq_s": step_per_seq_s,
        "slots": slots,
    }


ENGINES = {
    "small-a": ("small-4b", speed(6000, 0.010, 0.0008, 8)),
    "coder-a": ("coder-7b", speed(4000, 0.016, 0.0012, 8)),
    "coder-b": ("coder-7b", speed(3000, 0.020, 0.0015, 4)),
    "reasoner-a": ("reasoner-14b", speed(2000, 0.030, 0.0025, 6)),
}
FLEET: dict[str, Any] = {
    "models": {
        "small-4b": {"tasks": {"simple": 0.72, "code": 0.45, "reasoning": 0.3}, "params_b": 4},
        "coder-7b": {"tasks": {"simple": 0.66, "code": 0.75, "reasoning": 0.45}, "params_b": 7},
        "reasoner-14b": {"tasks": {"simple": 0.75, "code": 0.7, "reasoning": 0.8}, "params_b": 14},
    },
    "routes": {"simple": "small-4b", "code": "coder-7b", "reasoning": "reasoner-14b"},
    "slo": {
        "simple": {"ttft_s": 1, "e2e_s": 6},
        "code": {"ttft_s": 1.5, "e2e_s": 12},
        "reasoning": {"ttft_s": 3, "e2e_s": 30},
    },
    "policy": "joint",
}
ASKED = (
    "What is the capital of Portugal?",
    "Say good morning in Spanish",
    "Who wrote Hamlet?",
    "Write a Python function that merges two sorted lists",
    "Write a SQL query that finds duplicates in the table users",
    "Implement quicksort in Rust",
    "Prove that the square root of 2 is irrational",
    "A train leaves at 3pm at 60 km/h, another at 4pm at 90 km/h. When do they meet? Show why.",
)


@contextlib.contextmanager
def emulated(folder: Path) -> Iterator[Path]:
    """Engines in processes of their own; the configuration that names them."""
    endpoints = [
        {"id": id_, "url": f"http://127.0.0.1:{free_port()}", "model": model, "engine": "vllm",
         "slots": speed["slots"], "simulate": speed}
        for id_, (model, speed) in ENGINES.items()
    ]  # fmt: skip
    path = folder / "zeta.yaml"
    path.write_text(json.dumps({**FLEET, "endpoints": endpoints}), encoding="utf-8")
    with contextlib.ExitStack() as stack:
        for id_ in ENGINES:
            flags = [
                "emulate",
                "--fleet",
                str(path),
                "--endpoint",
                id_,
                "--mean-output-tokens",
                "90",
            ]
            stack.enter_context(child(flags, folder))
        yield path


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def child(flags: list[str], folder: Path) -> Iterator[str]:
    """A `zeta` command in a process of its own until the end of the block; where it listens."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "zeta_router", *flags], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        yield _address(process)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _address(process: subprocess.Popen[str]) -> str:
    said = ""
    while not (found := re.search(r"(?:listening|emulating \S+) on (http://\S+)", said)):
        line = process.stderr.readline() if process.stderr is not None else ""
        if not line:
            sys.exit(f"a child did not start:\n{said}")
        said += line
    threading.Thread(target=process.stderr.read, daemon=True).start()  # type: ignore[union-attr]
    return found.group(1)


def ask(url: str, rng: random.Random) -> None:
    """One query, and now and then a vote on its answer, as good as its model is at the task."""
    asked = [{"role": "user", "content": rng.choice(ASKED)}]
    given = {
        "x-zeta-priority": rng.choice(("interactive", "normal", "normal", "batch")),
        "x-zeta-tenant": rng.choice(("web", "cron", "notebooks")),
    }
    with contextlib.suppress(OSError):
        body = {"model": "auto", "stream": True, "messages": asked}
        told = _post(f"{url}/v1/chat/completions", body, given)
        tasks = FLEET["models"].get(told["x-zeta-model"], {}).get("tasks", {})
        if rng.random() < 0.4:
            good = rng.random() < tasks.get(told["x-zeta-task"], 0.5)
            vote = {"decision_id": told["x-zeta-decision-id"], "score": int(good)}
            _post(f"{url}/v1/feedback", vote, {})


def _post(url: str, body: object, headers: dict[str, str]) -> Message:
    data = json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - our own gateway
        url, data, {"content-type": "application/json", **headers}
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        response.read()
        found: Message = response.headers
        return found


def load(url: str, stopped: threading.Event) -> None:
    """Rising load until told to stop."""
    rng = random.Random(1)
    began = time.monotonic()
    threads: list[threading.Thread] = []
    while not stopped.is_set():
        rate = max(1.0, RISING_TO_PER_S * min(1.0, (time.monotonic() - began) / LOAD_S))
        thread = threading.Thread(target=ask, args=(url, random.Random(rng.random())))
        thread.start()
        threads.append(thread)
        stopped.wait(rng.expovariate(rate))
    for thread in threads:
        thread.join(60.0)


def look(browser: Browser, url: str, out: Path, readme: Path | None) -> None:
    """Every picture."""
    for width, height in SIZES.items():
        for theme in THEMES:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme=theme,  # type: ignore[arg-type]
            )
            for view in VIEWS:
                page.goto(f"{url}/#{view}")
                page.locator('#live[data-state="open"]').wait_for()
                page.wait_for_timeout(1800)
                page.screenshot(path=out / f"{view}-{width}-{theme}.png", full_page=width > 1000)
            page.goto(f"{url}/#decisions")
            page.locator(".decisions-table tbody tr a").nth(8).click()
            page.locator(".candidate").first.wait_for()
            page.screenshot(path=out / f"explanation-{width}-{theme}.png")
            page.close()
    if readme is not None:
        _for_readme(browser, url, readme)


def _for_readme(browser: Browser, url: str, path: Path) -> None:
    """The fleet view, small enough to be kept with the code."""
    page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
    page.goto(f"{url}/#fleet")
    page.wait_for_timeout(2500)
    page.screenshot(path=path)
    page.close()
    with Image.open(path) as image:
        image.convert("RGB").quantize(255).save(path, optimize=True)
    if path.stat().st_size > README_BYTES:
        sys.exit(f"{path} has {path.stat().st_size} bytes, more than {README_BYTES}")


def main() -> None:
    """Start what is needed, wait for load, look, and stop it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", help="one that runs; none is started then")
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--readme", type=Path, help="write the README's picture here, too")
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed. Debian, Ubuntu: sudo apt-get install chromium")
    with contextlib.ExitStack() as stack:
        url = flags.gateway
        if url is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zeta-shots-")))
            path = stack.enter_context(emulated(folder))
            flags_ = ["serve", "--config", str(path), "--listen", "127.0.0.1:0"]
            url = stack.enter_context(child(flags_, folder))
            stopped = threading.Event()
            loading = threading.Thread(target=load, args=(url, stopped))
            loading.start()
            stack.callback(loading.join)
            stack.callback(stopped.set)
            time.sleep(LOAD_S)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        look(browser, url, flags.out, flags.readme)
        browser.close()
    sys.stderr.write(f"{len(list(flags.out.glob('*.png')))} pictures in {flags.out}\n")


if __name__ == "__main__":
    main()
