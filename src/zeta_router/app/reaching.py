"""Reaching a gateway: with which key, and in few words why it could not be."""

from __future__ import annotations

import errno
import ipaddress
import os
from collections.abc import Mapping

import aiohttp

KEY = "ZETA_KEY"
"""Environment variable with the key that commands bring to a gateway."""

WANTS_KEY = f"it wants a key that may read: export {KEY}"

NO_GATEWAY = "answers, but is no gateway of this kind"

_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "no route to that host",
    errno.ENETUNREACH: "no route to that network",
    errno.ETIMEDOUT: "the connection timed out",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key_headers(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a request to a gateway carries, where a key was given."""
    key = environ.get(KEY)
    return {"authorization": f"Bearer {key}"} if key else {}


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
