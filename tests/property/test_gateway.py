"""What holds for any body, any bytes, any stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from support.gateways import CHAT, MESSAGES, Gateway, MovableLoop, gateway
from support.scripted import ScriptedEngine, delta, event, spoken, whole
from zeta_router.core.query import Operation, Query
from zeta_router.gateway.answer.reading import read_whole
from zeta_router.gateway.answer.rename import rename_whole
from zeta_router.gateway.answer.splice import with_model
from zeta_router.gateway.answer.stream import SseWatcher
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.body import parse
from zeta_router.gateway.reading.intake import query_of

PATHS = [CHAT, "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/responses", "/v1/route"]
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([10**30, -(10**20), 2**64, 5e-324]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=15,
)
FIELDS = [
    "model",
    "messages",
    "prompt",
    "input",
    "query",
    "documents",
    "stream",
    "max_tokens",
    "max_completion_tokens",
    "tools",
    "response_format",
    "user",
    "instructions",
]
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "system", "assistant", "tool"])},
    optional={
        "content": st.one_of(
            TEXT,
            st.none(),
            st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["text", "image_url", "file", "x"])},
                    optional={"text": st.one_of(TEXT, JSON), "image_url": JSON},
                ),
                max_size=3,
            ),
            JSON,
        )
    },
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "model": st.one_of(st.sampled_from(["auto", "coder", "auto:code", "nope"]), JSON),
        "messages": st.one_of(st.lists(MESSAGE, max_size=3), JSON),
        "prompt": JSON,
        "input": JSON,
        "query": JSON,
        "documents": JSON,
        "stream": JSON,
        "max_tokens": JSON,
        "tools": JSON,
        "response_format": JSON,
        "user": JSON,
        "made_up": JSON,
    },
)
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    LIKELY.map(lambda value: json.dumps(value).encode()),
    LIKELY.map(lambda value: json.dumps(value, ensure_ascii=False).encode()),
    st.tuples(LIKELY, st.integers(0, 400)).map(
        lambda pair: json.dumps(pair[0]).encode()[: pair[1]]
    ),
    st.tuples(LIKELY, st.binary(min_size=1, max_size=3), st.integers(0, 100)).map(
        lambda given: given[1].join(
            [json.dumps(given[0]).encode()[: given[2]], json.dumps(given[0]).encode()[given[2] :]]
        )
    ),
)
"""Arbitrary bytes, arbitrary JSON, requests that are nearly right, cut ones, spoilt ones."""

QUICK = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
MORE = settings(deadline=None, max_examples=100)


class Running:
    """A gateway that keeps running from example to example."""

    def __init__(self, loop: MovableLoop, made: Gateway, engine: ScriptedEngine) -> None:
        self.loop, self.made, self.engine = loop, made, engine

    def ask(self, raw: bytes, path: str = CHAT, **more: Any) -> Any:
        return self.loop.run_until_complete(self.made.ask(path=path, raw=raw, **more))


class _Tells:
    """Telemetry enough for a dry run."""

    def explain_dry(self, query: Query, decision: Any) -> dict[str, Any]:
        return {"reason": decision.reason.value}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    loop = MovableLoop()
    asyncio.set_event_loop(None)
    engine = ScriptedEngine(otherwise=whole(b'{"ok":1}'))
    embedder = ScriptedEngine(otherwise=whole(b'{"ok":1}'))
    manager = gateway(
        ("c", "coder", engine),
        ("e", "embedder", embedder),
        upstream_model="its own name",
        records=_Tells(),  # type: ignore[arg-type]
    )
    made = loop.run_until_complete(manager.__aenter__())
    yield Running(loop, made, engine)
    loop.run_until_complete(manager.__aexit__(None, None, None))
    loop.close()


@QUICK
@given(raw=BODIES, path=st.sampled_from(PATHS))
def test_no_body_is_ever_answered_with_500(running: Running, raw: bytes, path: str) -> None:
    got = running.ask(raw, path)
    assert got.status in (200, 400, 404)
    if got.status != 200:
        assert got.error["message"]
    assert running.made.idle


@MORE
@given(raw=BODIES, operation=st.sampled_from(list(Operation)))
def test_a_body_is_understood_or_refused_and_nothing_else(raw: bytes, operation: Operation) -> None:
    try:
        body = parse(operation, raw)
        query = query_of(operation, body, CIMultiDict(), query_id="q", now_s=0.0)
    except RequestError as error:
        refusal = error
    else:
        assert query.prompt_tokens >= 0
        assert msgspec.json.decode(with_model(raw, body.written_model, "x"))["model"] == "x"
        return
    assert refusal.status == 400
    assert refusal.message


@QUICK
@given(
    fields=st.dictionaries(TEXT.filter(lambda name: name not in FIELDS), JSON, max_size=6),
    indent=st.sampled_from([None, 0, 3]),
    escaped=st.booleans(),
    named=st.sampled_from([None, "auto", "coder"]),
    place=st.integers(0, 6),
)
def test_the_engine_gets_every_byte_but_the_model_s_name(
    running: Running,
    fields: dict[str, Any],
    indent: int | None,
    escaped: bool,
    named: str | None,
    place: int,
) -> None:
    items = list(fields.items())
    ours: list[tuple[str, Any]] = [("messages", MESSAGES)]
    if named is not None:
        ours.insert(place % 2, ("model", named))
    body = dict([*items[:place], *ours, *items[place:]])
    raw = json.dumps(body, indent=indent, ensure_ascii=escaped).encode()
    running.engine.asked.clear()
    assert running.ask(raw).status == 200
    (asked,) = running.engine.asked
    assert asked.json == {**body, "model": "its own name"}
    if named is None:
        at = asked.body.index(b'"model":"its own name",')
        assert asked.body[:at] + asked.body[at + 23 :] == raw
    else:
        assert asked.body.replace(b'"its own name"', json.dumps(named).encode(), 1) == raw


@MORE
@given(st.binary(max_size=300))
def test_no_answer_is_unreadable_enough_to_do_harm(body: bytes) -> None:
    read_whole(body)
    rename_whole(body, "coder")
    watcher = SseWatcher(lambda: None)
    watcher.feed(body)
    watcher.end()


@MORE
@given(value=JSON, model=TEXT)
def test_renaming_changes_the_name_and_nothing_else(value: Any, model: str) -> None:
    raw = json.dumps(value).encode()
    renamed = rename_whole(raw, model)
    if isinstance(value, dict) and isinstance(value.get("model"), str):
        assert json.loads(renamed) == {**value, "model": model}
    else:
        assert renamed == raw


@MORE
@given(
    words=st.lists(TEXT.filter(bool), min_size=1, max_size=12),
    usage=st.one_of(st.none(), st.just({"prompt_tokens": 3, "completion_tokens": 5})),
    start=st.sampled_from([b"data:", b"data: "]),
    newline=st.sampled_from([b"\n", b"\r\n"]),
    cuts=st.lists(st.integers(1, 4000), max_size=30),
)
def test_a_stream_says_the_same_however_it_is_cut(
    words: list[str],
    usage: dict[str, int] | None,
    start: bytes,
    newline: bytes,
    cuts: list[int],
) -> None:
    events = spoken(*words, usage=usage)
    data = b"".join(events).replace(b"data: {", start + b"{").replace(b"\n", newline)
    first: list[int] = []
    watcher = SseWatcher(lambda: first.append(1))
    at = 0
    for cut in [*sorted(cut for cut in set(cuts) if cut < len(data)), len(data)]:
        watcher.feed(data[at:cut])
        at = cut
    reading = watcher.end()
    assert len(first) == 1
    assert reading.events == len(words)
    assert reading.output_tokens == (5 if usage else len(words))
    assert (reading.finish_reason, reading.complete) == ("stop", True)
    assert watcher.model == delta("")["model"]
    assert event("[DONE]") in b"".join(events)
