"""Why somebody could not be reached, in the few words that people know."""

from __future__ import annotations

import errno

import aiohttp

_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "no route to that host",
    errno.ENETUNREACH: "no route to that network",
    errno.ETIMEDOUT: "the connection timed out",
}


def why(error: BaseException) -> str:
    """The reason in a few words; of a group of errors, that of the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no such host"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    if isinstance(error, OSError):
        return _WORDS.get(error.errno or 0, error.strerror or type(error).__name__)
    return str(error) or type(error).__name__
