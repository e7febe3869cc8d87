"""Asking a gateway over HTTP, as clients do."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import aiohttp


def chat_body(text: str, **more: Any) -> dict[str, Any]:
    """A short deterministic chat request."""
    return {
        "model": "auto",
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 8,
        "temperature": 0,
        **more,
    }


@dataclass(slots=True)
class Said:
    """An answer, whatever its status."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error in OpenAI's shape, with exactly its four fields."""
        assert set(self.json) == {"error"}
        error: dict[str, Any] = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert isinstance(error["message"], str)
        assert error["message"]
        return error

    @property
    def events(self) -> list[Any]:
        """The events of a stream, decoded; ``[DONE]`` as it is."""
        lines = [line[5:].strip() for line in self.body.split(b"\n") if line.startswith(b"data:")]
        return ["[DONE]" if line == b"[DONE]" else json.loads(line) for line in lines]


def ask(
    url: str,
    body: Any = None,
    *,
    raw: bytes | None = None,
    method: str | None = None,
    headers: dict[str, str] | None = None,
) -> Said:
    """One request, blocking; an error status is an answer like any other."""
    data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
    request = urllib.request.Request(  # noqa: S310 - loopback only
        url,
        data,
        {"content-type": "application/json", **(headers or {})},
        method=method or ("POST" if data is not None else "GET"),
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return Said(response.status, _lower(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Said(error.code, _lower(error.headers), error.read())


def _lower(headers: Any) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}


@dataclass(slots=True)
class Tally:
    """What came of many requests."""

    ok: int = 0
    dropped: int = 0
    failed: list[str] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)


async def one_of_many(
    session: aiohttp.ClientSession,
    url: str,
    body: dict[str, Any],
    tally: Tally,
    drop_after_s: float | None = None,
) -> None:
    """Send one request to its end, or drop it like an impatient client."""
    try:
        async with asyncio.timeout(drop_after_s):
            async with session.post(url, json=body) as response:
                data = await response.read()
                if response.status != 200 or b'"error"' in data:
                    tally.failed.append(f"{response.status} {data[-300:]!r}")
                else:
                    tally.ok += 1
                    tally.endpoints.append(response.headers["x-zeta-endpoint"])
    except TimeoutError:
        tally.dropped += 1
    except aiohttp.ClientError as error:
        tally.failed.append(repr(error))
