"""Where a request says whose key it brought."""

from __future__ import annotations

from aiohttp import web

HOLDER = web.RequestKey("zeta_key_name", str)


def holder_of(request: web.Request) -> str:
    """Name of the key that a request brought; empty where none is asked for."""
    name: str = request.get(HOLDER, "")
    return name
