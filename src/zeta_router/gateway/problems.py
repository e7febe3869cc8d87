"""Everything that can be wrong, as an HTTP answer in OpenAI's error shape. One table, one place."""

from __future__ import annotations

import math

import msgspec
from aiohttp import web

from zeta_router.core.decision import Decision
from zeta_router.core.reasons import DROP_TEXT, REASON_TEXT, Reason

HTTP_OF_REASON: dict[Reason, tuple[int, str, str]] = {
    Reason.QUEUE_FULL: (429, "rate_limit_error", "no_capacity"),
    Reason.DEADLINE: (429, "rate_limit_error", "no_capacity"),
    Reason.SHED: (429, "rate_limit_error", "no_capacity"),
    Reason.NO_ENDPOINT_UP: (503, "server_error", "no_endpoint_up"),
    Reason.NO_CAPABLE_MODEL: (400, "invalid_request_error", "no_capable_model"),
    Reason.UNKNOWN_MODEL: (404, "invalid_request_error", "model_not_found"),
    Reason.UPSTREAM_FAILED: (502, "server_error", "upstream_failed"),
    Reason.DENIED: (502, "server_error", "upstream_denied"),
    Reason.UPSTREAM_TIMEOUT: (504, "server_error", "upstream_timeout"),
}
"""Reason of a rejection to status, error type and error code."""


_KIND_OF_STATUS = {401: "authentication_error", 429: "rate_limit_error"}


class RequestError(Exception):
    """The client's request cannot be served as it is.

    Args:
        param: The field or header at fault, e.g. ``messages[0].role``; None when there is none.
        headers: Of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers

    def response(self) -> web.Response:
        """This problem as an answer."""
        return error_response(
            self.status, self.message, self._kind, self.code, self.param, self.headers
        )

    @property
    def _kind(self) -> str:
        """OpenAI's name for this sort of error."""
        if self.status in _KIND_OF_STATUS:
            return _KIND_OF_STATUS[self.status]
        return "invalid_request_error" if self.status < 500 else "server_error"


def error_body(message: str, kind: str, code: str | None, param: str | None) -> bytes:
    """OpenAI's error shape."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return msgspec.json.encode({"error": error})


def error_response(
    status: int,
    message: str,
    kind: str,
    code: str | None = None,
    param: str | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """An error answer with a JSON body."""
    return web.Response(
        status=status,
        body=error_body(message, kind, code, param),
        content_type="application/json",
        headers=headers,
    )


def rejection(decision: Decision, model: str, headers: dict[str, str]) -> web.Response:
    """The answer to a query that the router refused."""
    status, kind, code = HTTP_OF_REASON[decision.reason]
    if decision.retry_after_s is not None and status in (429, 503):
        headers["retry-after"] = str(math.ceil(decision.retry_after_s))
    param = "model" if decision.reason is Reason.UNKNOWN_MODEL else None
    return error_response(status, _sentence(decision, model), kind, code, param, headers)


def _sentence(decision: Decision, model: str) -> str:
    if decision.reason is Reason.UNKNOWN_MODEL:
        return f"the model {model!r} does not exist in this fleet; GET /v1/models lists what does"
    text = REASON_TEXT[decision.reason]
    if decision.dropped and decision.reason in (Reason.NO_ENDPOINT_UP, Reason.NO_CAPABLE_MODEL):
        why = "; ".join(f"{key}: {DROP_TEXT[drop]}" for key, drop in decision.dropped)
        return f"{text} ({why})"
    return text
