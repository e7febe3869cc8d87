"""How long a prompt is: the characters of its text, and its images, whatever their bytes.

A picture of two megabytes is a thousand tokens to the engine, and a Chinese character that was
escaped as six letters is one character. Both have sent queries to the wrong place elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from zeta_router.gateway.reading.body import UNREADABLE

MEDIA_CHARS = 3600
"""What an image, a sound or a file weighs in the estimate of the prompt: about 1,000 tokens."""

_MEDIA = ("image", "audio", "video", "file")


class Weight(NamedTuple):
    """Length of a piece of a prompt: characters of text, and how many images and other media."""

    chars: int = 0
    images: int = 0
    media: int = 0

    @property
    def in_chars(self) -> int:
        """Everything, in characters of text."""
        return self.chars + MEDIA_CHARS * (self.images + self.media)


class _Part(msgspec.Struct, gc=False):
    """A part of a message's content; whatever else it holds is not looked at."""

    type: str = "text"
    text: str | None = None


QUOTE = ord('"')
"""What a text begins with in JSON."""

decode_text = msgspec.json.Decoder(str).decode
"""The text that a raw value is which begins with `QUOTE`."""

_decode_parts = msgspec.json.Decoder(list[str | _Part]).decode


def total(weights: Iterable[Weight]) -> Weight:
    """The weight of several pieces together."""
    return Weight(*map(sum, zip(*weights, strict=True)))


def read_parts(content: msgspec.Raw) -> tuple[str, Weight]:
    """The text in the parts of a chat message, one per line, and the weight of all parts."""
    parts = _parts(content)
    text = "\n".join(text for part in parts if (text := _text_in(part)))
    return text, total([Weight(), *map(_weigh_part, parts)])


def weigh_items(value: Any) -> Weight:
    """The weight of anything decoded: a prompt, tokens, the items of a ``responses`` call.

    A token given by its number counts as four characters; what stands within an image is part of
    it; a data URL is a medium wherever it stands.
    """
    chars, images, media = 0, 0, 0
    waiting = [value]  # a stack of our own: what came as JSON may be nested 1,000 deep
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if _is_data_url(value):
                media += 1
            else:
                chars += len(value)
        elif isinstance(value, list):
            if set(map(type, value)) == {int}:
                chars += 4 * len(value)
            else:
                waiting.extend(value)
        elif isinstance(value, dict):
            medium = _medium_of(value)
            if medium is None:
                waiting.extend(part for name, part in value.items() if name not in _LABELS)
            else:
                images, media = images + medium.images, media + medium.media
    return Weight(chars, images, media)


_LABELS = frozenset({"type", "role", "id", "status"})
"""Fields of items that are no part of the prompt."""


def _medium_of(item: dict[str, Any]) -> Weight | None:
    """The weight of an item that is a medium and no text; None for all others."""
    kind = item.get("type")
    if isinstance(kind, str) and kind.startswith("input_") and kind != "input_text":
        return _weigh_medium(kind)
    return None


def _is_data_url(text: str) -> bool:
    return text.startswith("data:") and ";base64," in text[:128]


def _weigh_medium(kind: str) -> Weight:
    if "image" in kind:
        return Weight(images=1)
    return Weight(media=1) if any(name in kind for name in _MEDIA) else Weight()


def _weigh_part(part: str | _Part) -> Weight:
    if isinstance(part, _Part) and part.text is None:
        return _weigh_medium(part.type)
    return Weight(len(_text_in(part)))


def _parts(content: msgspec.Raw) -> list[str | _Part]:
    """The parts of a content; none when it is of a shape that only the engine can judge."""
    try:
        return _decode_parts(content)
    except UNREADABLE:
        return []


def _text_in(part: str | _Part) -> str:
    return part if isinstance(part, str) else part.text or ""
