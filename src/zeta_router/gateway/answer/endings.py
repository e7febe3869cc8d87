"""How an attempt ended, from what the engine sent: an answer, a refusal, a failure."""

from __future__ import annotations

from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Operation
from zeta_router.gateway.answer.reading import Reading
from zeta_router.gateway.problems import error_body
from zeta_router.gateway.upstream import Answer, TooSlowError, UnreachableError, UpstreamError

_BUSY = (429, 503)
"""Statuses by which an engine says that it is full."""

_DENIED = (401, 403, 404, 405)
"""Statuses that may be the client's fault or the engine's, whose key, model and path are ours."""


_FASTEST_PER_S, _AT_ONCE_TOKENS = 10_000.0, 20_000
"""What no engine exceeds for one query, and what is believed of an answer that took no time."""


def is_answer(status: int) -> bool:
    """Whether an engine's answer is one for the client: it worked, or the client is at fault.

    A redirect is a wrong address in the configuration; following it would carry the prompt to
    whoever is named there.
    """
    return (200 <= status < 300 or 400 <= status < 500) and status not in _BUSY


def is_denial(status: int) -> bool:
    """Whether another engine should be asked before the client gets this answer."""
    return status in _DENIED


def ends_by_closing(answer: Answer) -> bool:
    """Whether only the closed connection tells where the body ends: then it may have been cut."""
    headers = answer.headers
    return "content-length" not in headers and "transfer-encoding" not in headers


def is_useless(reading: Reading, answer: Answer, operation: Operation) -> bool:
    """Whether an answer that came whole is none: no JSON, an error, or not a token in it.

    One that the engine has compressed cannot be judged.
    """
    if "content-encoding" in answer.headers:
        return False
    if operation is Operation.EMBEDDING:
        return not reading.complete or reading.no_vectors
    speaks = operation in (Operation.CHAT, Operation.COMPLETION)
    return not reading.complete or reading.failed or (speaks and reading.says_nothing)


def refusal(answer: Answer) -> Outcome:
    """What an answer that is none for the client means, before the client has a byte."""
    status = Status.UPSTREAM_ERROR
    if answer.status in _BUSY:
        status = Status.UPSTREAM_BUSY
    elif answer.status in _DENIED:
        status = Status.UPSTREAM_DENIED
    retry_after = answer.headers.get("retry-after", "")
    is_seconds = retry_after.isascii() and retry_after.isdigit()
    return Outcome(
        status,
        http_status=answer.status,
        retry_after_s=float(retry_after) if is_seconds else None,
    )


def failure(problem: UpstreamError, started: bool, output_tokens: int | None = None) -> Outcome:
    """What a problem with the connection means; `started` when the client has a byte.

    `output_tokens` is what it has of the answer, where that is known.
    """
    status = Status.UPSTREAM_ERROR
    if isinstance(problem, UnreachableError):
        status = Status.UPSTREAM_UNREACHABLE
    elif isinstance(problem, TooSlowError):
        status = Status.UPSTREAM_TIMEOUT
    return Outcome(status, started=started, output_tokens=output_tokens)


def answered(
    reading: Reading, answer: Answer, e2e_s: float, ttft_s: float | None = None
) -> Outcome:
    """The end of an answer that the client got, in one piece or streamed."""
    status = Status.OK
    if answer.status >= 400 or reading.blames_client:
        status = Status.CLIENT_ERROR
    elif reading.failed:
        status = Status.UPSTREAM_ERROR
    return Outcome(
        status,
        started=True,
        ttft_s=ttft_s,
        e2e_s=e2e_s,
        prompt_tokens=reading.prompt_tokens,
        output_tokens=_believed(reading, e2e_s),
        cached_tokens=reading.usage.cached_tokens if reading.usage else None,
        http_status=answer.status,
        finish_reason=reading.finish_reason,
    )


def _believed(reading: Reading, e2e_s: float) -> int | None:
    """Output tokens by the engine's word, unless no engine can have written as many in the time.

    One such number would set the expected length of all answers, and its tenant's due, for long.
    """
    tokens = reading.output_tokens
    if tokens is None or tokens <= _AT_ONCE_TOKENS + _FASTEST_PER_S * max(0.0, e2e_s):
        return tokens
    return reading.events or None


def broken_stream(problem: UpstreamError) -> bytes:
    """The last event of a stream whose engine died: an error, and no ``[DONE]``.

    It starts with a blank line, because the stream may have broken within an event.
    """
    code = "upstream_timeout" if isinstance(problem, TooSlowError) else "upstream_failed"
    message = f"the engine failed while it was answering: {problem}"
    return b"\n\ndata: " + error_body(message, "server_error", code, None) + b"\n\n"
