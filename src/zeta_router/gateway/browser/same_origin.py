"""Who may change the fleet: the one place that every write of the admin pages goes through.

A page of another site, open in the browser of somebody who can reach the gateway, can make that
browser send a POST here. Browsers say where a POST comes from (`Origin`, `Sec-Fetch-Site`), and
send neither a content type of JSON nor a header of ours across sites without asking first, which
is never granted. So a request with any sign of a browser has to come from a page of this address
and to say so; other clients (curl, scripts) are not under anybody else's control and need no more.

Where the gateway's name is looked up by an attacker's name server this does not help: only a key
does.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from zeta_router.gateway.problems import RequestError

MARK = "x-zeta-dashboard"
"""A header that no other site can make a browser send."""

_BROWSER = ("origin", "sec-fetch-site", "sec-fetch-mode", "referer")


def check_write(request: web.Request) -> None:
    """Let a request through that changes the fleet.

    Raises:
        RequestError: 403 for one that a page of another site may have sent.
    """
    headers = request.headers
    if not any(name in headers for name in _BROWSER):
        return
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        raise _refused(f"a page of {origin} may not change this fleet; a proxy must pass Host on")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise _refused("a page of another site may not change this fleet")
    if headers.get(MARK) != "1" and request.content_type != "application/json":
        raise _refused(f"send content-type: application/json or {MARK}: 1")


def check_body(request: web.Request) -> None:
    """Let a request through that has a body, unless a page of another site slipped it in.

    Without a key in the way any page could have the engines work. A browser asks here first whether
    a page may send JSON, and is not told so; what it sends without asking is declared as something
    else. Programs without a page are not looked at, whatever they declare.

    Raises:
        RequestError: 403 for one that a browser sent without asking.
    """
    origin = request.headers.get("origin")
    if origin is None or request.content_type == "application/json":
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise _refused(f"a page of {origin} must send content-type: application/json")


def _refused(text: str) -> RequestError:
    return RequestError(403, text, code="cross_site")
