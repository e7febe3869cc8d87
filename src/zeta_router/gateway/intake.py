"""From an HTTP request to a `Query`: the last place that sees the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from zeta_router.core.query import (
    AUTO,
    GENERATIVE_TASKS,
    LANES,
    Capability,
    Lane,
    Operation,
    Query,
    Slo,
    Task,
    TaskEstimate,
    certain,
)
from zeta_router.gateway.body import Body, Message
from zeta_router.gateway.problems import RequestError
from zeta_router.learn.features import (
    Ask,
    ask_of_messages,
    ask_of_prompt,
    content_text,
    estimate_tokens,
    extract,
)

Headers = Mapping[str, str]

AUTO_NAMES = frozenset({AUTO, "zeta"})
TASK_ALIASES = {f"{AUTO}:{task.value}": task for task in GENERATIVE_TASKS}
"""Virtual model names that state the task: ``auto:code`` and its kind."""

HOUSEKEEPING = frozenset(
    {
        "title_generation",
        "tags_generation",
        "emoji_generation",
        "query_generation",
        "follow_up_generation",
        "autocomplete_generation",
    }
)
"""Values of ``X-OpenWebUI-Task`` for what a chat program asks on its own behalf."""

IMAGE_CHARS = 3600
"""What an image weighs in the estimate of the prompt: about a thousand tokens."""

_SESSION_HEADERS = ("x-zeta-session", "x-session-id", "x-conversation-id", "x-openwebui-chat-id")


def query_of(
    operation: Operation, body: Body, headers: Headers, *, query_id: str, now_s: float
) -> Query:
    """The query that a parsed request asks for.

    Raises:
        RequestError: 400 for a hint header that cannot be understood.
    """
    ask, chars = _ask(operation, body)
    model, task = _model_and_task(body.model, headers)
    return Query(
        id=query_id,
        arrived_at_s=now_s,
        operation=operation,
        model_requested=model,
        features=extract(ask) if ask is not None else (),
        task=task if operation not in (Operation.EMBEDDING, Operation.RERANK) else None,
        prompt_tokens=chars,
        max_output_tokens=body.output_limit,
        needs=_needs(body),
        slo=_slo(headers),
        lane=_lane(headers),
        session_id=_session(body, headers),
        stream=bool(body.stream),
    )


def _model_and_task(name: str, headers: Headers) -> tuple[str, TaskEstimate | None]:
    task = TASK_ALIASES.get(name)
    if task is not None:
        return AUTO, certain(task)
    known = certain(Task.SIMPLE) if headers.get("x-openwebui-task") in HOUSEKEEPING else None
    return (AUTO if name in AUTO_NAMES else name), known


def _ask(operation: Operation, body: Body) -> tuple[Ask | None, int]:
    """What is asked, and about how many tokens the whole prompt has."""
    if operation is Operation.CHAT:
        messages: list[Message] = body.messages  # type: ignore[union-attr]
        ask = ask_of_messages(_plain(messages), body.tools, body.response_format)
        return ask, estimate_tokens(ask.text, sum(map(_chars, messages)))
    if operation is Operation.COMPLETION:
        prompt = body.prompt  # type: ignore[union-attr]
        ask = ask_of_prompt(prompt, json_schema=_wants_json(body))
        return ask, estimate_tokens(ask.text, _size(prompt))
    if operation is Operation.RESPONSE:
        given = body.input  # type: ignore[union-attr]
        ask = ask_of_prompt(given) if isinstance(given, str) else ask_of_messages(given)
        return ask, estimate_tokens(ask.text, _size(given))
    if operation is Operation.EMBEDDING:
        given = body.input  # type: ignore[union-attr]
        sample = (
            given if isinstance(given, str) else next((x for x in given if isinstance(x, str)), "")
        )
        return None, estimate_tokens(sample, _size(given))
    documents = body.documents  # type: ignore[union-attr]
    return None, estimate_tokens("", sum(len(bytes(document)) for document in documents))


def _plain(messages: list[Message]) -> list[dict[str, Any]]:
    """The messages that say what is asked, decoded: system prompts and user turns.

    Everything else (answers, tool results) stays raw; only its role is kept.
    """
    last = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
    plain: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        if index == last or message.role in ("system", "developer"):
            plain.append({"role": message.role, "content": _content(index, message)})
        else:
            plain.append({"role": message.role, "content": ""})
    return plain


def _content(index: int, message: Message) -> Any:
    content = msgspec.json.decode(message.content)
    if content is None or isinstance(content, str | list):
        return content
    path = f"messages[{index}].content"
    raise RequestError(400, f"'{path}' must be a string or an array of parts", param=path)


def _size(value: Any) -> int:
    """Characters in a prompt; a token given by its number counts as four."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(_size(part) for part in value)
    if isinstance(value, dict):
        return sum(_size(part) for part in value.values())
    return 4


def _chars(message: Message) -> int:
    """Characters of a message's text; an image counts as `IMAGE_CHARS`, whatever its bytes."""
    raw = bytes(message.content)
    if not raw.startswith(b"["):
        return max(0, len(raw) - 2)
    parts = msgspec.json.decode(raw)
    images = sum(1 for part in parts if isinstance(part, dict) and part.get("type") != "text")
    return len(content_text(parts)) + IMAGE_CHARS * images


def _wants_json(body: Body) -> bool:
    kind = (body.response_format or {}).get("type")
    return kind in ("json_object", "json_schema")


def _needs(body: Body) -> frozenset[Capability]:
    needs = set()
    if body.tools:
        needs.add(Capability.TOOLS)
    if _wants_json(body):
        needs.add(Capability.JSON)
    messages: list[Message] = getattr(body, "messages", [])
    if any(b'"image_url"' in bytes(message.content)[:4096] for message in messages):
        needs.add(Capability.VISION)
    return frozenset(needs)


def _slo(headers: Headers) -> Slo:
    return Slo(
        ttft_s=_milliseconds(headers, "x-zeta-slo-ttft-ms"),
        tpot_s=_milliseconds(headers, "x-zeta-slo-tpot-ms"),
        e2e_s=_milliseconds(headers, "x-zeta-slo-e2e-ms"),
    )


def _milliseconds(headers: Headers, name: str) -> float | None:
    text = headers.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < 1e9:
        raise RequestError(400, f"header {name} must be a positive number", param=name)
    return value / 1000.0


def _lane(headers: Headers) -> Lane:
    text = headers.get("x-zeta-priority")
    if text is None:
        return Lane.NORMAL
    if text not in LANES:
        allowed = ", ".join(LANES)
        raise RequestError(
            400,
            f"header x-zeta-priority must be one of {allowed}, not {text!r}",
            param="x-zeta-priority",
        )
    return Lane(text)


def _session(body: Body, headers: Headers) -> str:
    for name in _SESSION_HEADERS:
        value = headers.get(name)
        if value:
            return value
    return body.prompt_cache_key or body.user or ""
