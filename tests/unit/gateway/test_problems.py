"""Every problem as an answer, in one table."""

from __future__ import annotations

import json

import pytest

from support.records import decided
from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.reasons import DROP_TEXT, REASON_TEXT, Drop, Reason
from zeta_router.gateway.problems import HTTP_OF_REASON, RequestError, error_body, rejection

NEVER_REJECTED_FOR = {
    Reason.ROUTE,
    Reason.BALANCED,
    Reason.BEST_SCORE,
    Reason.PINNED,
    Reason.OVERFLOW,
    Reason.FALLBACK,
    Reason.EXPLORED,
    Reason.HEDGED,
    Reason.WAIT_SLOT,
    Reason.WAIT_ENDPOINT,
}
STATUS = {
    Reason.QUEUE_FULL: 429,
    Reason.DEADLINE: 429,
    Reason.SHED: 429,
    Reason.NO_ENDPOINT_UP: 503,
    Reason.NO_CAPABLE_MODEL: 400,
    Reason.UNKNOWN_MODEL: 404,
    Reason.UPSTREAM_FAILED: 502,
    Reason.UPSTREAM_TIMEOUT: 504,
}


def rejected(reason: Reason, **more: object) -> Decision:
    given = {"verdict": Verdict.REJECT, "reason": reason, "endpoint_id": None, **more}
    return decided("q1").decision._replace(**given)  # type: ignore[arg-type]


def test_the_table_is_total_over_every_reason_for_a_refusal() -> None:
    assert set(HTTP_OF_REASON) == set(Reason) - NEVER_REJECTED_FOR


@pytest.mark.parametrize(("reason", "status"), STATUS.items())
def test_each_reason_has_its_status_and_openai_s_shape(reason: Reason, status: int) -> None:
    response = rejection(rejected(reason, retry_after_s=None), "gpt-9", {"x-a": "b"})
    assert response.status == status
    assert response.content_type == "application/json"
    assert response.headers["x-a"] == "b"
    assert isinstance(response.body, bytes)
    error = json.loads(response.body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["code"]
    kinds = {429: "rate_limit_error", 400: "invalid_request_error", 404: "invalid_request_error"}
    assert error["type"] == kinds.get(status, "server_error")


@pytest.mark.parametrize(("reason", "status"), STATUS.items())
def test_retry_after_where_asking_again_helps(reason: Reason, status: int) -> None:
    response = rejection(rejected(reason, retry_after_s=2.1), "m", {})
    assert response.headers.get("retry-after") == ("3" if status in (429, 503) else None)


def test_an_unknown_model_is_named() -> None:
    body = json.loads(rejection(rejected(Reason.UNKNOWN_MODEL), 'gpt"9', {}).body or b"")
    assert body["error"]["param"] == "model"
    assert 'gpt"9' in body["error"]["message"]
    assert "/v1/models" in body["error"]["message"]


@pytest.mark.parametrize("reason", [Reason.NO_ENDPOINT_UP, Reason.NO_CAPABLE_MODEL])
def test_who_was_dropped_and_why(reason: Reason) -> None:
    dropped = (("a", Drop.DOWN), ("b", Drop.CONTEXT_TOO_SMALL))
    body = json.loads(rejection(rejected(reason, dropped=dropped), "auto", {}).body or b"")
    message = body["error"]["message"]
    assert REASON_TEXT[reason] in message
    assert f"a: {DROP_TEXT[Drop.DOWN]}" in message
    assert f"b: {DROP_TEXT[Drop.CONTEXT_TOO_SMALL]}" in message


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
    ],
)
def test_a_request_error_as_an_answer(status: int, kind: str) -> None:
    error = RequestError(status, "why", param="a[0].b", code="c", headers={"allow": "GET"})
    response = error.response()
    assert (response.status, response.headers["allow"]) == (status, "GET")
    assert json.loads(response.body or b"") == {
        "error": {"message": "why", "type": kind, "param": "a[0].b", "code": "c"}
    }


def test_any_message_can_be_told() -> None:
    message = 'quotes " and \n newlines and 😀'
    assert json.loads(error_body(message, "t", None, None))["error"]["message"] == message
