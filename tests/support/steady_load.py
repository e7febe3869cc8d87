"""Clients that keep asking at a steady rate, and what became of each of their requests."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp

TIMEOUT_S = 120.0


class Fate(StrEnum):
    """What a client got."""

    OK = "ok"
    REFUSED_400 = "refused 400"
    LOST = "lost"
    CUT = "cut"
    CUT_SILENTLY = "cut silently"
    EMPTY = "empty"
    MEANINGLESS = "meaningless"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to send."""

    path: str
    body: dict[str, Any]


@dataclass(slots=True)
class Sent:
    """A request and its fate; times in seconds since 1970, which the decision log has too.

    Attributes:
        endpoint: Who answered, by the gateway's word.
        said: The end of what came, for people.
    """

    model: str
    at_s: float
    fate: Fate = Fate.LOST
    ended_at_s: float = 0.0
    status: int | None = None
    endpoint: str | None = None
    said: str = ""


def fate_of(path: str, status: int, streamed: bool, body: bytes) -> Fate:
    """How good an answer is to a client that reads it."""
    if status != 200:
        return Fate.REFUSED_400 if status == 400 else Fate.LOST
    if streamed:
        return _fate_of_stream(body)
    try:
        answer = json.loads(body)
        if path.endswith("/embeddings"):
            has = bool(answer["data"][0]["embedding"])
        else:
            has = bool(answer["choices"][0]["message"]["content"])
    except IndexError:
        return Fate.EMPTY
    except (ValueError, KeyError, TypeError):
        return Fate.MEANINGLESS
    return Fate.OK if has else Fate.EMPTY


def _fate_of_stream(body: bytes) -> Fate:
    events = [line[5:].strip() for line in body.split(b"\n") if line.startswith(b"data:")]
    if not events:
        return Fate.MEANINGLESS
    if events[-1].startswith(b'{"error":'):
        return Fate.CUT
    if events[-1] != b"[DONE]":
        return Fate.CUT_SILENTLY
    choices = [choice for one in events[:-1] for choice in json.loads(one)["choices"]]
    return Fate.OK if any(choice["delta"].get("content") for choice in choices) else Fate.EMPTY


class SteadyLoad:
    """Asks at a steady rate from a thread of its own, whatever becomes of the answers.

    Args:
        url: The gateway.
        model: Names the requests in the records.
        asks: What is asked, in turn.
        per_s: Requests per second, evenly spaced.
    """

    def __init__(self, url: str, plan: Iterable[tuple[str, list[Ask], float]]) -> None:
        self._url = url
        self._plan = list(plan)
        self.sent: list[Sent] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._play()))

    def __enter__(self) -> SteadyLoad:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send nothing more, and wait until what was sent has ended."""
        self._stop.set()
        self._thread.join(TIMEOUT_S + 10.0)
        assert not self._thread.is_alive(), "clients still wait"

    def of(self, model: str, since_s: float = 0.0) -> list[Sent]:
        """What was sent for a model from a time on."""
        return [one for one in list(self.sent) if one.model == model and one.at_s >= since_s]

    def first_ok(self, model: str, endpoint: str, since_s: float) -> float | None:
        """When the first good answer by an endpoint to what was sent after a time was complete."""
        good = (
            one.ended_at_s
            for one in self.of(model, since_s)
            if one.fate is Fate.OK and one.endpoint == endpoint
        )
        return min(good, default=None)

    async def _play(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for model, asks, per_s in self._plan:
                tasks.create_task(self._keep_asking(session, tasks, model, asks, per_s))

    async def _keep_asking(
        self,
        session: aiohttp.ClientSession,
        tasks: asyncio.TaskGroup,
        model: str,
        asks: list[Ask],
        per_s: float,
    ) -> None:
        clock = asyncio.get_running_loop().time
        due_s = clock()
        for ask in itertools.cycle(asks):
            if self._stop.is_set():
                return
            tasks.create_task(self._one(session, model, ask))
            due_s += 1.0 / per_s
            await asyncio.sleep(max(0.0, due_s - clock()))

    async def _one(self, session: aiohttp.ClientSession, model: str, ask: Ask) -> None:
        sent = Sent(model, time.time())
        self.sent.append(sent)
        streamed, body = bool(ask.body.get("stream")), b""
        try:
            async with session.post(self._url + ask.path, json=ask.body) as response:
                sent.status = response.status
                sent.endpoint = response.headers.get("x-zeta-endpoint")
                async for part in response.content.iter_any():
                    body += part
            sent.fate = fate_of(ask.path, response.status, streamed, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            sent.fate = Fate.CUT_SILENTLY if body else Fate.LOST
            sent.said = repr(error)
        sent.said += body[-200:].decode("latin-1")
        sent.ended_at_s = time.time()


def mixed(
    model: str, *, embeds: bool, refused: str | None = None, max_tokens: int = 8
) -> list[Ask]:
    """Streamed and whole chats, embeddings, and one request that no engine accepts."""

    def chat(text: str, **more: Any) -> Ask:
        message = {"role": "user", "content": text}
        body = {"model": model, "messages": [message], "max_tokens": max_tokens}
        return Ask("/v1/chat/completions", {**body, **more})

    asks = [chat("Say hello."), chat("Count to five.", stream=True), chat("Say something short.")]
    if embeds:
        asks.append(Ask("/v1/embeddings", {"model": model, "input": "a cat"}))
    asks += [chat("Name a colour.", stream=True), chat("Name an animal.", stream=True)]
    if refused is not None:
        asks.append(chat(refused))
    return asks
