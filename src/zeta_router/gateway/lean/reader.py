"""From bytes to answers: llhttp's callbacks, with bounds, and without any input or output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from zeta_router.gateway.lean.bounds import Bounds

_NAMES_KEPT = 256
_names: dict[bytes, str] = {}


class WireError(Exception):
    """What came is not what HTTP allows, or more than the bounds do."""


class Headers(Mapping[str, str]):
    """Headers of an answer. Of several with one name the first counts."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def add(self, name: bytes, value: bytes) -> None:
        """Take a header as it came."""
        lower = _names.get(name) or _lower(name)
        if lower not in self._values:
            self._values[lower] = value.decode("utf-8", "surrogateescape")

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The value of a header, by its name in any case."""
        return self._values.get(name.lower(), default)


class Sink(Protocol):
    """Takes what the reader finds."""

    def begin(self, status: int, headers: Headers) -> None:
        """The headers are whole."""

    def take(self, piece: bytes) -> None:
        """A piece of the body."""


class ResponseReader:
    """Reads the answers of one connection, one after the other.

    Attributes:
        complete: Whether the expected answer has come to its end.
        keeps: Whether the connection may carry another one after it.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._sink: Sink | None = None
        self._headers = Headers()
        self._in_body = False
        self._bare_bytes = 0
        self._fields_bytes = 0
        self._count = 0
        self.complete = True
        self.keeps = True

    @property
    def touched(self) -> bool:
        """Whether a byte of the expected answer has come."""
        return self._in_body or self._bare_bytes > 0

    def expect(self, sink: Sink) -> None:
        """The next answer goes to `sink`."""
        self._sink = sink
        self._headers = Headers()
        self._in_body = False
        self._bare_bytes = self._fields_bytes = self._count = 0
        self.complete = False

    def feed(self, data: memoryview | bytes) -> None:
        """Take bytes. What follows a whole answer is nobody's: the connection is not kept.

        Raises:
            WireError: The answer cannot be read any further.
        """
        parser = self._parser
        if self.complete or parser is None:
            self.keeps = False
            return
        self._bare_bytes += len(data)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.keeps = False
            if not self.complete:
                raise WireError(_reason(error)) from None
        if self._bare_bytes > self._bounds.head_bytes and not self.complete:
            raise WireError(f"it sends more than {self._bounds.head_bytes} bytes without a body")

    def end(self) -> None:
        """The connection was closed in order.

        Raises:
            WireError: The answer is not whole.
        """
        self.keeps = False
        if self.complete:
            return
        if not self._in_body:
            raise WireError("it closed the connection before its answer")
        if "content-length" in self._headers or "transfer-encoding" in self._headers:
            raise WireError("it closed the connection within its answer")
        self.complete = True

    def free(self) -> None:
        """Nothing more is read: undo the circle of reader and parser."""
        self._parser = None
        self._sink = None

    def on_message_begin(self) -> None:
        """See llhttp."""
        if self.complete:
            raise WireError("it has spoken unasked")

    def on_header(self, name: bytes, value: bytes) -> None:
        """See llhttp; trailers come here too and are dropped."""
        self._count += 1
        self._fields_bytes += len(name) + len(value)
        if self._count > self._bounds.head_count:
            raise WireError(f"it sends more than {self._bounds.head_count} headers")
        if self._fields_bytes > self._bounds.head_bytes:
            raise WireError(f"its headers exceed {self._bounds.head_bytes} bytes")
        if not self._in_body:
            self._headers.add(name, value)

    def on_headers_complete(self) -> None:
        """See llhttp; interim answers are passed over."""
        parser, sink = self._parser, self._sink
        if parser is None or sink is None:
            return
        status = parser.get_status_code()
        if status < 100:
            raise WireError(f"it answers with status {status}")
        if status >= 200 or status == 101:
            self._in_body = True
            sink.begin(status, self._headers)

    def on_body(self, piece: bytes) -> None:
        """See llhttp."""
        self._bare_bytes = 0
        if self._sink is not None:
            self._sink.take(piece)

    def on_message_complete(self) -> None:
        """See llhttp."""
        if not self._in_body:
            self._headers = Headers()
            return
        self.complete = True
        self._sink = None
        self.keeps = self._parser is not None and self._parser.should_keep_alive()


def _reason(error: BaseException) -> str:
    """Why an answer cannot be read: our own bounds, or llhttp's word."""
    context = error.__context__
    if isinstance(context, WireError):
        return str(context)
    if isinstance(error, HttpParserUpgrade):
        return "it changes to another protocol, which nobody asked for"
    return f"its answer is not HTTP: {error}"


def _lower(name: bytes) -> str:
    lower = name.decode("latin-1").lower()
    if len(_names) < _NAMES_KEPT:
        _names[name] = lower
    return lower
