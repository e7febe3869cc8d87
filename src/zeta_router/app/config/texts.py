"""What the texts in a configuration must look like: names, addresses, URLs.

Each check gives back what is wrong and what would mend it, or None. The patterns say the same, as
far as a pattern can, for the JSON Schema and the editors that use it.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from zeta_router.core.query import AUTO


class Complaint(NamedTuple):
    """Why a text will not do, and what would."""

    problem: str
    hint: str = ""


NAME_PATTERN = r"^(?!([Aa][Uu][Tt][Oo]|[Zz][Ee][Tt][Aa])(:|$))[!-~]{1,200}$"
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
LISTEN_PATTERN = r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$"
HASH_PATTERN = r"^sha256:[0-9a-f]{64}$"
URL_PATTERN = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@]+(/[^\s?#]*)?$"

_RESERVED = (AUTO, "zeta")
_API_TAIL = re.compile(r"/(?:v\d+|api)(?:/.*)?\Z|/(?:metrics|health|docs)/?\Z")


def check_name(text: str) -> Complaint | None:
    """A model's name: it travels in headers and labels, and must not mean "any model"."""
    if re.fullmatch(NAME_PATTERN, text):
        return None
    if text.partition(":")[0].lower() in _RESERVED:
        return Complaint("asks the router to choose, so no model can have it", "take another name")
    return Complaint("is no model name", "use 1 to 200 printable ASCII characters without spaces")


def check_id(text: str) -> Complaint | None:
    """An endpoint's id: it is part of URLs and metric labels."""
    if re.fullmatch(ID_PATTERN, text):
        return None
    return Complaint(
        "is no endpoint id",
        "use up to 63 letters, digits, dots, dashes and underscores, a letter or digit first",
    )


def check_hash(text: str) -> Complaint | None:
    """The hash of an API key."""
    if re.fullmatch(HASH_PATTERN, text):
        return None
    return Complaint("is no hash of a key", "`zeta key NAME` makes a key and prints its hash")


def check_text(text: str) -> Complaint | None:
    """Any text that is not empty."""
    return None if text.strip() else Complaint("is empty", "")


def split_listen(text: str) -> tuple[str, int] | None:
    """Host and port of ``HOST:PORT`` (``[::1]:8080`` for IPv6), or None when it is not that."""
    if not re.fullmatch(LISTEN_PATTERN, text):
        return None
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def check_listen(text: str) -> Complaint | None:
    """An address to listen on. Port 0 takes a free one."""
    parts = split_listen(text)
    if parts is None:
        return Complaint("is no address to listen on", "write HOST:PORT, e.g. 127.0.0.1:8080")
    if parts[1] > 65535:
        return Complaint("has a port above 65535", "ports go from 0 (any free one) to 65535")
    return None


def check_engine_url(text: str) -> Complaint | None:
    """The base URL of an engine: the API's own path is added by whoever calls it."""
    complaint = check_url(text)
    if complaint is not None:
        return complaint
    path = urlsplit(text).path
    tail = _API_TAIL.search(path)
    if tail is not None:
        base = text[: len(text) - len(path) + tail.start()]
        return Complaint("has the path of an API in it, which is added by itself", f"write {base}")
    return None


def check_url(text: str) -> Complaint | None:
    """A URL with http or https, a host, and neither credentials, query nor fragment."""
    parts = _split(text)
    if parts is None or parts.scheme.lower() not in {"http", "https"}:
        return Complaint("is no URL with http:// or https://", _with_scheme(text))
    if not parts.hostname:
        return Complaint("names no host", "write http://HOST:PORT")
    if "@" in parts.netloc:
        return Complaint("holds credentials", "put the key into api_key: ${NAME}")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        return Complaint("has a query or a fragment", "leave out everything from ? or # on")
    if not re.fullmatch(URL_PATTERN, text):
        return Complaint("has a space or a character that no URL has", "write http://HOST:PORT")
    return _check_port(parts)


def _check_port(parts: SplitResult) -> Complaint | None:
    try:
        port = parts.port
    except ValueError:
        return Complaint("has a port that is not a number up to 65535", "write http://HOST:PORT")
    if port == 0 or parts.netloc.endswith(":"):
        return Complaint("has no usable port", "ports go from 1 to 65535")
    return None


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:
        return None


def _with_scheme(text: str) -> str:
    if re.match(r"[A-Za-z0-9._-]+(?::\d{1,5})?(?:/\S*)?\Z", text):
        return f"write http://{text}"
    return "write http://HOST:PORT"


def shown(text: str) -> str:
    """A text as messages show it: quoted, short, and without credentials of a URL."""
    hidden = re.sub(r"(?<=//)[^/@\s]*@", "…@", text)
    return repr(hidden if len(hidden) <= 80 else hidden[:77] + "…")
