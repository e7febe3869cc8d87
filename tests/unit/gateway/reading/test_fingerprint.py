"""Who asks and what conversation asks, as hashes made from the request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from multidict import CIMultiDict

from zeta_router.core.query import Operation, Query
from zeta_router.gateway.reading.body import parse
from zeta_router.gateway.reading.fingerprint import asker_of, smallest_words, tenant_of
from zeta_router.gateway.reading.intake import query_of
from zeta_router.router.query.judging import is_housekeeping

FIRST = {"role": "user", "content": "Sort a list of dates"}
ANSWER = {"role": "assistant", "content": "Use sorted()."}
SECOND = {"role": "user", "content": "And in reverse?"}


def taken(
    *messages: dict[str, Any], session: str = "", remote: str | None = None, **headers: str
) -> Query:
    raw = json.dumps({"messages": messages}).encode()
    given = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    if session:
        given["x-zeta-session"] = session
    body = parse(Operation.CHAT, raw)
    return query_of(Operation.CHAT, body, given, query_id="q", now_s=0.0, remote=remote)


def mark(*messages: dict[str, Any], **more: str) -> Any:
    return taken(*messages, **more).fingerprint


def test_the_same_conversation_has_the_same_hash() -> None:
    assert mark(FIRST).whole == mark(FIRST).whole
    assert mark(FIRST).whole != mark(SECOND).whole
    assert mark(FIRST, ANSWER, SECOND).whole != mark(SECOND).whole
    system = {"role": "system", "content": "Be brief."}
    assert mark(system, FIRST).whole != mark(FIRST).whole


def test_what_came_before_counts_only_after_an_answer() -> None:
    assert mark(FIRST).before == 0
    assert mark({"role": "system", "content": "x"}, FIRST).before == 0
    one, other = mark(FIRST, ANSWER, SECOND), mark(FIRST, ANSWER, FIRST)
    assert one.before == other.before != 0
    assert one.whole != other.whole


def test_roles_and_borders_are_part_of_it() -> None:
    a = {"role": "user", "content": "ab"}, {"role": "assistant", "content": "c"}, FIRST
    b = {"role": "user", "content": "a"}, {"role": "assistant", "content": "bc"}, FIRST
    assert mark(*a).before != mark(*b).before


def test_long_conversations_that_differ_in_length_differ() -> None:
    long = {"role": "user", "content": "x" * 20_000}
    longer = {"role": "user", "content": "x" * 20_001}
    assert mark(long).whole != mark(longer).whole


def test_words_are_kept_only_of_named_conversations() -> None:
    assert mark(FIRST).words == ()
    words = mark(FIRST, session="s").words
    assert words == tuple(sorted(words))
    assert words == smallest_words("sort A list of dates")


@pytest.mark.parametrize("text", ["", "\ud800", "x" * 100_000, "逐 字 逐 句"])
def test_any_text_has_words(text: str) -> None:
    assert len(smallest_words(text)) <= 16


def test_the_asker_is_tenant_key_or_address_and_never_in_clear() -> None:
    assert taken(FIRST, x_zeta_tenant="team", authorization="Bearer x").asker == "team"
    key = taken(FIRST, authorization="Bearer secret", remote="127.0.0.1")
    assert key.asker == key.tenant == tenant_of({"authorization": "Bearer secret"})
    assert "secret" not in key.asker
    unnamed = taken(FIRST, remote="192.0.2.7")
    assert unnamed.tenant == ""
    assert unnamed.asker == asker_of({}, "192.0.2.7") != asker_of({}, "192.0.2.8")
    assert "192" not in unnamed.asker
    assert taken(FIRST).asker == ""


def test_housekeeping_has_no_fingerprint_and_says_so() -> None:
    title = taken(FIRST, **{"x-openwebui-task": "title_generation"})
    assert title.fingerprint is None
    assert is_housekeeping(title)
    assert not is_housekeeping(taken(FIRST))


def test_embeddings_have_none() -> None:
    body = parse(Operation.EMBEDDING, b'{"input": "x"}')
    query = query_of(Operation.EMBEDDING, body, {}, query_id="q", now_s=0.0, remote="::1")
    assert query.fingerprint is None
    assert query.asker == asker_of({}, "::1")
