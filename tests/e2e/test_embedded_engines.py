"""The embedded engines themselves: real answers, real deaths, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from support.asking import ask, chat_body
from support.process import Zeta, eventually

pytestmark = [pytest.mark.engines, pytest.mark.timeout(180)]

LLAMAS = ("small-4b", "coder-7b", "reasoner-14b")
RSS_LIMIT_BYTES = 3e9

# A program with a smaller fleet (one llama.cpp server and the embedder), under uvloop as the
# gateway is. It says where its engines are, and leaves its fleet on SIGTERM.
PROGRAM = """
import asyncio, json, signal
import uvloop
from zeta_router.app.embedded.fleet import EmbeddedFleet
from zeta_router.app.embedded.roster import ENGINES

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with EmbeddedFleet([ENGINES[0], ENGINES[3]]) as fleet:
        print(json.dumps({e.name: [e.url, e.pid] for e in fleet.engines}), flush=True)
        await stop.wait()

uvloop.run(main())
"""


@dataclass(frozen=True)
class Program:
    """A running `PROGRAM`."""

    process: subprocess.Popen[bytes]
    urls: dict[str, str]
    pids: dict[str, int]


@contextlib.contextmanager
def program() -> Iterator[Program]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            engines = json.loads(process.stdout.readline())
            urls = {name: url for name, (url, _) in engines.items()}
            yield Program(process, urls, {name: pid for name, (_, pid) in engines.items()})
        finally:
            process.kill()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def chat(url: str, model: str, text: str, **more: Any) -> Any:
    said = ask(f"{url}/v1/chat/completions", chat_body(text, model=model, temperature=0, **more))
    assert said.status == 200, said.body
    return said.json


def vector(url: str, text: str) -> list[float]:
    said = ask(f"{url}/v1/embeddings", {"model": "embedder-4b", "input": text})
    assert said.status == 200, said.body
    assert said.json["model"] == "embedder-4b"
    return list(said.json["data"][0]["embedding"])


def test_every_engine_is_healthy_under_its_fleet_name(engines: dict[str, str]) -> None:
    for name, url in engines.items():
        assert ask(f"{url}/health").status == 200
        assert [model["id"] for model in ask(f"{url}/v1/models").json["data"]] == [name]


def test_the_llama_servers_give_the_same_answers_at_their_own_speeds(
    engines: dict[str, str],
) -> None:
    text = "Write a Python function that merges two sorted lists."
    answers, speeds = {}, {}
    for name in LLAMAS:
        # Without the cache: other tests may have asked one of them the same before.
        told = chat(engines[name], name, text, max_tokens=24, cache_prompt=False)
        assert told["model"] == name
        answers[name] = told["choices"][0]["message"]["content"]
        speeds[name] = round(told["timings"]["predicted_per_second"])
    print(f"\ntokens per second, alone: {speeds}")  # noqa: T201  a busy machine may turn them round
    assert len(set(answers.values())) == 1, answers
    assert answers["small-4b"].strip()


def test_slots_and_context_are_what_the_fleet_says(engines: dict[str, str]) -> None:
    for name in LLAMAS:
        slots = ask(f"{engines[name]}/slots").json
        assert [slot["n_ctx"] for slot in slots] == [2048] * 4
        assert b"llamacpp:requests_processing" in ask(f"{engines[name]}/metrics").body


def test_embeddings_are_of_unit_length_and_closer_for_closer_meanings(
    engines: dict[str, str],
) -> None:
    url = engines["embedder-4b"]
    cat, kitten, tax = (vector(url, t) for t in ("a cat", "a small kitten", "income tax law"))
    assert len(cat) == 384
    assert sum(x * x for x in cat) == pytest.approx(1.0, abs=1e-3)
    near, far = (sum(a * b for a, b in zip(cat, other, strict=True)) for other in (kitten, tax))
    assert near > far


def test_the_four_engines_fit_in_three_gigabytes(embedded: Zeta) -> None:
    children = psutil.Process(embedded.process.pid).children(recursive=True)
    rss_bytes = {child.pid: child.memory_info().rss for child in children}
    print(f"\nRSS: {[round(size / 1e6) for size in rss_bytes.values()]} MB")  # noqa: T201
    assert len(rss_bytes) == 4
    assert sum(rss_bytes.values()) < RSS_LIMIT_BYTES


def test_a_killed_engine_answers_again_at_the_same_address_and_sigterm_leaves_nothing() -> None:
    with program() as running:
        for pid in running.pids.values():
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: all(gone(pid) for pid in running.pids.values()))

        def healthy(url: str) -> bool:
            with contextlib.suppress(OSError):
                return ask(f"{url}/health").status == 200
            return False

        assert eventually(lambda: all(healthy(url) for url in running.urls.values()), 60.0)
        assert chat(running.urls["small-4b"], "small-4b", "Hello", max_tokens=2)["choices"]
        assert len(vector(running.urls["embedder-4b"], "hello")) == 384
        reborn = psutil.Process(running.process.pid).children(recursive=True)
        assert len(reborn) == 2
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
        assert all(gone(child.pid) for child in reborn)


def test_no_engine_survives_a_parent_that_is_killed() -> None:
    with program() as running:
        running.process.kill()
        assert eventually(lambda: all(gone(pid) for pid in running.pids.values()), 10.0)
