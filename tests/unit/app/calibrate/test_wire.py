from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from support.scripted import (
    ScriptedEngine,
    Step,
    delta,
    event,
    say_and_reset,
    spoken,
    stream,
    whole,
)
from zeta_router.app.calibrate.stream import AskError
from zeta_router.app.calibrate.target import Target
from zeta_router.app.calibrate.wire import Wire, new_session
from zeta_router.learn.latency.calibration_windows import Heard

T = TypeVar("T")
USAGE = {"prompt_tokens": 40, "completion_tokens": 3}


def with_engine(
    script: list[Step],
    check: Callable[[Wire, ScriptedEngine], Awaitable[T]],
    engine: str = "openai",
    api_key: str | None = None,
) -> T:
    """Run a check against a scripted engine; the clock counts how often it was read."""

    async def main() -> T:
        scripted = ScriptedEngine(script)
        await scripted.start()
        ticks = iter(range(1000))
        try:
            async with new_session() as session:
                target = Target(scripted.url, engine, "m", api_key=api_key)
                return await check(Wire(session, target, lambda: float(next(ticks))), scripted)
        finally:
            await scripted.stop()

    return asyncio.run(main())


async def ask(wire: Wire, scripted: ScriptedEngine) -> Heard:
    return await wire.ask("Count to three", 3)


def test_every_token_is_dated_and_the_engine_s_counts_are_taken() -> None:
    heard = with_engine([stream(spoken("one", "two", "three", usage=USAGE))], ask)
    assert heard.prompt_tokens == 40
    assert len(heard.token_at_s) == 3
    assert heard.sent_at_s < heard.first_at_s < heard.last_at_s


def test_without_counts_events_are_tokens_and_the_prompt_is_estimated() -> None:
    heard = with_engine([stream(spoken("a", "b"))], ask)
    assert len(heard.token_at_s) == 2
    assert heard.prompt_tokens == 4


def test_prompt_tokens_that_the_engine_had_in_its_cache_do_not_count() -> None:
    usage = {"prompt_tokens": 40, "completion_tokens": 2}
    events = spoken("a", "b")
    late = {"choices": [], "usage": {**usage, "prompt_tokens_details": {"cached_tokens": 16}}}
    heard = with_engine([stream([*events[:-1], event(late), events[-1]])], ask)
    assert heard.prompt_tokens == 24


@pytest.mark.parametrize(
    ("engine", "extras"),
    [
        ("llamacpp", {"cache_prompt": False, "ignore_eos": True}),
        ("vllm", {"ignore_eos": True}),
        ("openai", {}),
        ("ollama", {}),
    ],
)
def test_the_request_is_bounded_greedy_and_streamed(engine: str, extras: dict[str, object]) -> None:
    async def check(wire: Wire, scripted: ScriptedEngine) -> None:
        await ask(wire, scripted)
        (asked,) = scripted.asked
        assert asked.path == "/v1/chat/completions"
        assert asked.header("authorization") == "Bearer k"
        assert asked.json == {
            "model": "m",
            "messages": [{"role": "user", "content": "Count to three"}],
            "max_tokens": 3,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            **extras,
        }

    with_engine([stream(spoken("a", "b"))], check, engine, api_key="k")


def test_a_server_that_knows_fewer_fields_is_asked_with_fewer() -> None:
    async def check(wire: Wire, scripted: ScriptedEngine) -> None:
        await ask(wire, scripted)
        await ask(wire, scripted)
        assert ["stream_options" in asked.json for asked in scripted.asked] == [True, False, False]

    answers = [stream(spoken("a", "b")), stream(spoken("a", "b"))]
    with_engine([whole({"error": "unknown field"}, 400), *answers], check)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (whole(), "does not stream"),
        (whole({"error": {"message": "no memory"}}, 500), "HTTP 500: .*no memory"),
        (whole({"error": {"message": "who are you"}}, 401), "HTTP 401"),
        (stream([event("[DONE]")]), "no text"),
        (stream([event(delta("a")), event({"error": {"message": "lost"}})]), "broke off: .*lost"),
        (say_and_reset(), "ServerDisconnected|reset|ClientOSError"),
        (
            stream([event(delta("one two three", usage={"completion_tokens": 12}))]),
            "12 tokens came at once",
        ),
    ],
)
def test_what_is_no_answer_says_why(step: Step, said: str) -> None:
    with pytest.raises(AskError, match=said):
        with_engine([step], ask)


@pytest.mark.parametrize(
    "garbage",
    [
        [],
        7,
        {"choices": 7},
        {"choices": [7, None, {"delta": 7}, {"delta": {"content": 7}}], "usage": "many"},
        {"choices": [], "usage": {"prompt_tokens": "40", "prompt_tokens_details": 7}},
        "{",
    ],
)
def test_events_that_cannot_be_read_are_passed_over(garbage: object) -> None:
    heard = with_engine([stream([event(garbage), *spoken("a", "b")])], ask)
    assert len(heard.token_at_s) == 2
    assert heard.prompt_tokens == 4


def test_a_line_without_end_is_no_answer() -> None:
    with pytest.raises(AskError):
        with_engine([stream([b"data: " + b"x" * 300_000])], ask)
