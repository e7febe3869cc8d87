"""The bytes of a request, and what must never be among them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeta_router.gateway.lean.target import Target

AGENT = "user-agent: zeta-router\r\n"


def head_of(url: str, path: str = "/v1/x", headers: dict[str, str] | None = None) -> list[str]:
    return Target(url).request(path, headers or {}, b"{}").decode().split("\r\n")


def test_the_whole_of_it() -> None:
    target = Target("http://127.0.0.1:8001")
    assert (
        target.request("/v1/x", {"a": "b", "c": ""}, b"four")
        == (
            f"POST /v1/x HTTP/1.1\r\nhost: 127.0.0.1:8001\r\n{AGENT}a: b\r\nc: \r\n"
            "content-length: 4\r\n\r\n"
        ).encode()
    )


@pytest.mark.parametrize(
    ("url", "host", "port", "header"),
    [
        ("http://engine", "engine", 80, "engine"),
        ("http://engine:80", "engine", 80, "engine"),
        ("http://ENGINE:8001", "engine", 8001, "engine:8001"),
        ("http://[::1]:8001", "::1", 8001, "[::1]:8001"),
        ("http://[2001:db8::1]", "2001:db8::1", 80, "[2001:db8::1]"),
        ("http://bücher.example:8001", "bücher.example", 8001, "xn--bcher-kva.example:8001"),
        ("HTTP://engine/", "engine", 80, "engine"),
    ],
)
def test_hosts(url: str, host: str, port: int, header: str) -> None:
    target = Target(url)
    assert (target.host, target.port) == (host, port)
    assert head_of(url)[1] == f"host: {header}"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://e", "/v1/x"),
        ("http://e/", "/v1/x"),
        ("http://e/a/b", "/a/b/v1/x"),
        ("http://e/a/b/", "/a/b/v1/x"),
        ("http://e/run/engine.sock/", "/run/engine.sock/v1/x"),
        ("http://e/a%20b", "/a%20b/v1/x"),
        ("http://e/ü", "/%C3%BC/v1/x"),
        ("http://e/a\r\nx: y", "/ax:%20y/v1/x"),
    ],
)
def test_paths(url: str, path: str) -> None:
    assert head_of(url)[0] == f"POST {path} HTTP/1.1"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://engine", "http://"),
        ("ftp://engine", "http://"),
        ("engine:8001", "http://"),
        ("http://", "no host"),
        ("http://engine?a=b", "a query"),
        ("http://engine/#a", "fragment"),
        ("http://user:pass@engine", "credentials"),
        ("http://user@engine", "credentials"),
        ("http://engine:99999", "range"),
        ("http://a b", "space"),
        ("http://[::1", "IPv6"),
    ],
)
def test_urls_that_are_refused(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        Target(url)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "\r\n\r\nGET / HTTP/1.1"])
def test_values_that_would_be_more_than_one_header(value: str) -> None:
    with pytest.raises(ValueError, match="line break or a NUL"):
        head_of("http://e", headers={"x-a": value})


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "ä", "a\0", "a\n"])
def test_names_that_are_none(name: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="no name"):
            head_of("http://e", headers={name: "v"})


@pytest.mark.parametrize(
    "name", ["Content-Length", "transfer-encoding", "HOST", "connection", "te", "expect", "upgrade"]
)
def test_what_belongs_to_the_connection_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="connection's own"):
        head_of("http://e", headers={name: "7"})


def test_bytes_that_are_no_utf_8_arrive_as_they_came() -> None:
    came = b"\xff\xfe".decode("utf-8", "surrogateescape")
    assert b"x-a: \xff\xfe\r\n" in Target("http://e").request("/", {"x-a": came}, b"")


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4), st.binary(max_size=9))
def test_no_header_adds_a_line(headers: dict[str, str], body: bytes) -> None:
    try:
        sent = Target("http://e").request("/v1/x", headers, body)
    except ValueError:
        return
    lines = sent.split(b"\r\n")
    assert len(lines) == 3 + len(headers) + 1 + 2
    assert sent.count(b"\n") == sent.count(b"\r") == len(lines) - 1
    assert b"\0" not in sent
