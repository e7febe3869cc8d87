"""How an attempt ended, from what the engine sent: an answer, a refusal, a failure."""

from __future__ import annotations

from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Operation
from zeta_router.gateway.answer.stream import Reading
from zeta_router.gateway.problems import error_body
from zeta_router.gateway.upstream import Answer, TooSlowError, UnreachableError, UpstreamError

_BUSY = (429, 503)
"""Statuses by which an engine says that it is full."""


def is_answer(status: int) -> bool:
    """Whether an engine's answer is one for the client: it worked, or the client is at fault.

    A redirect is a wrong address in the configuration; following it would carry the prompt to
    whoever is named there.
    """
    return (200 <= status < 300 or 400 <= status < 500) and status not in _BUSY


def ends_by_closing(answer: Answer) -> bool:
    """Whether only the closed connection tells where the body ends: then it may have been cut."""
    headers = answer.headers
    return "content-length" not in headers and "transfer-encoding" not in headers


def is_useless(reading: Reading, answer: Answer, operation: Operation) -> bool:
    """Whether an answer that came whole is none, by its content: no JSON, or not a token in it.

    One that the engine has compressed cannot be judged.
    """
    if "content-encoding" in answer.headers:
        return False
    if operation is Operation.EMBEDDING:
        return not reading.complete or reading.no_vectors
    speaks = operation in (Operation.CHAT, Operation.COMPLETION)
    return not reading.complete or (speaks and reading.says_nothing)


def refusal(answer: Answer) -> Outcome:
    """What an answer that is none for the client means, before the client has a byte."""
    busy = answer.status in _BUSY
    retry_after = answer.headers.get("retry-after", "")
    is_seconds = retry_after.isascii() and retry_after.isdigit()
    return Outcome(
        Status.UPSTREAM_BUSY if busy else Status.UPSTREAM_ERROR,
        http_status=answer.status,
        retry_after_s=float(retry_after) if is_seconds else None,
    )


def failure(problem: UpstreamError, started: bool) -> Outcome:
    """What a problem with the connection means; `started` when the client has a byte."""
    if isinstance(problem, UnreachableError):
        return Outcome(Status.UPSTREAM_UNREACHABLE, started=started)
    slow = isinstance(problem, TooSlowError)
    return Outcome(Status.UPSTREAM_TIMEOUT if slow else Status.UPSTREAM_ERROR, started=started)


def answered(
    reading: Reading, answer: Answer, e2e_s: float, ttft_s: float | None = None
) -> Outcome:
    """The end of an answer that the client got, in one piece or streamed."""
    return Outcome(
        Status.OK if answer.status < 400 else Status.CLIENT_ERROR,
        started=True,
        ttft_s=ttft_s,
        e2e_s=e2e_s,
        prompt_tokens=reading.prompt_tokens,
        output_tokens=reading.output_tokens,
        cached_tokens=reading.usage.cached_tokens if reading.usage else None,
        http_status=answer.status,
        finish_reason=reading.finish_reason,
    )


def broken_stream(problem: UpstreamError) -> bytes:
    """The last event of a stream whose engine died: an error, and no ``[DONE]``.

    It starts with a blank line, because the stream may have broken within an event.
    """
    code = "upstream_timeout" if isinstance(problem, TooSlowError) else "upstream_failed"
    message = f"the engine failed while it was answering: {problem}"
    return b"\n\ndata: " + error_body(message, "server_error", code, None) + b"\n\n"
