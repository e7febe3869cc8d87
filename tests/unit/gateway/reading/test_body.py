"""Reading bodies: what routing needs, and an honest 400 for what cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zeta_router.core.query import Operation
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.body import MOST_ENTRIES, MOST_TOKEN_IDS, parse

USER = [{"role": "user", "content": "hi"}]
SMALLEST: dict[Operation, dict[str, Any]] = {
    Operation.CHAT: {"messages": USER},
    Operation.COMPLETION: {"prompt": "hi"},
    Operation.RESPONSE: {"input": "hi"},
    Operation.EMBEDDING: {"input": "hi"},
    Operation.RERANK: {"query": "q", "documents": ["d"]},
}


def refused(operation: Operation, raw: bytes) -> RequestError:
    """The refusal of a body."""
    with pytest.raises(RequestError) as caught:
        parse(operation, raw)
    assert caught.value.status == 400
    return caught.value


def chat(**fields: Any) -> bytes:
    return json.dumps({"messages": USER, **fields}).encode()


@pytest.mark.parametrize("operation", list(Operation))
def test_the_smallest_body_of_each_call(operation: Operation) -> None:
    body = parse(operation, json.dumps(SMALLEST[operation]).encode())
    assert (body.model, body.stream, body.output_limit) == ("auto", None, None)


@pytest.mark.parametrize("operation", list(Operation))
def test_every_call_says_which_field_is_missing(operation: Operation) -> None:
    required = next(iter(SMALLEST[operation]))
    error = refused(operation, b"{}")
    assert error.param == required
    assert error.message == f"'{required}' is required"


@pytest.mark.parametrize(
    ("operation", "fields", "param"),
    [
        (Operation.CHAT, {"messages": []}, "messages"),
        (Operation.CHAT, {"messages": "hi"}, "messages"),
        (Operation.CHAT, {"messages": [{"content": "hi"}]}, "messages[0].role"),
        (Operation.CHAT, {"messages": [*USER, {"role": 7}]}, "messages[1].role"),
        (Operation.CHAT, {"messages": [*USER, "hi"]}, "messages[1]"),
        (Operation.CHAT, {"messages": USER, "model": 5}, "model"),
        (Operation.CHAT, {"messages": USER, "model": None}, "model"),
        (Operation.CHAT, {"messages": USER, "stream": "yes"}, "stream"),
        (Operation.CHAT, {"messages": USER, "max_tokens": "many"}, "max_tokens"),
        (Operation.CHAT, {"messages": USER, "max_tokens": -2}, "max_tokens"),
        (Operation.CHAT, {"messages": USER, "max_tokens": True}, "max_tokens"),
        (Operation.CHAT, {"messages": USER, "tools": {}}, "tools"),
        (Operation.CHAT, {"messages": USER, "response_format": "json"}, "response_format"),
        (Operation.COMPLETION, {"prompt": 7}, "prompt"),
        (Operation.COMPLETION, {"prompt": [1.5]}, "prompt[0]"),
        (Operation.EMBEDDING, {"input": []}, "input"),
        (Operation.EMBEDDING, {"input": ""}, "input"),
        (Operation.EMBEDDING, {"input": {"a": 1}}, "input"),
        (Operation.EMBEDDING, {"input": [1, [2, "x"]]}, "input[1][1]"),
        (Operation.RERANK, {"query": "q", "documents": []}, "documents"),
        (Operation.RERANK, {"documents": ["d"]}, "query"),
        (Operation.RESPONSE, {"input": []}, "input"),
        (Operation.RESPONSE, {"input": [5]}, "input[0]"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(
    operation: Operation, fields: dict[str, Any], param: str
) -> None:
    error = refused(operation, json.dumps(fields).encode())
    assert error.param == param
    assert param.rpartition(".")[2].partition("[")[0] in error.message
    assert "`" not in error.message


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"7",
        b'"messages"',
        b"[]",
        b"{",
        b'{"messages"',
        b"{}{}",
        b"{} x",
        b"{'messages': []}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 01}',
        b'{"a": 1,}',
        b'{"a": "\x01"}',
        b'{"a": "\\x41"}',
        b'{"a": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b'\xff\xfe{\x00"\x00a\x00"\x00',
        b"\x00",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
@pytest.mark.parametrize("operation", list(Operation))
def test_what_is_no_json_object_is_refused(operation: Operation, raw: bytes) -> None:
    assert refused(operation, raw).message


@pytest.mark.parametrize(
    "raw",
    [
        b'{"messages":[{"role":"user","content":"\xff"}]}',
        b'{"messages":[{"role":"user","content":"\xed\xa0\x80"}]}',
        b'{"messages":[{"role":"user","content":"hi"}],"made_up":"\xc3"}',
        b'{"\xff":1,"messages":[{"role":"user","content":"hi"}]}',
    ],
)
def test_bytes_that_are_no_utf_8_are_refused_wherever_they_stand(raw: bytes) -> None:
    assert "utf-8" in refused(Operation.CHAT, raw).message


@pytest.mark.parametrize(
    "field",
    [
        b'"temperature":1e400',
        b'"seed":123456789012345678901234567890',
        b'"seed":-0.0e-9999',
        b'"n":1' + b"0" * 5000,
        b'"deep":' + b"[" * 500 + b"]" * 500,
        b'"stop":["\\u0000","\\ud83d\\ude00"]',
        b'"":{"":null}',
        b'"messages2":7,"messages2":8',
    ],
)
def test_what_is_none_of_our_business_is_not_looked_at(field: bytes) -> None:
    raw = b'{"messages":[{"role":"user","content":"hi"}],' + field + b"}"
    assert parse(Operation.CHAT, raw).model == "auto"


class TestModel:
    def test_the_last_of_two_counts_as_everywhere(self) -> None:
        raw = b'{"model":"a","messages":[{"role":"user","content":"hi"}],"model":"b"}'
        assert parse(Operation.CHAT, raw).model == "b"

    def test_escapes_in_key_and_name(self) -> None:
        raw = b'{"mod\\u0065l":"caf\\u00e9\\/7b","messages":[{"role":"user","content":"hi"}]}'
        assert parse(Operation.CHAT, raw).model == "café/7b"

    def test_is_bounded_because_every_record_keeps_it(self) -> None:
        assert parse(Operation.CHAT, chat(model="x" * 1024)).model == "x" * 1024
        assert refused(Operation.CHAT, chat(model="x" * 1025)).param == "model"


class TestOutputLimit:
    @pytest.mark.parametrize(
        ("fields", "limit"),
        [
            ({}, None),
            ({"max_tokens": 7}, 7),
            ({"max_tokens": 0}, 0),
            ({"max_completion_tokens": 5, "max_tokens": 7}, 5),
            ({"max_output_tokens": 9}, 9),
            ({"max_tokens": None, "max_output_tokens": 9}, 9),
            ({"max_tokens": 10**400}, 10**400),
        ],
    )
    def test_under_each_of_its_names(self, fields: dict[str, Any], limit: int | None) -> None:
        assert parse(Operation.CHAT, chat(**fields)).output_limit == limit

    def test_minus_one_is_no_limit(self) -> None:
        """llama.cpp and LM Studio take it for that, and clients written for them send it."""
        assert parse(Operation.CHAT, chat(max_tokens=-1)).output_limit is None


class TestShapes:
    @pytest.mark.parametrize("given", ["a", ["a", "b"], [1, 2], [[1, 2], [3]], ["a", [1]]])
    def test_embeddings_of_texts_and_tokens(self, given: Any) -> None:
        assert parse(Operation.EMBEDDING, json.dumps({"input": given}).encode())

    @pytest.mark.parametrize("given", ["", "a", ["a"], [], [1, 2], [[1], [2]]])
    def test_completions_of_texts_and_tokens_even_of_nothing(self, given: Any) -> None:
        assert parse(Operation.COMPLETION, json.dumps({"prompt": given}).encode())

    @pytest.mark.parametrize("given", [["d"], [{"text": "d"}], ["d", {"text": "e"}]])
    def test_documents_of_any_shape(self, given: Any) -> None:
        raw = json.dumps({"query": "q", "documents": given}).encode()
        assert parse(Operation.RERANK, raw)

    def test_a_message_without_content(self) -> None:
        raw = json.dumps({"messages": [{"role": "assistant", "tool_calls": []}]}).encode()
        assert parse(Operation.CHAT, raw)


class TestCounts:
    """A million messages fit into `limits.body_bytes` and would hold everybody up for seconds."""

    @pytest.mark.parametrize(
        ("operation", "name", "entry", "most"),
        [
            (Operation.CHAT, "messages", {"role": "user", "content": "a"}, MOST_ENTRIES),
            (Operation.COMPLETION, "prompt", "a", MOST_ENTRIES),
            (Operation.COMPLETION, "prompt", [1], MOST_ENTRIES),
            (Operation.COMPLETION, "prompt", 1, MOST_TOKEN_IDS),
            (Operation.EMBEDDING, "input", "a", MOST_ENTRIES),
            (Operation.RERANK, "documents", "a", MOST_ENTRIES),
            (Operation.RESPONSE, "input", {"role": "user", "content": "a"}, MOST_ENTRIES),
        ],
    )
    def test_one_too_many_is_refused(
        self, operation: Operation, name: str, entry: Any, most: int
    ) -> None:
        def raw(count: int) -> bytes:
            entries = ",".join([json.dumps(entry)] * count)
            return f'{{"query":"q","{name}":[{entries}]}}'.encode()

        assert parse(operation, raw(most))
        error = refused(operation, raw(most + 1))
        assert (error.param, error.code) == (name, "array_above_max_length")
        assert f"at most {most}" in error.message

    @pytest.mark.parametrize("separator", [",", " , "])
    @pytest.mark.parametrize("part", ['"a"', '{"type":"text","text":"a,b"}'])
    @pytest.mark.parametrize(
        ("operation", "name"), [(Operation.CHAT, "messages"), (Operation.RESPONSE, "input")]
    )
    def test_parts_count_over_all_messages(
        self, operation: Operation, name: str, part: str, separator: str
    ) -> None:
        def raw(count: int) -> bytes:
            content = separator.join([part] * (count // 10))
            message = f'{{"role":"user","content":[{content}]}}'
            return f'{{"{name}":[{",".join([message] * 10)}]}}'.encode()

        assert parse(operation, raw(MOST_ENTRIES))
        error = refused(operation, raw(MOST_ENTRIES + 10))
        assert (error.param, error.code) == (name, "array_above_max_length")

    def test_commas_in_a_text_are_no_parts(self) -> None:
        table = "a,b\n" * 3 * MOST_ENTRIES
        message = {"role": "user", "content": [{"type": "text", "text": table}]}
        assert parse(Operation.CHAT, json.dumps({"messages": [message, message]}).encode())

    def test_a_long_body_with_an_empty_prompt(self) -> None:
        assert parse(Operation.COMPLETION, json.dumps({"prompt": [], "x": "y" * 30_000}).encode())
