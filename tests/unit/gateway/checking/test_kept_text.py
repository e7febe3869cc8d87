"""The text of an answer, whatever way its bytes came."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.scripted import COMPLETION, delta, event, spoken
from zeta_router.core.query import Operation
from zeta_router.gateway.checking.kept_text import (
    HEAD_BYTES,
    TAIL_BYTES,
    AnswerText,
    Kept,
    kept_of_whole,
)


def streamed(data: bytes, pieces: int, operation: Operation = Operation.CHAT) -> Kept:
    text = AnswerText(operation)
    for at in range(0, len(data), pieces):
        text.feed(data[at : at + pieces])
    return text.kept()


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=12), st.integers(1, 400)
)
def test_a_stream_gives_its_text_however_it_is_cut(words: list[str], pieces: int) -> None:
    kept = streamed(b"".join(spoken(*words)), pieces)
    assert kept.head == "".join(words)
    assert kept.whole


def test_spaces_after_the_colon_and_what_only_looks_like_content() -> None:
    tricky = 'he said "content":"x" and \\ then "'
    lines = [json.dumps(delta(tricky)), json.dumps(delta(None)), json.dumps(delta("end"))]
    data = b"".join(b"data: " + line.encode() + b"\n\n" for line in lines)
    assert streamed(data, 7).head == tricky + "end"


def test_thinking_is_not_the_answer() -> None:
    thought = delta(None)
    thought["choices"][0].update(delta={"reasoning_content": "hm", "content": None})
    assert streamed(event(thought) + event(delta("Yes")), 1000).head == "Yes"


def test_a_call_of_a_tool_is_noticed() -> None:
    call = delta(None)
    call["choices"][0]["delta"] = {"tool_calls": [{"index": 0, "function": {"name": "f"}}]}
    kept = streamed(event(call), 1000)
    assert kept.calls_tool
    assert kept.head == ""


def test_long_answers_keep_their_beginning_and_their_end() -> None:
    words = [f"w{number:05} " for number in range(5000)]
    kept = streamed(b"".join(spoken(*words)), 1000)
    whole = "".join(words)
    assert not kept.whole
    assert whole.startswith(kept.head)
    assert len(kept.head) <= HEAD_BYTES
    assert whole.endswith(kept.tail)
    assert TAIL_BYTES <= len(kept.tail) <= 2 * TAIL_BYTES
    assert kept.size_bytes == len(whole)


def test_an_end_that_begins_within_an_escape_is_still_read() -> None:
    kept = streamed(b"".join(spoken(*["é\n" * 50] * 200)), 1000)
    assert kept.tail.endswith("é\n")
    assert set(kept.tail) <= {"é", "\n", "n", "u", "0", "e", "9"}


def test_other_operations() -> None:
    text = b'data: {"choices":[{"text":"Hi"}]}\n\ndata: {"choices":[{"text":" you"}]}\n\n'
    assert streamed(text, 5, Operation.COMPLETION).head == "Hi you"
    said = (
        b'data: {"type":"response.output_text.delta","delta":"Hi"}\n\n'
        b'data: {"type":"response.reasoning_text.delta","delta":"hm"}\n\n'
    )
    assert streamed(said[: said.index(b"\n\n") + 2], 500, Operation.RESPONSE).head == "Hi"
    assert streamed(said[said.index(b"\n\n") + 2 :], 500, Operation.RESPONSE).head == ""
    assert streamed(text, 5, Operation.EMBEDDING) == Kept()


@pytest.mark.parametrize(
    ("operation", "answer", "text", "calls"),
    [
        (Operation.CHAT, COMPLETION, "Hi", False),
        (Operation.CHAT, {"choices": [{"message": {"content": None}}]}, "", False),
        (Operation.CHAT, {"choices": [{"message": {"tool_calls": [{}]}}]}, "", True),
        (Operation.COMPLETION, {"choices": [{"text": "Hi"}]}, "Hi", False),
        (
            Operation.RESPONSE,
            {"output": [{"content": [{"type": "output_text", "text": "Hi"}]}]},
            "Hi",
            False,
        ),
        (Operation.RESPONSE, {"output": [{"type": "function_call"}]}, "", True),
        (Operation.CHAT, {"choices": []}, "", False),
        (Operation.CHAT, [], "", False),
        (Operation.CHAT, {"choices": [{"message": 7}]}, "", False),
    ],
)
def test_answers_in_one_piece(operation: Operation, answer: object, text: str, calls: bool) -> None:
    kept = kept_of_whole(operation, json.dumps(answer).encode())
    assert (kept.head, kept.calls_tool) == (text, calls)


def test_what_is_no_json_has_no_text() -> None:
    assert kept_of_whole(Operation.CHAT, b"<html>") == Kept()


def test_a_string_that_nothing_closes_is_none_and_what_comes_after_it_is_read() -> None:
    text = AnswerText(Operation.CHAT)
    for piece in (b'data: {"content":"open\n\n', b'data: {"content":"a"}\n\n'):
        text.feed(piece)
        assert text.kept().calls_tool is False
    assert text.kept().head.endswith("a")
