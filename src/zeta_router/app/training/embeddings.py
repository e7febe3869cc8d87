"""Vectors of many texts from an address that speaks OpenAI's embeddings API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import numpy as np

from zeta_router.app.training.network import Array
from zeta_router.core.errors import ConfigError

TEXTS_PER_CALL = 32
_TIMEOUT_S = 300.0

Progress = Callable[[str], None]


def vectors_of(
    texts: Sequence[str], url: str, model: str | None, progress: Progress
) -> tuple[Array, str]:
    """One vector a text, in order, and the name of the model that made them.

    Args:
        texts: At least one.
        url: Base address, with or without ``/v1``.
        model: Which of its models; None takes the first it lists.
        progress: Told now and then how far it is.

    Raises:
        ConfigError: Nothing answers there, or not with vectors.
    """
    base = url.rstrip("/").removesuffix("/v1")
    return asyncio.run(_all(texts, base, model, progress))


async def _all(
    texts: Sequence[str], base: str, model: str | None, progress: Progress
) -> tuple[Array, str]:
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        name = model or await _first_model(session, base)
        rows: list[list[float]] = []
        for start in range(0, len(texts), TEXTS_PER_CALL):
            part = list(texts[start : start + TEXTS_PER_CALL])
            body = {"model": name, "input": part, "encoding_format": "float"}
            answer = await _json(session, f"{base}/v1/embeddings", body)
            rows += _rows(answer, len(part), base)
            if start // TEXTS_PER_CALL % 20 == 0:
                progress(f"embedding {len(rows)} of {len(texts)}")
    if len({len(row) for row in rows}) != 1:
        raise ConfigError(base, "gives vectors of different lengths")
    return np.array(rows, np.float32), name


async def _first_model(session: aiohttp.ClientSession, base: str) -> str:
    answer = await _json(session, f"{base}/v1/models", None)
    try:
        return str(answer["data"][0]["id"])
    except (KeyError, IndexError, TypeError) as error:
        hint = "name it with --embedder-model"
        raise ConfigError(base, "does not list its models", hint) from error


async def _json(session: aiohttp.ClientSession, url: str, body: object) -> dict[str, Any]:
    method = "GET" if body is None else "POST"
    try:
        async with session.request(method, url, json=body) as response:
            if response.status != 200:
                body_text = (await response.text())[:200]
                raise ConfigError(url, f"answered {response.status}: {body_text}")
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        told, hint = str(error) or type(error).__name__, "is it an embedding server?"
        raise ConfigError(url, f"cannot be asked: {told}", hint) from error
    if not isinstance(answer, dict):
        raise ConfigError(url, "answered with something else than a JSON object")
    return answer


def _rows(answer: dict[str, Any], count: int, base: str) -> list[list[float]]:
    try:
        rows = [row["embedding"] for row in sorted(answer["data"], key=lambda row: row["index"])]
    except (KeyError, TypeError) as error:
        raise ConfigError(base, "did not answer with OpenAI's list of embeddings") from error
    if len(rows) != count or not all(isinstance(row, list) and row for row in rows):
        raise ConfigError(base, f"gave {len(rows)} vectors for {count} texts")
    return rows
