"""Watching streams: first token, tokens, usage, reason, however the bytes are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.scripted import COMPLETION, delta, event, spoken
from zeta_router.gateway.answer.reading import Reading, read_whole
from zeta_router.gateway.answer.stream import SseWatcher

USAGE = {"prompt_tokens": 11, "completion_tokens": 3}
LLAMA_CPP = b"".join(
    [
        (
            b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant",'
            b'"content":null}}],"created":1763728000,"id":"x","model":"m.gguf","system_fingerprint":'
            b'"b7100","object":"chat.completion.chunk"}\n\n'
        ),
        *(
            b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"%b"}}],'
            b'"created":1763728000,"id":"chatcmpl-x","model":"m.gguf","object":'
            b'"chat.completion.chunk"}\n\n' % word
            for word in (b"def", b" add", "(é".encode(), b"\\n\\ndata: {")
        ),
        (
            b'data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"model":"m.gguf",'
            b'"usage":{"completion_tokens":4,"prompt_tokens":31,"total_tokens":35,'
            b'"prompt_tokens_details":{"cached_tokens":30}},'
            b'"timings":{"cache_n":30,"prompt_n":1,"prompt_ms":7.1,"predicted_n":4}}\n\n'
        ),
        b"data: [DONE]\n\n",
    ]
)
"""A chat stream as llama.cpp sends it; the last word quotes a stream."""


class Seen:
    """What a watcher said of a stream, and after how many bytes the first token had passed."""

    def __init__(self, data: bytes, cuts: list[int]) -> None:
        self.first_at: list[int] = []
        self.fed = 0
        self.watcher = SseWatcher(lambda: self.first_at.append(self.fed))
        for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
            self.fed = stop
            self.watcher.feed(data[start:stop])
        self.reading: Reading = self.watcher.end()

    @property
    def facts(self) -> tuple[Any, ...]:
        reading = self.reading
        cached = reading.usage.cached_tokens if reading.usage else None
        return (
            len(self.first_at),
            reading.events,
            reading.output_tokens,
            reading.prompt_tokens,
            cached,
            reading.finish_reason,
            reading.complete,
        )


def whole(data: bytes) -> Seen:
    return Seen(data, [])


class TestSplits:
    FACTS = (1, 4, 4, 31, 30, "length", True)

    def test_in_one_piece(self) -> None:
        assert whole(LLAMA_CPP).facts == self.FACTS

    def test_at_every_single_byte(self) -> None:
        assert Seen(LLAMA_CPP, list(range(1, len(LLAMA_CPP)))).facts == self.FACTS

    def test_cut_in_two_at_every_byte(self) -> None:
        end_of_first = LLAMA_CPP.index(b"def") + LLAMA_CPP[LLAMA_CPP.index(b"def") :].index(b"\n")
        for cut in range(1, len(LLAMA_CPP)):
            seen = Seen(LLAMA_CPP, [cut])
            assert seen.facts == self.FACTS, cut
            expected = cut if cut > end_of_first else len(LLAMA_CPP)
            assert seen.first_at == [expected], cut

    @pytest.mark.parametrize("size", [2, 3, 5, 7, 64, 1000])
    def test_in_pieces_of_one_size(self, size: int) -> None:
        assert Seen(LLAMA_CPP, list(range(size, len(LLAMA_CPP), size))).facts == self.FACTS


class TestFirstToken:
    @pytest.mark.parametrize(
        "carrying",
        [
            {"content": "a"},
            {"reasoning_content": "a"},
            {"reasoning": "a"},
            {"refusal": "no"},
            {"tool_calls": [{"index": 0}]},
            {"function_call": {"name": "f"}},
        ],
    )
    def test_whatever_the_model_writes_is_output(self, carrying: dict[str, Any]) -> None:
        chunk = delta("")
        chunk["choices"][0]["delta"] = carrying
        assert whole(event(chunk)).facts[:2] == (1, 1)

    def test_the_text_of_a_completion_is_output(self) -> None:
        assert whole(event({"choices": [{"text": "a", "index": 0}]})).facts[:2] == (1, 1)

    @pytest.mark.parametrize(
        "empty",
        [
            delta(None),
            delta(""),
            {"choices": []},
            {"choices": [{"text": ""}]},
            {"choices": [{"delta": None}]},
            {"choices": [], "usage": USAGE},
            {"error": {"message": "no"}},
            "[DONE]",
            "not json",
        ],
    )
    def test_what_carries_none_is_no_first_token(self, empty: Any) -> None:
        assert whole(event(empty)).facts[:3] in ((0, 0, None), (0, 0, 3))

    def test_comments_and_other_fields_are_no_events(self) -> None:
        data = b": ping\n\nevent: message\nid: 7\nretry: 5\n\n" + event(delta("a")) + b": ping\n\n"
        assert whole(data).facts[:2] == (1, 1)

    def test_after_many_events_without_output_their_kind_is_one_we_cannot_read(self) -> None:
        events = [event({"token": {"text": "a"}})] * 100 + [event("[DONE]")]
        seen = Seen(b"".join(events), [])
        assert seen.facts[0] == 1
        assert seen.reading.events == 100 - 31
        assert seen.reading.complete

    def test_even_when_they_are_no_json_at_all(self) -> None:
        assert whole(b"data: token\n\n" * 100).facts[:2] == (1, 100 - 31)

    def test_a_line_without_an_end_is_not_kept_for_ever(self) -> None:
        watcher = SseWatcher(lambda: None)
        for _ in range(100):
            watcher.feed(b"data: " + b"x" * 10_000)
        held = sum(len(value) for value in vars(watcher).values() if isinstance(value, bytes))
        assert held < 20_000

    def test_events_too_deep_to_read_do_no_harm(self) -> None:
        deep = b'data: {"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n\n"
        assert whole(deep + event(delta("a"))).facts[:2] == (1, 1)


class TestCounting:
    def test_exactly_the_events_with_output(self) -> None:
        assert whole(b"".join(spoken("a", "b", "c"))).facts == (1, 3, 3, None, None, "stop", True)

    def test_the_engine_s_own_count_is_better(self) -> None:
        seen = whole(b"".join(spoken("a", "b", "c", usage={"completion_tokens": 99})))
        assert (seen.reading.events, seen.reading.output_tokens) == (3, 99)

    @pytest.mark.parametrize("start", [b"data:", b"data: "])
    def test_with_and_without_a_space(self, start: bytes) -> None:
        """Both are right by the standard; engines in Java and Rust leave it out."""
        data = b"".join(spoken("a", "b", "c", usage=USAGE)).replace(b"data: ", start)
        for cuts in ([], list(range(1, len(data)))):
            seen = Seen(data, cuts)
            assert seen.facts == (1, 3, 3, 11, None, "stop", True)
            assert seen.reading.events == 3

    def test_with_carriage_returns(self) -> None:
        data = b"".join(spoken("a", "b", "c", usage=USAGE)).replace(b"\n", b"\r\n")
        assert whole(data).facts == (1, 3, 3, 11, None, "stop", True)
        assert Seen(data, list(range(1, len(data)))).facts == whole(data).facts

    def test_a_stream_quoted_in_a_stream_counts_once(self) -> None:
        quoted = 'data: {"x":1}\n\ndata: {"x":2}\n\n'
        assert whole(b"".join(spoken("a", quoted, quoted))).reading.events == 3

    def test_a_long_stream(self) -> None:
        words = [f"w{n}" for n in range(3000)]
        data = b"".join(spoken(*words, usage=USAGE))
        assert Seen(data, list(range(777, len(data), 777))).reading.events == 3000

    def test_progress_is_known_meanwhile(self) -> None:
        watcher = SseWatcher(lambda: None)
        for number, one in enumerate(spoken("a", "b", "c")[1:-2], 1):
            watcher.feed(one)
            assert watcher.reading.events == number


class TestEnd:
    @pytest.mark.parametrize(
        ("last", "complete"),
        [
            (b"data: [DONE]\n\n", True),
            (b"data:[DONE]", True),
            (b"data: [DONE]\n\n: bye\n\n", True),
            (event(delta(None)), True),
            (event(delta("b")), False),
            (b'data: {"choices":[{"fin', False),
            (b"", False),
        ],
    )
    def test_complete_when_it_says_so(self, last: bytes, complete: bool) -> None:
        assert whole(event(delta("a")) + last).reading.complete is complete

    def test_nothing_at_all(self) -> None:
        assert whole(b"").facts == (0, 0, None, None, None, None, False)

    def test_usage_in_the_last_event_with_choices(self) -> None:
        data = event(delta("a")) + event(delta(None, usage=USAGE)) + event("[DONE]")
        assert whole(data).facts == (1, 1, 3, 11, None, "stop", True)


class TestResponses:
    """Streams of ``/v1/responses``: typed events, no ``[DONE]``."""

    @staticmethod
    def typed(kind: str, **more: Any) -> bytes:
        return f"event: {kind}\n".encode() + event({"type": kind, **more})

    def stream(self, end: str = "response.completed") -> bytes:
        usage = {"input_tokens": 7, "output_tokens": 2}
        return b"".join(
            [
                self.typed("response.created", response={"id": "r", "model": "m.gguf"}),
                self.typed("response.in_progress", response={"id": "r"}),
                self.typed("response.output_item.added", item={"type": "message"}),
                self.typed("response.output_text.delta", delta="Hel"),
                self.typed("response.output_text.delta", delta="lo"),
                self.typed("response.output_text.done", text="Hello"),
                self.typed(end, response={"id": "r", "model": "m.gguf", "usage": usage}),
            ]
        )

    @pytest.mark.parametrize(
        ("end", "reason"),
        [("response.completed", "stop"), ("response.incomplete", "length")],
    )
    def test_first_token_usage_and_end(self, end: str, reason: str) -> None:
        assert whole(self.stream(end)).facts == (1, 2, 2, 7, None, reason, True)

    def test_at_every_byte(self) -> None:
        data = self.stream()
        assert Seen(data, list(range(1, len(data)))).facts == whole(data).facts

    def test_the_model_is_named_within_the_response(self) -> None:
        assert whole(self.stream()).watcher.model == "m.gguf"


class TestWhole:
    def test_a_chat_completion(self) -> None:
        reading = read_whole(json.dumps(COMPLETION).encode())
        assert (reading.prompt_tokens, reading.output_tokens) == (5, 2)
        assert (reading.finish_reason, reading.complete) == ("stop", True)

    def test_embeddings_have_no_output(self) -> None:
        body = {"data": [{"embedding": [0.1]}], "usage": {"prompt_tokens": 4, "total_tokens": 4}}
        reading = read_whole(json.dumps(body).encode())
        assert (reading.prompt_tokens, reading.output_tokens) == (4, None)

    def test_a_response(self) -> None:
        body = {"object": "response", "usage": {"input_tokens": 4, "output_tokens": 9}}
        reading = read_whole(json.dumps(body).encode())
        assert (reading.prompt_tokens, reading.output_tokens) == (4, 9)

    @pytest.mark.parametrize("details", [{"cached_tokens": 3}, {"cached_tokens": None}, {}, None])
    def test_cached_tokens(self, details: dict[str, Any] | None) -> None:
        usage = {"prompt_tokens": 4, "prompt_tokens_details": details}
        reading = read_whole(json.dumps({"usage": usage}).encode())
        assert reading.usage is not None
        assert reading.usage.cached_tokens == (details or {}).get("cached_tokens")

    @pytest.mark.parametrize(
        "body", [b"[1,2]", b"null", b'"x"', b'{"choices":7}', b'{"usage":{"prompt_tokens":"x"}}']
    )
    def test_another_shape_says_only_that_it_is_json(self, body: bytes) -> None:
        reading = read_whole(body)
        assert reading.complete
        assert (reading.usage, reading.finish_reason, reading.output_tokens) == (None, None, None)

    @pytest.mark.parametrize(
        "body",
        [b"", b'{"a":', b"{} {}", b'{"model":"cut', b"\x1f\x8b\x08", b'{"a":' + b"[" * 100_000],
    )
    def test_what_is_no_json_may_have_been_cut(self, body: bytes) -> None:
        assert not read_whole(body).complete

    def test_bytes_that_are_no_utf_8_do_no_harm(self) -> None:
        assert read_whole(b'{"choices":[{"finish_reason":"\xff"}]}').finish_reason is None


@pytest.mark.parametrize("said", [-1, 1 << 40, 10**400])
def test_counts_that_cannot_be_are_none(said: int) -> None:
    usage = {"prompt_tokens": said, "completion_tokens": said}
    usage["prompt_tokens_details"] = {"cached_tokens": said}  # type: ignore[assignment]
    reading = read_whole(json.dumps({"choices": [], "usage": usage}).encode())
    assert reading.usage is not None
    counts = (reading.prompt_tokens, reading.output_tokens, reading.usage.cached_tokens)
    assert counts == (None, None, None)
