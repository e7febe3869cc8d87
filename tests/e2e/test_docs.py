"""Every command and every piece of code in README and quickstart is run as it stands there.

What differs from a reader's machine is stated: `HERE` says what each text is replaced by. A block
that cannot be run carries its reason in the page, in a comment before it, and is listed in the
output. Blocks of a page run in its order, in one folder, with one shell each.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from support.asking import ask, chat_body
from support.candidates import candidate, choose
from support.pages import Block, blocks_of
from support.process import Zeta
from zeta_router.app.config import load_text
from zeta_router.policy.registry import POLICIES

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))

RUN_WHOLE = ("README.md", "docs/quickstart.md")
"""Pages of which every block is run or says why not."""

HERE = {
    r"http://127\.0\.0\.1:8080": "{url}",  # the fleet that all these tests share
    r"(?m)^make (\w+)$": "make -C {root} -n \\1",  # what it would run; `Makefile` is looked at
}

BASE = """
models:
  m: {tasks: {simple: 0.6, code: 0.5, reasoning: 0.4}}
endpoints:
  - {id: e, url: "http://127.0.0.1:9", model: m}
"""

MODULE_OF = {
    "LangChain": "langchain_openai",
    "LlamaIndex": "llama_index",
    "pydantic-ai": "pydantic_ai",
}
"""Clients too large for the test environment, by the module that shows that they are here."""


@pytest.fixture
def folder(embedded: Zeta, tmp_path: Path) -> Path:
    """A reader's folder: `.venv/bin/zeta`, and a decision log with something in it."""
    here = tmp_path / "reader"
    (here / ".venv" / "bin").mkdir(parents=True)
    for name, program in (("zeta", "-m zeta_router"), ("python", "")):
        script = here / ".venv" / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {program} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    for number in range(2):
        ask(f"{embedded.url}/v1/chat/completions", chat_body(f"What is {number} + 1?"))
    return here


def run(block: Block, folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    code = block.code
    for text, there in HERE.items():
        code = re.sub(text, there.format(url=url, root=ROOT).replace("\\\\1", "\\1"), code)
    if "zeta.db" in code:
        copy_log(folder)
    program = ["sh", "-eu", "-c", code] if block.language == "sh" else [sys.executable, "-c", code]
    path = f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        program,
        cwd=folder,
        env={**os.environ, "ZETA_URL": url, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def copy_log(folder: Path) -> None:
    """The running gateway's log, as a backup makes it."""
    log = _LOG["path"]
    with sqlite3.connect(log) as source, sqlite3.connect(folder / "zeta.db") as target:
        source.backup(target)
    source.close()
    target.close()


_LOG: dict[str, Path] = {}


@pytest.mark.engines
@pytest.mark.parametrize("name", RUN_WHOLE)
def test_every_block_runs(embedded: Zeta, folder: Path, name: str) -> None:
    _LOG["path"] = embedded.folder / "zeta.db"
    ran = 0
    for block in blocks_of(ROOT / name):
        if block.not_run:
            sys.stdout.write(f"{name}:{block.line} is not run: {block.not_run}\n")
            continue
        assert block.language in ("sh", "python"), f"{name}:{block.line}: cannot be run"
        done = run(block, folder, embedded.url)
        told = f"{name}:{block.line}\n{block.code}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, told
        assert "Traceback" not in done.stderr, told
        ran += 1
    assert ran >= 3


def test_make_serve_runs_what_these_tests_run() -> None:
    planned = subprocess.run(
        ["make", "-C", str(ROOT), "-n", "serve"], capture_output=True, text=True, check=True
    )
    assert "zeta serve --embedded" in planned.stdout


@pytest.mark.engines
@pytest.mark.parametrize("page", ["docs/guides/clients.md", "docs/guides/tuning.md",
                                  "docs/operating/running-it.md"])  # fmt: skip
def test_code_of_other_pages(embedded: Zeta, folder: Path, page: str) -> None:
    """Python that can be imported here, and shell that only uses curl and zeta."""
    _LOG["path"] = embedded.folder / "zeta.db"
    for block in blocks_of(ROOT / page):
        missing = [name for name in MODULE_OF.values() if name in block.code and not have(name)]
        runs = block.language == "python" or (
            block.language == "sh" and re.match(r"(curl|zeta|sqlite3) ", block.code)
        )
        if block.language == "sh" and "sqlite3 " in block.code and not have_program("sqlite3"):
            runs = False
        if missing or not runs or block.not_run:
            sys.stdout.write(f"{page}:{block.line} is not run: {missing or block.language}\n")
            continue
        done = run(block, folder, embedded.url)
        assert done.returncode == 0, f"{page}:{block.line}\n{done.stdout}\n{done.stderr}"


def have(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def have_program(name: str) -> bool:
    return any((Path(place) / name).exists() for place in os.environ["PATH"].split(":"))


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_configuration_in_guides_is_good(page: Path) -> None:
    """A whole file is loaded as it is, a section with the smallest fleet around it."""
    for block in blocks_of(page):
        if block.language != "yaml" or "apiBase" in block.code:  # Continue's, not ours
            continue
        text = block.code if "endpoints:" in block.code else BASE + block.code
        load_text(text, source=f"{page.name}:{block.line}", environ={}, policies=POLICIES)


def test_the_policy_of_the_guide_keeps_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken from the page and asked over the contract's own candidates."""
    page = ROOT / "docs/guides/writing-a-policy.md"
    (block,) = [each for each in blocks_of(page) if each.language == "python"]
    module = ModuleType("good_enough")
    monkeypatch.setitem(sys.modules, "good_enough", module)
    exec(compile(block.code, "writing-a-policy.md", "exec"), module.__dict__)  # noqa: S102
    policy = module.GoodEnough()
    lot = Random(1)
    for _ in range(50):
        pool = [
            candidate(f"e{n}", quality=lot.random(), slots=4, in_flight=lot.randrange(6))
            for n in range(lot.randrange(1, 6))
        ]
        choice = choose(policy, pool)
        if choice.index is not None:
            view = pool[choice.index].view
            assert view.in_flight < view.slots
            assert choice.propensity == 1.0
