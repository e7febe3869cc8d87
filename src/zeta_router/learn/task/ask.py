"""The edge of the text: what a request asks, cut to an excerpt and reduced to numbers.

Gateway, simulator and command line call `extract` where they hold the text; from there on the
router sees numbers only. Everything here is a pure function and none of it raises for a malformed
request: validating is the gateway's work, and a request that is odd still has to be routed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from zeta_router.learn.task.numbers import TEXT_FEATURE_NAMES, text_features

EXCERPT_CHARS: Final = 320
EXCERPT_BYTES: Final = 320
"""Most that is looked at of the ask (bytes of UTF-8, about): two thirds from its head, the rest
its tail. Reading 400 characters or 2 KB instead was no better on held-out sources and took longer.
"""

FEATURE_NAMES: Final[tuple[str, ...]] = (
    *TEXT_FEATURE_NAMES,
    "has_tools",
    "json_schema",
    "housekeeping",
    "earlier_turns",
    "system_code",
    "system_reasoning",
)
"""What `extract` returns, by place."""

_SYSTEM_CHARS: Final = 400
_SAMPLE_CHARS: Final = 64
_NO_HINTS: Final = (0.0, 0.0)


class Ask(NamedTuple):
    """What the client wants, with boilerplate set aside.

    Attributes:
        text: The last thing the user said; may be of any length, only an excerpt is read.
        system: The system prompt: a hint about the setting, never the ask itself.
        has_tools: Whether the request offers tools to call.
        json_schema: Whether the answer has to be JSON.
        housekeeping: Whether an application asks on its own behalf (titles, tags, follow-up
            questions), which any model can do.
        turns: User turns so far, this one included.
    """

    text: str
    system: str = ""
    has_tools: bool = False
    json_schema: bool = False
    housekeeping: bool = False
    turns: int = 1


def ask_of_prompt(prompt: object, *, json_schema: bool = False) -> Ask:
    """The ask of a text completion: a string, or a list of strings of which the last counts."""
    if isinstance(prompt, list):
        prompt = prompt[-1] if prompt else ""
    text = prompt if isinstance(prompt, str) else ""
    return Ask(text, json_schema=json_schema, housekeeping=_is_housekeeping(text))


def ask_of_messages(messages: object, tools: object = None, response_format: object = None) -> Ask:
    """The ask of a chat request, from its fields as they came over the wire.

    Args:
        messages: OpenAI chat messages; content may be a string or a list of parts. Tool and
            assistant turns are skipped: what they quote is not what the user asks.
        tools: The request's ``tools`` (or ``functions``) field.
        response_format: The request's ``response_format`` field.

    Returns:
        The last user turn that has text, or an empty ask. Any other shape gives an empty ask.
    """
    text, system, turns = "", "", 0
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            continue
        role = message.get("role")
        if role == "user":
            turns += 1
            text = content_text(message.get("content")) or text
        elif role in ("system", "developer") and not system:
            system = content_text(message.get("content"))
    kind = response_format.get("type") if isinstance(response_format, dict) else None
    return Ask(
        text=text,
        system=system,
        has_tools=bool(tools),
        json_schema=kind in ("json_object", "json_schema"),
        housekeeping=_is_housekeeping(text),
        turns=max(1, turns),
    )


def content_text(content: object) -> str:
    """The text in a message's content: the string itself, or its text parts joined by newlines."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(_part_texts(content))


def extract(ask: Ask) -> tuple[float, ...]:
    """The numbers that the classifiers see, in the order of `FEATURE_NAMES`.

    Cost is bounded by `EXCERPT_BYTES`, whatever the length of the text.
    """
    text = ask.text
    numbers = text_features(excerpt(text), len(text))
    numbers += (
        1.0 if ask.has_tools else 0.0,
        1.0 if ask.json_schema else 0.0,
        1.0 if ask.housekeeping else 0.0,
        min(ask.turns, 10) - 1.0,
        *(_system_hints(ask.system[:_SYSTEM_CHARS].lower()) if ask.system else _NO_HINTS),
    )
    return tuple(numbers)


def excerpt(text: str) -> str:
    """Head and tail of `text` joined by a space: `EXCERPT_CHARS`, or about `EXCERPT_BYTES`.

    The ask stands first or last in a long prompt; what lies between is mostly what it is about.
    """
    if len(text) * 4 <= EXCERPT_BYTES:
        return text
    chars = EXCERPT_CHARS
    if not text.isascii():
        sample = text[:_SAMPLE_CHARS]
        chars = min(chars, EXCERPT_BYTES * _SAMPLE_CHARS // len(sample.encode("utf-8", "replace")))
    if len(text) <= chars:
        return text
    tail = chars // 3
    return f"{text[: chars - tail]} {text[-tail:]}"


def estimate_tokens(text: str, chars: int | None = None) -> int:
    """About how many tokens `text` is; from a sample of 256 characters, so cheap at any length.

    3.6 characters a token for ASCII, 2.5 for other alphabets, 1.5 for scripts of three bytes a
    character (Chinese, Japanese, Korean, Thai, Indic). Engines count for real; this is for placing
    a query before one has. Typically within 25 % for prose, and low for dense code or digits.

    Args:
        text: The text, or an excerpt of it.
        chars: Length of the whole when `text` is an excerpt.
    """
    length = len(text) if chars is None else chars
    if length <= 0:
        return 0
    sample = text[:: max(1, len(text) // 256)]
    if sample.isascii():
        return max(1, round(length / 3.6))
    wide = sum(map("\u0800".__le__, sample))
    narrow = sum(map("\u0080".__gt__, sample))
    middle = len(sample) - wide - narrow
    tokens = wide / 1.5 + middle / 2.5 + narrow / 3.6
    return max(1, round(tokens * length / len(sample)))


_SYSTEM_CODE = ("code", "coding", "programm", "developer", "software", "sql", "python")
_SYSTEM_REASONING = (
    "math",
    "step by step",
    "reason",
    "logic",
    "proof",
    "solve",
    "scien",
)

_HOUSEKEEPING_STARTS = (
    "### task:\ngenerate",
    "### task:\nsuggest",
    "### task:\nyou are an autocompletion",
    "### task:\nanalyze the chat history",
    "create a concise, 3-5 word",
    "generate a concise, 3-5 word",
    "generate a short title",
    "generate a title for",
    "summarize this conversation in",
    "please generate a title",
)
"""How applications open the requests that they make for themselves (titles, tags, follow-ups)."""


def _is_housekeeping(text: str) -> bool:
    return text[:80].lstrip().lower().startswith(_HOUSEKEEPING_STARTS)


def _system_hints(system: str) -> tuple[float, float]:
    return (
        float(any(word in system for word in _SYSTEM_CODE)),
        float(any(word in system for word in _SYSTEM_REASONING)),
    )


def _part_texts(parts: Iterable[object]) -> Iterable[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            text = part.get("text")
            if isinstance(text, str):
                yield text
