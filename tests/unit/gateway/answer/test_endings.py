"""How an attempt ended, from what the engine sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from multidict import CIMultiDict

from zeta_router.core.outcome import Outcome, Status, Teaches
from zeta_router.gateway.answer.endings import (
    answered,
    broken_stream,
    ends_by_closing,
    failure,
    is_answer,
    refusal,
)
from zeta_router.gateway.answer.reading import read_whole
from zeta_router.gateway.upstream import (
    BrokenError,
    TooSlowError,
    UnreachableError,
    UpstreamError,
)


@dataclass
class Said:
    """The head of an answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    async def read(self) -> bytes:
        return b""

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        return True

    def close(self) -> None:
        return


@pytest.mark.parametrize("status", [200, 201, 206, 400, 401, 404, 408, 413, 422, 499])
def test_what_is_for_the_client(status: int) -> None:
    assert is_answer(status)


@pytest.mark.parametrize(
    "status", [101, 300, 301, 302, 304, 307, 308, 429, 500, 502, 503, 504, 599]
)
def test_what_is_not(status: int) -> None:
    assert not is_answer(status)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"Content-Length": "7"}, False),
        ({"Transfer-Encoding": "chunked"}, False),
        ({"Connection": "close"}, True),
    ],
)
def test_whether_only_the_closed_connection_ends_a_body(
    headers: dict[str, str], expected: bool
) -> None:
    assert ends_by_closing(Said(headers=CIMultiDict(headers))) is expected


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("²", None),
        ("9" * 400, float("inf")),
    ],
)
def test_busy_with_its_word_on_when_to_come_back(
    status: int, text: str, seconds: float | None
) -> None:
    outcome = refusal(Said(status, {"retry-after": text}))
    assert outcome == Outcome(Status.UPSTREAM_BUSY, http_status=status, retry_after_s=seconds)


@pytest.mark.parametrize("status", [200, 302, 500, 502, 504])
def test_any_other_refusal_is_a_failure_with_its_status(status: int) -> None:
    outcome = refusal(Said(status))
    assert outcome == Outcome(Status.UPSTREAM_ERROR, http_status=status)


@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (UnreachableError("x"), Status.UPSTREAM_UNREACHABLE),
        (TooSlowError("x"), Status.UPSTREAM_TIMEOUT),
        (BrokenError("x"), Status.UPSTREAM_ERROR),
    ],
)
def test_problems_with_the_connection(
    problem: UpstreamError, status: Status, started: bool
) -> None:
    outcome = failure(problem, started)
    assert outcome == Outcome(status, started=started)
    assert outcome.status.teaches is Teaches.FAILURE


@pytest.mark.parametrize(("status", "expected"), [(200, Status.OK), (400, Status.CLIENT_ERROR)])
def test_an_answer(status: int, expected: Status) -> None:
    body = {
        "choices": [{"finish_reason": "length"}],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }
    reading = read_whole(json.dumps(body).encode())
    assert answered(reading, Said(status), 3.0, 1.0) == Outcome(
        expected,
        started=True,
        ttft_s=1.0,
        e2e_s=3.0,
        prompt_tokens=5,
        output_tokens=2,
        cached_tokens=4,
        http_status=status,
        finish_reason="length",
    )


def test_the_end_of_a_broken_stream_can_be_read_after_any_cut() -> None:
    told = broken_stream(BrokenError('reset "by\npeer"'))
    *_, data, last = (b'data: {"choices":[{"de' + told).split(b"\n\n")
    assert last == b""
    assert data.startswith(b"data: ")
    error = json.loads(data[6:])["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] == "upstream_failed"
    assert b"[DONE]" not in told


@pytest.mark.parametrize(
    ("tokens", "took_s", "believed"),
    [(300, 0.01, 300), (100_000, 20.0, 100_000), (10**7, 1.0, None), (10**9, 60.0, None)],
)
def test_more_tokens_than_an_engine_can_write_in_the_time_are_none(
    tokens: int, took_s: float, believed: int | None
) -> None:
    reading = read_whole(json.dumps({"usage": {"completion_tokens": tokens}}).encode())
    assert answered(reading, Said(), took_s).output_tokens == believed
