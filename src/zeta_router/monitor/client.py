"""The one place that talks to engines over the network.

A fetch never raises for what an engine does: refusing, hanging, lying about its length or sending
gigabytes all end as a `Reply` that says so. Only cancellation passes through.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar, cast

import aiohttp

from zeta_router.monitor.engines.protocol import Ask, Conversation, Reply

T = TypeVar("T")

TIMEOUT_S = 1.0
"""An engine that needs longer for its own state is not worth waiting for."""

BODY_LIMIT_BYTES = 8 * 1024 * 1024
"""A vLLM page of 2,000 lines has 0.2 MB."""

MISSING_FOR_S = 60.0
"""How long an address that an engine does not have is not asked for again."""

_NOT_THERE = frozenset({404, 405, 501})

_LATE_BEHIND = 504
_NOBODY_BEHIND = frozenset({0, 502, _LATE_BEHIND})
"""No answer, or that of a proxy which says that it had none."""


def base_of(url: str) -> str:
    """The engine's base URL: without a trailing slash and without OpenAI's ``/v1``."""
    base = url.strip().rstrip("/")
    return base.removesuffix("/v1").rstrip("/")


class EngineClient:
    """Fetches with a timeout and a size limit.

    Args:
        session: Whoever made it closes it.
        clock: The driver's clock, in seconds; replies are dated by it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        clock: Callable[[], float] = time.monotonic,
        timeout_s: float = TIMEOUT_S,
        body_limit_bytes: int = BODY_LIMIT_BYTES,
    ) -> None:
        self._session = session
        self._timeout_s = timeout_s
        self._body_limit_bytes = body_limit_bytes
        self.clock = clock

    async def fetch(self, base_url: str, ask: Ask, api_key: str | None = None) -> Reply:
        """The reply to one ask; redirects are not followed, they are not the engine's answer."""
        timeout_s = self._timeout_s * ask.patience
        headers = {"Content-Type": "application/json"} if ask.body else {}
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key}"
        try:
            async with asyncio.timeout(timeout_s):
                return await self._request(base_url + ask.path, ask, headers)
        except TimeoutError:
            return Reply(self.clock(), problem=f"no answer within {timeout_s:g} s", late=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        return Reply(self.clock(), problem=problem)

    async def _request(self, url: str, ask: Ask, headers: dict[str, str]) -> Reply:
        async with self._session.request(
            ask.method, url, data=ask.body or None, headers=headers, allow_redirects=False
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > self._body_limit_bytes:
                    problem = f"answer above {self._body_limit_bytes} bytes"
                    return Reply(self.clock(), problem=problem)
            names = {name.lower(): value for name, value in response.headers.items()}
            return Reply(self.clock(), response.status, bytes(body), names)


class Line:
    """The line to one engine: holds conversations and remembers what need not be asked again.

    Attributes:
        reached: Whether the latest conversation that had to ask anything got an HTTP answer of the
            engine's; that of a proxy before it which finds nobody (502, 504) is none.
        problem: Why it did not; empty when it did.
        late: Whether it did not because an answer took too long; it may be alive all the same.
    """

    def __init__(self, client: EngineClient, url: str, api_key: str | None = None) -> None:
        self._client = client
        self._api_key = api_key
        self._base_url = base_of(url)
        self._memory: dict[Ask, Reply] = {}
        self.reached = False
        self.problem = "not asked yet"
        self.late = False

    async def hold(self, conversation: Conversation[T]) -> T:
        """Make the requests of a conversation, those of one turn at once, and return its end."""
        fetched: list[Reply] = []
        try:
            asks = next(conversation)
            while True:
                asks = conversation.send(await self._turn(asks, fetched))
        except StopIteration as end:
            self._note(fetched)
            return cast(T, end.value)

    def forget(self) -> None:
        """Ask everything anew: another engine may answer here."""
        self._memory.clear()

    def _note(self, fetched: list[Reply]) -> None:
        if fetched:
            self.reached = any(reply.status not in _NOBODY_BEHIND for reply in fetched)
            self.problem = "" if self.reached else fetched[0].why
            late = any(reply.late or reply.status == _LATE_BEHIND for reply in fetched)
            self.late = late and not self.reached

    async def _turn(self, asks: tuple[Ask, ...], fetched: list[Reply]) -> tuple[Reply, ...]:
        now_s = self._client.clock()
        replies = {ask: reply for ask in asks if (reply := self._recall(ask, now_s)) is not None}
        async with asyncio.TaskGroup() as group:
            tasks = {
                ask: group.create_task(self._client.fetch(self._base_url, ask, self._api_key))
                for ask in dict.fromkeys(asks)
                if ask not in replies
            }
        for ask, task in tasks.items():
            replies[ask] = task.result()
            self._keep(ask, replies[ask])
            fetched.append(replies[ask])
        return tuple(replies[ask] for ask in asks)

    def _recall(self, ask: Ask, now_s: float) -> Reply | None:
        reply = None if ask.always else self._memory.get(ask)
        if reply is None:
            return None
        good_for_s = ask.every_s if reply.ok else MISSING_FOR_S
        return reply if now_s - reply.at_s < good_for_s else None

    def _keep(self, ask: Ask, reply: Reply) -> None:
        if (reply.ok and ask.every_s > 0) or reply.status in _NOT_THERE:
            self._memory[ask] = reply
        else:
            self._memory.pop(ask, None)
