"""From an HTTP request to a `Query`: the last place that sees the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeta_router.core.query import (
    AUTO,
    GENERATIVE_TASKS,
    LANES,
    Capability,
    Fingerprint,
    Lane,
    Operation,
    Query,
    Slo,
    Task,
    TaskEstimate,
    certain,
)
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.body import Body, Message
from zeta_router.gateway.reading.fingerprint import asker_of, fingerprint_of, tenant_of
from zeta_router.gateway.reading.prefix import prefix_hashes
from zeta_router.gateway.reading.weigh import Weight, first_byte, read_content, total, weigh_items
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

MOST_WEIGHT = 100.0
"""Of one query: beyond that a client would only switch prices off for itself."""

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
    ask, prompt_tokens, shows_images = _ask(operation, body)
    model, task = _model_and_task(body.model, headers)
    if ask is not None and headers.get("x-openwebui-task") in HOUSEKEEPING:
        ask = ask._replace(housekeeping=True)
    session = _session(body, headers)
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
        slo=_slo(headers),
        lane=_lane(headers),
        weight=_weight(headers),
        tenant=holder or tenant_of(headers),
        session_id=session,
        stream=bool(body.stream),
        prefix_hashes=prefix_hashes(_pieces(operation, body)),
        asker=holder or asker_of(headers, remote),
        fingerprint=_fingerprint(operation, body, ask, session),
    )


def asked_text(operation: Operation, body: Body) -> str:
    """What is asked; empty where there is no text."""
    ask = _ask(operation, body)[0]
    return ask.text if ask is not None else ""


def _model_and_task(name: str, headers: Headers) -> tuple[str, TaskEstimate | None]:
    task = TASK_ALIASES.get(name)
    if task is not None:
        return AUTO, certain(task)
    known = certain(Task.SIMPLE) if headers.get("x-openwebui-task") in HOUSEKEEPING else None
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
    last = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
    plain: list[dict[str, Any]] = []
    weights = [Weight()]
    for index, message in enumerate(messages):
        asks = index == last or message.role in ("system", "developer")
        if asks and first_byte(message.content) not in (b'"', b"[", b"n"):
            path = f"messages[{index}].content"
            problem = f"'{path}' must be a string or an array of parts"
            raise RequestError(400, problem, param=path)
        text, weight = read_content(message.content)
        plain.append({"role": message.role, "content": text if asks else ""})
        weights.append(weight)
    return plain, total(weights)


def _wants_json(body: Body) -> bool:
    kind = (body.response_format or {}).get("type")
    return kind in ("json_object", "json_schema")


def _needs(body: Body, shows_images: bool) -> frozenset[Capability]:
    needs = set()
    if body.tools:
        needs.add(Capability.TOOLS)
    if _wants_json(body):
        needs.add(Capability.JSON)
    if shows_images:
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


def _weight(headers: Headers) -> float:
    """What the answer is worth, relative to 1."""
    text = headers.get("x-zeta-weight")
    if text is None:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= MOST_WEIGHT:
        raise RequestError(
            400,
            f"header x-zeta-weight must be a number above 0, at most {MOST_WEIGHT:g}",
            param="x-zeta-weight",
        )
    return value


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
        last = max((i for i, m in enumerate(messages) if m.role == "user"), default=0)
        pieces = [bytes(part) for m in messages for part in (m.role.encode(), m.content)]
        answered = any(m.role == "assistant" for m in messages[:last])
        before = pieces[: 2 * last] if answered else []
        return fingerprint_of(before, pieces[len(before) :], ask.text, talk=talk)
    raw = ask.text.encode("utf-8", "replace")
    return fingerprint_of([], [raw], ask.text, talk=talk)


def _session(body: Body, headers: Headers) -> str:
    """What holds a conversation together, cut to what is worth keeping in every record.

    Header bytes that are no UTF-8 come as lone surrogates, which neither JSON nor SQLite takes.
    """
    given = next((value for name in _SESSION_HEADERS if (value := headers.get(name))), None)
    session = given or body.prompt_cache_key or body.user or ""
    return session[:_SESSION_CHARS].encode("utf-8", "replace").decode()
