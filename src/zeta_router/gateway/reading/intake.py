"""From an HTTP request to a `Query`: the last place that sees the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeta_router.core.query import (
    AUTO,
    GENERATIVE_TASKS,
    Capability,
    Fingerprint,
    Operation,
    Query,
    Task,
    TaskEstimate,
    certain,
)
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.body import Body, Message
from zeta_router.gateway.reading.fingerprint import asker_of, fingerprint_of, tenant_of
from zeta_router.gateway.reading.hints import Hints, hints_of, lane_of, slo_of, weight_of
from zeta_router.gateway.reading.prefix import prefix_hashes
from zeta_router.gateway.reading.weigh import QUOTE, Weight, decode_text, read_parts, weigh_items
from zeta_router.learn.task.ask import (
    Ask,
    ask_of_messages,
    ask_of_prompt,
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

_CONTENT_STARTS = b"[n"
"""What a message's content begins with where it is no text: parts, or null."""

_NOTHING: frozenset[Capability] = frozenset()
_SESSION_CHARS = 256
_SESSION_HEADERS = ("x-zeta-session", "x-session-id", "x-conversation-id", "x-openwebui-chat-id")


def query_of(
    operation: Operation,
    body: Body,
    headers: Headers,
    *,
    query_id: str,
    now_s: float,
    remote: str | None = None,
    holder: str = "",
) -> Query:
    """The query that a parsed request asks for.

    `remote` is the address that it comes from. `holder` is whose key it brought: where keys are
    asked for, nobody says himself whose query it is.

    Raises:
        RequestError: 400 for a hint header that cannot be understood.
    """
    hints = hints_of(headers)
    ask, prompt_tokens, shows_images = _ask(operation, body)
    housekeeping = hints.get("x-openwebui-task") in HOUSEKEEPING
    model, task = _model_and_task(body.model, housekeeping)
    if ask is not None and housekeeping:
        ask = ask._replace(housekeeping=True)
    session = _session(body, hints)
    return Query(
        id=query_id,
        arrived_at_s=now_s,
        operation=operation,
        model_requested=model,
        features=extract(ask) if ask is not None else (),
        task=task if operation not in (Operation.EMBEDDING, Operation.RERANK) else None,
        prompt_tokens=prompt_tokens,
        max_output_tokens=body.output_limit,
        needs=_needs(body, shows_images),
        slo=slo_of(hints),
        lane=lane_of(hints),
        weight=weight_of(hints),
        tenant=holder or tenant_of(hints),
        session_id=session,
        stream=bool(body.stream),
        prefix_hashes=prefix_hashes(_pieces(operation, body)),
        asker=holder or asker_of(hints, remote),
        fingerprint=_fingerprint(operation, body, ask, session),
    )


def asked_text(operation: Operation, body: Body) -> str:
    """What is asked; empty where there is no text."""
    ask = _ask(operation, body)[0]
    return ask.text if ask is not None else ""


def _model_and_task(name: str, housekeeping: bool) -> tuple[str, TaskEstimate | None]:
    task = TASK_ALIASES.get(name)
    if task is not None:
        return AUTO, certain(task)
    known = certain(Task.SIMPLE) if housekeeping else None
    return (AUTO if name in AUTO_NAMES else name), known


def _ask(operation: Operation, body: Body) -> tuple[Ask | None, int, bool]:
    """What is asked, about how many tokens the whole prompt has, and whether it shows images."""
    if operation is Operation.CHAT:
        messages, weight = _plain(body.messages)  # type: ignore[union-attr]
        ask = ask_of_messages(messages, body.tools, body.response_format)
        return ask, estimate_tokens(ask.text, weight.in_chars), weight.images > 0
    if operation is Operation.COMPLETION:
        prompt = body.prompt  # type: ignore[union-attr]
        ask = ask_of_prompt(prompt, json_schema=_wants_json(body))
        return ask, estimate_tokens(ask.text, weigh_items(prompt).in_chars), False
    if operation is Operation.RESPONSE:
        given = body.input  # type: ignore[union-attr]
        instructions = body.instructions  # type: ignore[union-attr]
        ask = ask_of_prompt(given) if isinstance(given, str) else ask_of_messages(given, body.tools)
        weight = weigh_items([instructions, given])
        return ask, estimate_tokens(ask.text, weight.in_chars), weight.images > 0
    if operation is Operation.EMBEDDING:
        given = body.input  # type: ignore[union-attr]
        sample = (
            given if isinstance(given, str) else next((x for x in given if isinstance(x, str)), "")
        )
        return None, estimate_tokens(sample, weigh_items(given).in_chars), False
    documents = body.documents  # type: ignore[union-attr]
    return None, estimate_tokens("", sum(len(bytes(document)) for document in documents)), False


def _plain(messages: list[Message]) -> tuple[list[dict[str, Any]], Weight]:
    """The messages that say what is asked, as text, and the weight of all messages.

    What is asked stands in system prompts and the last user turn; of everything else (answers, tool
    results) only the role is kept.
    """
    last = _last_question(messages)
    plain: list[dict[str, Any]] = []
    chars, images, media = 0, 0, 0
    for index, message in enumerate(messages):
        role, content = message.role, message.content
        asks = index == last or role in ("system", "developer")
        first = memoryview(content)[0]
        if first == QUOTE:
            text = decode_text(content)
            chars += len(text)
        elif asks and first not in _CONTENT_STARTS:
            path = f"messages[{index}].content"
            problem = f"'{path}' must be a string or an array of parts"
            raise RequestError(400, problem, param=path)
        else:
            text, weight = read_parts(content)
            chars += weight.chars
            images += weight.images
            media += weight.media
        plain.append({"role": role, "content": text if asks else ""})
    return plain, Weight(chars, images, media)


def _last_question(messages: list[Message]) -> int:
    """Where the user's last turn stands; -1 where there is none."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == "user":
            return index
    return -1


def _wants_json(body: Body) -> bool:
    kind = (body.response_format or {}).get("type")
    return kind in ("json_object", "json_schema")


def _needs(body: Body, shows_images: bool) -> frozenset[Capability]:
    if not (body.tools or body.response_format or shows_images):
        return _NOTHING
    needs = set()
    if body.tools:
        needs.add(Capability.TOOLS)
    if _wants_json(body):
        needs.add(Capability.JSON)
    if shows_images:
        needs.add(Capability.VISION)
    return frozenset(needs)


def _pieces(operation: Operation, body: Body) -> Iterator[bytes]:
    """The prompt in the order in which an engine reads it, as the bytes that came."""
    if operation is Operation.CHAT:
        yield from body.tools or ()
        for message in body.messages:  # type: ignore[union-attr]
            yield message.role.encode()
            yield message.content
    elif operation is Operation.COMPLETION and isinstance(body.prompt, str):  # type: ignore[union-attr]
        yield body.prompt.encode("utf-8", "replace")  # type: ignore[union-attr]


def _fingerprint(
    operation: Operation, body: Body, ask: Ask | None, session: str
) -> Fingerprint | None:
    """To notice that it is asked again; None for what nobody asks twice in vain."""
    if ask is None or ask.housekeeping:
        return None
    talk = bool(session)
    if operation is Operation.CHAT:
        messages: list[Message] = body.messages  # type: ignore[union-attr]
        last = max(0, _last_question(messages))
        pieces: list[bytes | memoryview] = []
        answered = 0
        for index, message in enumerate(messages):
            pieces += (message.role.encode(), memoryview(message.content))
            if index < last and message.role == "assistant":
                answered = 2 * last
        return fingerprint_of(pieces[:answered], pieces[answered:], ask.text, talk=talk)
    raw = ask.text.encode("utf-8", "replace")
    return fingerprint_of([], [raw], ask.text, talk=talk)


def _session(body: Body, hints: Hints) -> str:
    """What holds a conversation together, cut to what is worth keeping in every record.

    Header bytes that are no UTF-8 come as lone surrogates, which neither JSON nor SQLite takes.
    """
    session = body.prompt_cache_key or body.user or ""
    if hints:
        given = next((value for name in _SESSION_HEADERS if (value := hints.get(name))), None)
        session = given or session
    return session[:_SESSION_CHARS].encode("utf-8", "replace").decode()
