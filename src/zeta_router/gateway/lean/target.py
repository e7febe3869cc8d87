"""Where a request goes, and its bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_OURS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What belongs to the connection: a caller who sets one of these would break the framing."""

_AGENT = "user-agent: zeta-router\r\n"
_NAMES_KEPT = 256
_good_names: set[str] = set()


class Target:
    """One address that speaks http, with the path that its requests start with.

    Attributes:
        host: Name or address; an IPv6 address without brackets.
        port: 80 where the URL names none.

    Args:
        url: The base, without query and fragment. Credentials in it are refused: they would be
            shown wherever the URL is.

    Raises:
        ValueError: The URL is none of http, or holds what a base cannot.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme.lower() != "http":
            raise ValueError("the URL does not start with http://")
        if "@" in parts.netloc:
            raise ValueError("the URL holds credentials, which belong into api_key")
        if not parts.hostname or "?" in url or "#" in url:
            raise ValueError("the URL names no host, or has a query or a fragment")
        self.host = parts.hostname
        self.port = 80 if parts.port is None else parts.port
        self._prefix = quote(parts.path.rstrip("/"), safe=_PATH_SAFE)
        self._host_header = _host_header(self.host, parts.port)
        self._first: dict[str, str] = {}

    def request(self, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """Everything that goes before the body of a POST.

        Raises:
            ValueError: A name or a value could be read as more than one header, or a header is the
                connection's own.
        """
        first = self._first.get(path) or self._first_lines(path)
        if not headers.keys() <= _good_names:
            _check_names(headers)
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        count = len(headers)
        if lines.count("\n") != count or lines.count("\r") != count or "\0" in lines:
            raise ValueError("a header's value has a line break or a NUL in it")
        text = f"{first}{lines}content-length: {len(body)}\r\n\r\n"
        return text.encode("utf-8", "surrogateescape")

    def _first_lines(self, path: str) -> str:
        target = self._prefix + quote(path, safe=_PATH_SAFE)
        lines = f"POST {target} HTTP/1.1\r\nhost: {self._host_header}\r\n{_AGENT}"
        if len(self._first) < _NAMES_KEPT:
            self._first[path] = lines
        return lines


def _host_header(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    if not all("!" <= sign <= "~" for sign in shown):
        raise ValueError("the URL's host has a space or a control character in it")
    return shown if port is None or port == 80 else f"{shown}:{port}"


def _check_names(headers: Mapping[str, str]) -> None:
    for name in headers:
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if name.lower() in _OURS:
            raise ValueError(f"the header {name} is the connection's own")
        if len(_good_names) < _NAMES_KEPT:
            _good_names.add(name)
