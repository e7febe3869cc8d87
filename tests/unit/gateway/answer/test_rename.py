"""The fleet's name of the model in answers, and nothing else changed."""

from __future__ import annotations

import pytest

from support.scripted import delta, event
from zeta_router.gateway.answer.rename import names_between, rename_chunk, rename_whole


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"model":"file.gguf","x":1}', b'{"model":"coder","x":1}'),
        (b'{"x":{"model":"inner"},"model":"file"}', b'{"x":{"model":"inner"},"model":"coder"}'),
        (b'{ "timings" : {"a":1.50}, "model":"m"}', b'{ "timings" : {"a":1.50}, "model":"coder"}'),
        (b'{"a":"\xff","model":"m"}', b'{"a":"\xff","model":"coder"}'),
        (b'{"\xff":1,"model":"m"}', b'{"\xff":1,"model":"coder"}'),
    ],
)
def test_a_whole_answer(body: bytes, expected: bytes) -> None:
    assert rename_whole(body, "coder") == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"coder"}',
        b'{"model":null}',
        b'{"model":7}',
        b'{"model":{"name":"m"}}',
        b'{"x":1}',
        b"[1,2]",
        b"null",
        b"",
        b"not json",
        b'{"model":"cut',
        b"\x1f\x8b\x08\x00gzip",
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_has_no_other_name_passes_untouched(body: bytes) -> None:
    assert rename_whole(body, "coder") is body


def renamed(chunk: bytes, written: str, served: str) -> bytes:
    names = names_between(written, served)
    assert names is not None
    return rename_chunk(chunk, names)


def test_every_event_of_a_chunk() -> None:
    chunk = event(delta("a", "file.gguf")) + event(delta("b", "file.gguf"))
    expected = event(delta("a", "coder")) + event(delta("b", "coder"))
    assert renamed(chunk, "file.gguf", "coder") == expected


def test_with_and_without_a_space_after_the_colon() -> None:
    chunk = b'data: {"model": "m"}\n\ndata: {"model":"m"}\n\n'
    expected = b'data: {"model": "c"}\n\ndata: {"model":"c"}\n\n'
    assert renamed(chunk, "m", "c") == expected


def test_what_the_model_wrote_is_not_renamed() -> None:
    chunk = event(delta('"model":"m"', "m"))
    assert renamed(chunk, "m", "c") == event(delta('"model":"m"', "c"))


@pytest.mark.parametrize("written", [None, "coder"])
def test_nothing_to_do(written: str | None) -> None:
    assert names_between(written, "coder") is None


def test_a_name_cut_by_the_border_of_a_chunk_stays() -> None:
    chunk = event(delta("a", "file.gguf"))
    cut = chunk.index(b"file") + 2
    passed = [renamed(part, "file.gguf", "coder") for part in (chunk[:cut], chunk[cut:])]
    assert b"".join(passed) == chunk
