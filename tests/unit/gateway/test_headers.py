"""Headers both ways, by allow-list."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from support.records import decided
from zeta_router.gateway.headers import answer_headers, model_of, upstream_headers

ALWAYS = {"content-type": "application/json", "accept-encoding": "identity"}


class TestToTheEngine:
    def test_nothing_but_what_is_needed(self) -> None:
        assert upstream_headers({}, None) == ALWAYS

    @pytest.mark.parametrize("name", ["traceparent", "tracestate", "x-request-id", "accept"])
    def test_what_may_pass(self, name: str) -> None:
        theirs = CIMultiDict({name.title(): "value"})
        assert upstream_headers(theirs, None) == {**ALWAYS, name: "value"}

    @pytest.mark.parametrize(
        "name",
        [
            "authorization",
            "proxy-authorization",
            "cookie",
            "host",
            "connection",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "content-length",
            "content-encoding",
            "expect",
            "forwarded",
            "x-forwarded-for",
            "x-api-key",
            "x-zeta-session",
            "user-agent",
        ],
    )
    def test_what_may_not(self, name: str) -> None:
        assert upstream_headers(CIMultiDict({name: "value"}), None) == ALWAYS

    def test_the_client_s_type_and_coding_do_not_count(self) -> None:
        theirs = CIMultiDict({"Content-Type": "text/plain", "Accept-Encoding": "gzip, br"})
        assert upstream_headers(theirs, None) == ALWAYS

    def test_the_engine_s_key_takes_the_place_of_the_client_s(self) -> None:
        theirs = CIMultiDict({"Authorization": "Bearer client"})
        assert upstream_headers(theirs, "engine")["authorization"] == "Bearer engine"


class TestToTheClient:
    DECISION = decided("q1")

    def test_what_was_decided(self) -> None:
        headers = answer_headers(self.DECISION.decision, {}, 1.23456, 0.000789, 2)
        assert headers == {
            "x-zeta-decision-id": "q1",
            "x-zeta-task": self.DECISION.decision.task.task.value,
            "x-zeta-reason": self.DECISION.decision.reason.value,
            "x-zeta-queue-ms": "1234.6",
            "x-zeta-overhead-ms": "0.79",
            "x-zeta-attempts": "2",
            "x-zeta-endpoint": self.DECISION.decision.endpoint_id,
            "x-zeta-model": model_of(self.DECISION.decision),
        }

    def test_without_an_engine_no_engine_is_named(self) -> None:
        headers = answer_headers(self.DECISION.decision, None, 0.0, 0.0, 0)
        assert "x-zeta-endpoint" not in headers
        assert "x-zeta-model" not in headers

    @pytest.mark.parametrize(
        "name", ["content-type", "content-encoding", "x-request-id", "cache-control"]
    )
    def test_what_may_pass(self, name: str) -> None:
        theirs = CIMultiDict({name.title(): "value"})
        assert answer_headers(self.DECISION.decision, theirs, 0, 0, 1)[name] == "value"

    @pytest.mark.parametrize(
        "name",
        [
            "content-length",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "set-cookie",
            "server",
            "date",
            "location",
            "www-authenticate",
            "strict-transport-security",
            "access-control-allow-origin",
            "x-zeta-endpoint",
        ],
    )
    def test_what_may_not(self, name: str) -> None:
        bare = answer_headers(self.DECISION.decision, {}, 0, 0, 1)
        theirs = CIMultiDict({name: "value"})
        assert answer_headers(self.DECISION.decision, theirs, 0, 0, 1) == bare

    def test_the_model_of_a_decision_that_chose_none(self) -> None:
        assert model_of(self.DECISION.decision._replace(endpoint_id=None)) == ""
