"""The one place that every request passes: does it bring a key, and may that key do this now?

Without keys in the configuration everybody may do everything, which is why the gateway then listens
on loopback only, unless it is told otherwise (`app.config`).
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from aiohttp import web

from zeta_router.gateway.keys.access import Access
from zeta_router.gateway.keys.holder import HOLDER
from zeta_router.gateway.keys.key import Key, Scope, digest_of
from zeta_router.gateway.keys.spending import Spending
from zeta_router.gateway.keys.usage import Usage
from zeta_router.gateway.problems import RequestError
from zeta_router.router.commands import Record

_BEARER = "bearer "


class Door:
    """Lets requests in, by key; counts what each key uses.

    Args:
        keys: The keys there are; none lets everybody in.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, keys: Sequence[Key], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_digest: dict[bytes, Usage] = {}
        self._by_name: dict[str, Usage] = {}
        self._spending = Spending(self._limits_tokens)
        self.replace(keys)

    @property
    def guarded(self) -> bool:
        """Whether there are keys."""
        return bool(self._by_digest)

    def replace(self, keys: Sequence[Key]) -> None:
        """Take over the keys of a reloaded configuration; what was used stays used."""
        now_s, older = self._clock(), self._by_name
        self._by_name = {key.name: Usage(key, now_s) for key in keys}
        self._by_digest = {usage.key.digest: usage for usage in self._by_name.values()}
        for name, usage in self._by_name.items():
            if name in older:
                usage.take_over(older[name], now_s)

    def let_in(self, request: web.Request, access: Access) -> AbstractContextManager[None]:
        """Let a request in for as long as it is served.

        Raises:
            RequestError: 401 without a key that is known, 403 where the key is not for this, 429
                with Retry-After where it has used up what it may use.
        """
        if access is Access.OPEN or not self._by_digest:
            return nullcontext()
        usage = self._usage_of(request.headers)
        name, scopes = usage.key.name, usage.key.scopes
        request[HOLDER] = name
        if access is Access.WRITE and Scope.ADMIN not in scopes:
            raise RequestError(403, f"the key {name!r} is not for changing the fleet", code="scope")
        if access is not Access.QUERY:
            return nullcontext()
        if Scope.QUERY not in scopes:
            raise RequestError(403, f"the key {name!r} is not for queries", code="scope")
        return self._query(usage)

    def count(self, record: Record) -> None:
        """Learn from the router's records who spends how many tokens."""
        charge = self._spending.charge_of(record)
        if charge is None:
            return
        usage = self._by_name.get(charge.key_name)
        if usage is not None:
            usage.spend(charge.tokens, self._clock())

    def counting(self, on_record: Callable[[Record], None]) -> Callable[[Record], None]:
        """Whoever takes the router's records, with `count` before it."""

        def on_both(record: Record) -> None:
            self.count(record)
            on_record(record)

        return on_both

    def _limits_tokens(self, name: str) -> bool:
        """Whether there is a key of that name with so many tokens a day."""
        usage = self._by_name.get(name)
        return usage is not None and usage.key.tokens_per_day is not None

    def _usage_of(self, headers: Mapping[str, str]) -> Usage:
        key = _presented(headers)
        if key is None:
            raise _unknown("this gateway wants an API key: Authorization: Bearer KEY")
        digest = digest_of(key)
        usage = self._by_digest.get(digest)
        if usage is None or not hmac.compare_digest(usage.key.digest, digest):
            raise _unknown("this API key is not known here")
        return usage

    @contextmanager
    def _query(self, usage: Usage) -> Iterator[None]:
        now_s = self._clock()
        refused = usage.why_not(now_s)
        if refused is not None:
            text, wait_s = refused
            raise RequestError(
                429, text, code="key_limit", headers={"retry-after": str(math.ceil(wait_s))}
            )
        usage.begin(now_s)
        try:
            yield
        finally:
            usage = self._by_name.get(usage.key.name, usage)  # reloads replace it
            usage.end()


def _presented(headers: Mapping[str, str]) -> str | None:
    """The key that a request brings, as OpenAI's clients send it or as Anthropic's do."""
    stated = headers.get("authorization")
    if stated is not None and stated[: len(_BEARER)].lower() == _BEARER:
        return stated[len(_BEARER) :].strip() or None
    return headers.get("x-api-key") or None


def _unknown(text: str) -> RequestError:
    return RequestError(
        401, text, code="invalid_api_key", headers={"www-authenticate": 'Bearer realm="zeta"'}
    )
