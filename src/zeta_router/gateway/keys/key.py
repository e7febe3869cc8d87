"""An API key as it is kept: its hash, what it is for, and how much it may ask."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "zk-"
_RANDOM_BYTES = 32
HASH = re.compile("sha256:[0-9a-f]{64}")
"""How a hash is written in the configuration."""


class Scope(StrEnum):
    """What a key may be used for."""

    QUERY = "query"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Key:
    """A key, without the key itself.

    Attributes:
        name: Whose it is; the tenant of every query that comes with it.
        digest: SHA-256 of the key. A slow hash would gain nothing: the keys that `zeta key` makes
            have 256 random bits, which nobody guesses at any speed.
        scopes: What it may be used for.
        requests_per_min: Most queries a minute; None for any number.
        concurrent: Most queries at one time; None for any number.
        tokens_per_day: Most tokens a day, read and written; None for any number.
    """

    name: str
    digest: bytes
    scopes: frozenset[Scope] = frozenset({Scope.QUERY})
    requests_per_min: float | None = None
    concurrent: int | None = None
    tokens_per_day: int | None = None


def new_key() -> str:
    """A key that nobody else has."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest_of(key: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def hash_of(key: str) -> str:
    """The same as text, for the configuration."""
    return f"sha256:{digest_of(key).hex()}"


def digest_from(text: str) -> bytes:
    """The digest that a hash in the configuration stands for.

    Raises:
        ValueError: It is no such hash.
    """
    if not HASH.fullmatch(text):
        raise ValueError("expected sha256: and 64 hexadecimal digits")
    return bytes.fromhex(text.removeprefix("sha256:"))
