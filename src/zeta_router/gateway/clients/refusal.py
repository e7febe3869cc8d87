"""What slow and too many clients are told."""

from __future__ import annotations

from http import HTTPStatus

from zeta_router.gateway.problems import RequestError, error_body


def refusal(status: int, message: str, code: str) -> bytes:
    """A whole answer, for connections that no request can be read from."""
    kind = "rate_limit_error" if status == 429 else "invalid_request_error"
    body = error_body(message, kind, code, None)
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        *(["retry-after: 1"] if status == 429 else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def slow_head(head_s: float) -> bytes:
    """The answer to a request whose head does not end."""
    return refusal(408, f"the request did not come whole in {head_s:g} s (limits.head_s)", "slow")


def slow_body(why: str) -> RequestError:
    """What reading a body ends with that does not come; closes the connection."""
    message = f"the body came too slowly: {why}"
    return RequestError(408, message, code="slow", headers={"connection": "close"})
