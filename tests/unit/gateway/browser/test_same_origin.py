"""Writes: let through from our own page and from scripts, refused from pages of others."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from zeta_router.gateway.browser.same_origin import check_body, check_write
from zeta_router.gateway.problems import RequestError

HOST = "127.0.0.1:8080"
OURS = {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}


def check(**headers: str) -> None:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    check_write(make_mocked_request("POST", "/zeta/endpoints/a/drain", headers=given))


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST},
        {"host": HOST, "content-type": "application/x-www-form-urlencoded"},
        {**OURS, "x-zeta-dashboard": "1"},
        {**OURS, "content-type": "application/json"},
        {**OURS, "content-type": "application/json; charset=utf-8"},
        {"host": "zeta.lan", "origin": "https://zeta.lan", "x-zeta-dashboard": "1"},
    ],
    ids=["curl", "curl -d", "marked", "json", "json with charset", "behind TLS"],
)
def test_let_through(headers: dict[str, str]) -> None:
    check(**headers)


@pytest.mark.parametrize(
    "headers",
    [
        {**OURS},
        {**OURS, "content-type": "text/plain"},
        {**OURS, "content-type": "application/x-www-form-urlencoded"},
        {**OURS, "origin": "https://evil.example", "content-type": "application/json"},
        {**OURS, "origin": f"http://{HOST}.evil.example", "x-zeta-dashboard": "1"},
        {**OURS, "origin": "http://127.0.0.1:9999", "x-zeta-dashboard": "1"},
        {**OURS, "origin": "null", "x-zeta-dashboard": "1"},
        {"host": HOST, "sec-fetch-site": "cross-site", "x-zeta-dashboard": "1"},
        {"host": HOST, "sec-fetch-site": "same-site", "x-zeta-dashboard": "1"},
        {"host": HOST, "referer": "https://evil.example/", "content-type": "text/plain"},
    ],
    ids=[
        "form of ours",
        "text",
        "form",
        "other site",
        "our name within another",
        "other port",
        "sandboxed",
        "cross-site",
        "same-site",
        "only a referer",
    ],
)
def test_refused(headers: dict[str, str]) -> None:
    with pytest.raises(RequestError) as refused:
        check(**headers)
    assert refused.value.status == 403
    assert refused.value.code == "cross_site"


class TestBodies:
    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
    )
    def test_what_a_page_of_another_site_slips_in_is_refused(self, origin: str, kind: str) -> None:
        headers = {"host": HOST, "origin": origin, "content-type": kind}
        with pytest.raises(RequestError) as refused:
            check_body(make_mocked_request("POST", "/v1/chat/completions", headers))
        assert (refused.value.status, refused.value.code) == (403, "cross_site")

    @pytest.mark.parametrize(
        "headers",
        [
            {"content-type": "text/plain"},
            {"content-type": "application/json", "origin": "app://obsidian.md"},
            {"content-type": "application/json; charset=utf-8", "origin": "https://a.example"},
            {"content-type": "text/plain", "origin": f"http://{HOST}"},
            {},
        ],
    )
    def test_programs_and_our_own_pages_pass(self, headers: dict[str, str]) -> None:
        check_body(make_mocked_request("POST", "/v1/chat/completions", {"host": HOST, **headers}))
