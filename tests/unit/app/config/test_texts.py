"""Names, addresses and URLs."""

from __future__ import annotations

import pytest

from zeta_router.app.config import texts


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://h",
        "https://h/",
        "HTTP://h:1/base/path",
        "http://[::1]:8000",
        "http://h:65535/v1beta/x-v1",
        "http://h/apis",
    ],
)
def test_engine_urls(url: str) -> None:
    assert texts.check_engine_url(url) is None


@pytest.mark.parametrize(
    ("url", "problem", "hint"),
    [
        ("h:8000", "no URL with http", "write http://h:8000"),
        ("h", "no URL with http", "write http://h"),
        ("unix:///x", "no URL with http", "write http://HOST:PORT"),
        ("http:/h", "names no host", "write http://HOST:PORT"),
        ("http://:80", "names no host", "write http://HOST:PORT"),
        ("http://u:p@h", "credentials", "api_key"),
        ("http://h?x", "query", "leave out"),
        ("http://h/#", "query or a fragment", "leave out"),
        ("http://h/a b", "has a space", "write"),
        ("http://h:0", "no usable port", "1 to 65535"),
        ("http://h:", "no usable port", "1 to 65535"),
        ("http://h:70000", "port that is not", "write"),
        ("http://[::1", "no URL with http", "write"),
        ("http://h:1/v1", "path of an API", "write http://h:1"),
        ("http://h:1/v1/", "path of an API", "write http://h:1"),
        ("http://h/x/v2/embed", "path of an API", "write http://h/x"),
        ("http://h/api/chat", "path of an API", "write http://h"),
        ("http://h/metrics", "path of an API", "write http://h"),
    ],
)
def test_urls_that_will_not_do(url: str, problem: str, hint: str) -> None:
    complaint = texts.check_engine_url(url)
    assert complaint is not None
    assert problem in complaint.problem
    assert hint in complaint.hint


def test_an_exporter_may_have_a_path() -> None:
    assert texts.check_url("http://h:9100/metrics") is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:80", ("::1", 80)),
        ("8080", None),
        (":8080", None),
        ("::1:80", None),
        ("h:", None),
        ("h:8o", None),
        ("h:80\n", None),
    ],
)
def test_addresses(text: str, parts: tuple[str, int] | None) -> None:
    assert texts.split_listen(text) == parts
    assert (texts.check_listen(text) is None) == (parts is not None)


def test_a_port_has_an_upper_bound() -> None:
    assert texts.check_listen("h:65535") is None
    complaint = texts.check_listen("h:65536")
    assert complaint is not None
    assert "65535" in complaint.problem


@pytest.mark.parametrize("name", ["m", "Qwen/Qwen2.5-7B", "qwen:7b", "autocoder", "x" * 200])
def test_model_names(name: str) -> None:
    assert texts.check_name(name) is None


@pytest.mark.parametrize("name", ["", "a b", "x" * 201, "é", "a\n", "auto", "AUTO:code", "zeta"])
def test_names_that_no_model_can_have(name: str) -> None:
    assert texts.check_name(name) is not None


@pytest.mark.parametrize("text", ["a/b", "", "-a", "x" * 64, "a\n", "a b"])
def test_ids_that_no_endpoint_can_have(text: str) -> None:
    assert texts.check_id(text) is not None
    assert texts.check_id("a" + "x" * 62) is None


def test_shown_texts_are_short_and_without_credentials() -> None:
    assert texts.shown("http://user:pw@h") == "'http://…@h'"
    assert len(texts.shown("x" * 500)) == 80
