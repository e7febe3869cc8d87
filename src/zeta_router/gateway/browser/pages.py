"""Files that a browser is given: fixed bytes with a tag, and headers that bind what it may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from elsewhere, nothing inline: text of a prompt that gets into a page stays text."""

HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
}
"""Of every page. `no-cache` keeps a copy and asks about it each time: upgrades show at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """One file as it is sent.

    Attributes:
        tag: Its entity tag, with quotes; changes with its bytes.
    """

    body: bytes
    content_type: str
    tag: str

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Page:
        """A file with the tag of its bytes."""
        return cls(body, content_type, f'"{blake2b(body, digest_size=12).hexdigest()}"')


def page_routes(pages: Mapping[str, Page]) -> list[tuple[str, str, Handler]]:
    """Method, path and handler of every file; `HEAD` is answered, too."""
    return [
        (method, path, _serving(page)) for path, page in pages.items() for method in ("GET", "HEAD")
    ]


def _serving(page: Page) -> Handler:
    headers = {**HEADERS, "etag": page.tag, "content-type": page.content_type}
    unchanged = {**HEADERS, "etag": page.tag}

    async def handle(request: web.Request) -> web.StreamResponse:
        if _has(request.headers.get("if-none-match", ""), page.tag):
            return web.Response(status=304, headers=unchanged)
        return web.Response(body=page.body, headers=headers)

    return handle


def _has(asked: str, tag: str) -> bool:
    """Whether `If-None-Match` names the tag, weakly or strongly."""
    tags = [one.strip().removeprefix("W/") for one in asked.split(",")]
    return tag in tags or "*" in tags
