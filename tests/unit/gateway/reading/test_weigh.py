"""How long a prompt is, whatever its bytes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from zeta_router.gateway.reading.weigh import (
    MEDIA_CHARS,
    QUOTE,
    Weight,
    decode_text,
    read_parts,
    total,
    weigh_items,
)

PICTURE = "data:image/png;base64," + "iVBOR" * 400_000
CHINESE = "请用三句话解释量子纠缠。"


def raw(value: Any, **how: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value, **how).encode())


class TestContent:
    @pytest.mark.parametrize(
        "text", ["", "plain", 'two\nlines and "quotes"', CHINESE, "😀 mixed ünïcode \\ \t"]
    )
    @pytest.mark.parametrize("escaped", [True, False])
    def test_a_text_has_as_many_characters_as_it_has(self, text: str, escaped: bool) -> None:
        content = raw(text, ensure_ascii=escaped)
        assert memoryview(content)[0] == QUOTE
        assert decode_text(content) == text

    def test_text_parts_add_up(self) -> None:
        content = raw([{"type": "text", "text": "abc"}, "de", {"type": "text", "text": CHINESE}])
        assert read_parts(content) == (f"abc\nde\n{CHINESE}", Weight(5 + len(CHINESE)))

    @pytest.mark.parametrize(
        ("part", "expected"),
        [
            ({"type": "image_url", "image_url": {"url": PICTURE}}, Weight(images=1)),
            ({"type": "input_image", "image_url": PICTURE}, Weight(images=1)),
            ({"type": "input_audio", "input_audio": {"data": PICTURE}}, Weight(media=1)),
            ({"type": "file", "file": {"file_data": PICTURE}}, Weight(media=1)),
            ({"type": "video_url", "video_url": {"url": PICTURE}}, Weight(media=1)),
            ({"type": "tool_use", "n": 1}, Weight()),
            ({}, Weight()),
        ],
    )
    def test_a_medium_weighs_the_same_whatever_its_bytes(
        self, part: dict[str, Any], expected: Weight
    ) -> None:
        assert read_parts(raw([part])) == ("", expected)
        assert expected.in_chars <= MEDIA_CHARS

    def test_an_image_behind_a_long_text_is_seen(self) -> None:
        parts = [{"type": "text", "text": "x" * 10_000}, {"type": "image_url", "image_url": {}}]
        assert read_parts(raw(parts))[1] == Weight(10_000, images=1)

    def test_talking_about_images_shows_none(self) -> None:
        assert read_parts(raw([{"type": "text", "text": '"image_url"'}]))[1].images == 0

    @pytest.mark.parametrize(
        "content",
        [
            b"null",
            b"7",
            b"{}",
            b"[7]",
            b"[null]",
            b'[{"type":7}]',
            b'[{"type":"text","text":{"value":"x"}}]',
            b"[" * 400 + b"]" * 400,
        ],
    )
    def test_what_only_the_engine_can_judge_weighs_nothing(self, content: bytes) -> None:
        assert read_parts(msgspec.Raw(content)) == ("", Weight())

    def test_fields_that_nobody_here_knows_do_no_harm(self) -> None:
        content = b'[{"type":"text","text":"abc","n":1e400,"m":1' + b"0" * 5000 + b"}]"
        assert read_parts(msgspec.Raw(content)) == ("abc", Weight(3))


class TestItems:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("abc", Weight(3)),
            (["abc", "de"], Weight(5)),
            ([1, 2, 3], Weight(12)),
            ([[1, 2], [3]], Weight(12)),
            ([], Weight()),
            (None, Weight()),
            (True, Weight()),
            (PICTURE, Weight(media=1)),
            ("data: 1, 2, 3", Weight(13)),
            ({"role": "user", "content": "abc"}, Weight(3)),
            ({"type": "message", "content": [{"type": "input_text", "text": "abc"}]}, Weight(3)),
            ({"type": "input_image", "image_url": PICTURE}, Weight(images=1)),
            ({"type": "input_file", "file_data": PICTURE}, Weight(media=1)),
            ({"type": "function_call_output", "output": "abc"}, Weight(3)),
            ({"type": "image_generation_call", "result": PICTURE}, Weight(media=1)),
        ],
    )
    def test_of_any_shape(self, value: Any, expected: Weight) -> None:
        assert weigh_items(value) == expected

    def test_however_deep(self) -> None:
        deep: Any = "abc"
        for _ in range(100_000):
            deep = [deep]
        assert weigh_items(deep) == Weight(3)


def test_total() -> None:
    assert total([Weight(1, 2, 3), Weight(10, 20, 30)]) == Weight(11, 22, 33)
    assert Weight(1, 2, 3).in_chars == 1 + 5 * MEDIA_CHARS
