"""The edges: slots and queue full, embedder dead, model saturated, bad input, bad config."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.asking import Said, ask, chat_body
from support.process import Zeta, configured, eventually

pytestmark = pytest.mark.engines

LONG = "Write a Python function that parses a CSV file."


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that refuses connections: bound, so nobody else gets it, but not listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def fleet_yaml(engines: dict[str, str], *, policy: str = "static", **more: Any) -> str:
    """Two chat models of one slot each, in front of the real engines."""
    document: dict[str, Any] = {
        "models": {
            "coder": {"tasks": {"simple": 0.6, "code": 0.8}},
            "helper": {"tasks": {"simple": 0.7, "code": 0.5}},
        },
        "endpoints": [
            {"id": "c", "url": engines["coder-7b"], "model": "coder", "slots": 1},
            {"id": "h", "url": engines["small-4b"], "model": "helper", "slots": 1},
        ],
        "routes": {"code": "coder", "simple": "helper"},
        "policy": policy,
        **more,
    }
    return json.dumps(document, indent=1)


async def many(url: str, bodies: list[dict[str, Any]]) -> list[tuple[int, dict[str, str]]]:
    """All bodies at once; status and headers of each answer, in order."""

    async def one(body: dict[str, Any]) -> tuple[int, dict[str, str]]:
        async with session.post(f"{url}/v1/chat/completions", json=body) as response:
            await response.read()
            return response.status, {k.lower(): v for k, v in response.headers.items()}

    timeout = aiohttp.ClientTimeout(total=90)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        return await asyncio.gather(*(one(body) for body in bodies))


def test_threshold_overflows_to_a_capable_model_and_comes_back(
    engines: dict[str, str], tmp_path: Path
) -> None:
    with configured(tmp_path, fleet_yaml(engines, policy="threshold")) as zeta:
        answers = asyncio.run(many(zeta.url, [chat_body(LONG, max_tokens=32)] * 2))
        assert {status for status, _ in answers} == {200}
        placed = {headers["x-zeta-endpoint"]: headers["x-zeta-reason"] for _, headers in answers}
        assert placed == {"c": "route", "h": "overflow"}
        again = ask(f"{zeta.url}/v1/chat/completions", chat_body(LONG))
        assert (again.headers["x-zeta-endpoint"], again.headers["x-zeta-reason"]) == ("c", "route")


def test_every_slot_and_the_queue_full_is_429_with_retry_after(
    engines: dict[str, str], tmp_path: Path
) -> None:
    yaml = fleet_yaml(engines, limits={"queue": 1, "max_wait_s": 30})
    with configured(tmp_path, yaml) as zeta:
        answers = asyncio.run(many(zeta.url, [chat_body(LONG, max_tokens=24)] * 5))
        statuses = sorted(status for status, _ in answers)
        assert statuses == [200, 200, 429, 429, 429]
        for status, headers in answers:
            if status == 429:
                assert int(headers["retry-after"]) >= 1
                assert headers["x-zeta-reason"] == "queue_full"


def test_the_embedder_down_is_503_with_the_reason_after_the_wait(
    engines: dict[str, str], tmp_path: Path, dead_port: int
) -> None:
    models = {
        "coder": {"tasks": {"code": 0.8}},
        "e5": {"tasks": ["embedding"], "embedding_space": "e5"},
        "other": {"tasks": ["embedding"], "embedding_space": "bge"},
    }
    endpoints = [
        {"id": "c", "url": engines["coder-7b"], "model": "coder"},
        {"id": "e", "url": f"http://127.0.0.1:{dead_port}", "model": "e5"},
        {"id": "o", "url": engines["embedder-4b"], "model": "other"},
    ]
    yaml = fleet_yaml(
        engines,
        models=models,
        endpoints=endpoints,
        routes={"embedding": "e5"},
        limits={"max_wait_s": 1.0},
    )
    with configured(tmp_path, yaml) as zeta:
        said = ask(f"{zeta.url}/v1/embeddings", {"model": "auto", "input": "a cat"})
        assert said.status == 503
        assert said.error["code"] == "no_endpoint_up"
        assert "space" in said.error["message"]
        assert 900 <= float(said.headers["x-zeta-queue-ms"]) < 10_000
        told = ask(f"{zeta.url}/zeta/decisions/{said.headers['x-zeta-decision-id']}").json
        dropped = {d["endpoint"]: d["reason"] for d in told["decisions"][-1]["dropped"]}
        assert dropped == {"c": "other_embedding_space", "e": "down", "o": "other_embedding_space"}


def test_two_endpoints_of_one_space_overflow_to_each_other(
    engines: dict[str, str], tmp_path: Path, dead_port: int
) -> None:
    models = {
        "e5": {"tasks": ["embedding"], "embedding_space": "e5"},
        "e5-copy": {"tasks": ["embedding"], "embedding_space": "e5"},
    }
    endpoints = [
        {"id": "dead", "url": f"http://127.0.0.1:{dead_port}", "model": "e5"},
        {"id": "alive", "url": engines["embedder-4b"], "model": "e5-copy"},
    ]
    yaml = fleet_yaml(
        engines, models=models, endpoints=endpoints, routes={"embedding": "e5"}, policy="static"
    )
    with configured(tmp_path, yaml) as zeta:
        said = ask(f"{zeta.url}/v1/embeddings", {"model": "auto", "input": "a cat"})
        assert said.status == 200
        assert said.headers["x-zeta-endpoint"] == "alive"
        told = ask(f"{zeta.url}/zeta/decisions/{said.headers['x-zeta-decision-id']}").json
    # The dead one was tried first, unless the first poll was quicker than the query.
    tried = [attempt["endpoint"] for attempt in told["attempts"]]
    left_out = [drop["endpoint"] for drop in told["decisions"][0]["dropped"]]
    assert (tried, left_out) in ((["dead", "alive"], []), (["alive"], ["dead"]))


BAD = [
    ("/v1/chat/completions", b"{not json", 400, None),
    ("/v1/chat/completions", b"[1, 2]", 400, None),
    ("/v1/chat/completions", b'{"model": "auto"}', 400, "messages"),
    ("/v1/chat/completions", b'{"messages": []}', 400, "messages"),
    ("/v1/chat/completions", b'{"messages": "hi"}', 400, "messages"),
    ("/v1/chat/completions", b'{"messages": [{"content": "x"}]}', 400, "messages[0].role"),
    (
        "/v1/chat/completions",
        b'{"messages": [{"role": "user", "content": 5}]}',
        400,
        "messages[0].content",
    ),
    (
        "/v1/chat/completions",
        b'{"messages": [{"role": "user", "content": "x"}], "stream": "yes"}',
        400,
        "stream",
    ),
    (
        "/v1/chat/completions",
        b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": "many"}',
        400,
        "max_tokens",
    ),
    (
        "/v1/chat/completions",
        b'{"model": 5, "messages": [{"role": "user", "content": "x"}]}',
        400,
        "model",
    ),
    (
        "/v1/chat/completions",
        b'{"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}',
        404,
        "model",
    ),
    ("/v1/chat/completions", b"\xff\xfe", 400, None),
    ("/v1/chat/completions", b"[" * 100_000, 400, None),
    ("/v1/embeddings", b'{"model": "auto"}', 400, "input"),
    ("/v1/embeddings", b'{"input": []}', 400, "input"),
    ("/v1/embeddings", b'{"input": {"a": 1}}', 400, "input"),
    ("/v1/completions", b'{"prompt": 7}', 400, "prompt"),
    ("/v1/rerank", b'{"query": "x"}', 400, "documents"),
    ("/v1/feedback", b"{}", 400, None),
    ("/v1/route", b"{}", 400, "messages"),
    ("/nowhere", b"{}", 404, None),
    ("/v1/models", b"{}", 405, None),
    ("/health", b"{}", 405, None),
]


@pytest.mark.parametrize(("path", "raw", "status", "param"), BAD)
def test_bad_input_is_named_in_openai_s_shape(
    embedded: Zeta, path: str, raw: bytes, status: int, param: str | None
) -> None:
    said = ask(embedded.url + path, raw=raw)
    assert said.status == status
    assert said.error["param"] == param


def test_a_get_where_a_post_belongs(embedded: Zeta) -> None:
    said = ask(f"{embedded.url}/v1/chat/completions")
    assert said.status == 405
    assert said.headers["allow"] == "POST"
    assert said.error["code"] == "method_not_allowed"


@pytest.mark.parametrize("name", ["x-zeta-priority", "x-zeta-slo-ttft-ms"])
def test_a_hint_that_makes_no_sense_is_named(embedded: Zeta, name: str) -> None:
    said = ask(f"{embedded.url}/v1/chat/completions", chat_body("Hi"), headers={name: "soon"})
    assert said.status == 400
    assert said.error["param"] == name


def test_a_body_of_50_mb_is_413_and_the_process_unharmed(embedded: Zeta) -> None:
    before = embedded.rss_bytes
    raw = b'{"messages": [{"role": "user", "content": "' + b"x" * 50_000_000 + b'"}]}'
    said = ask_tolerant(f"{embedded.url}/v1/chat/completions", raw)
    assert said is None or said.status == 413
    if said is not None:
        assert said.error["code"] == "body_too_large"
    assert ask(f"{embedded.url}/health").status == 200
    assert embedded.rss_bytes - before < 20e6


def ask_tolerant(url: str, raw: bytes) -> Said | None:
    """The answer, or None when the server closed while we were still sending."""
    try:
        return ask(url, raw=raw)
    except OSError:
        return None


def test_a_broken_reload_is_refused_with_its_line_and_a_good_one_applied(
    engines: dict[str, str], tmp_path: Path
) -> None:
    good = fleet_yaml(engines)
    with configured(tmp_path, good) as zeta:
        path = tmp_path / "fleet.yaml"
        path.write_text(good.replace('"policy": "static"', '"polcy": "static"'))
        zeta.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: any("was refused and" in line for line in zeta.lines))
        named = eventually(
            lambda: any("polcy" in line and "policy?" in line for line in zeta.lines)
        )
        assert named, zeta.lines
        assert any(f"fleet.yaml:{line_of(good, 'policy')}" in line for line in zeta.lines)
        assert ask(f"{zeta.url}/v1/chat/completions", chat_body("Hi")).status == 200
        path.write_text(good.replace('"policy": "static"', '"policy": "least_requests"'))
        zeta.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: ask(f"{zeta.url}/zeta/fleet").json["policy"] == "least_requests")


def line_of(text: str, key: str) -> int:
    """Number of the line on which a key stands."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if f'"{key}"' in line)


def test_sigterm_finishes_running_streams(engines: dict[str, str], tmp_path: Path) -> None:
    with configured(tmp_path, fleet_yaml(engines)) as zeta:
        said: list[Said] = []
        body = chat_body(LONG, stream=True, max_tokens=48)
        thread = threading.Thread(
            target=lambda: said.append(ask(f"{zeta.url}/v1/chat/completions", body))
        )
        thread.start()
        fleet = f"{zeta.url}/zeta/fleet"
        assert eventually(lambda: any(e["in_flight"] for e in ask(fleet).json["endpoints"]))
        assert zeta.stop(signal.SIGTERM) == 0
        thread.join(timeout=60)
        assert said
        assert said[0].body.rstrip().endswith(b"data: [DONE]")
