"""From a request to a query: the last place that sees the text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from multidict import CIMultiDict

from zeta_router.core.query import AUTO, Capability, Lane, Operation, Query, Slo, Task, certain
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.body import parse
from zeta_router.gateway.reading.intake import HOUSEKEEPING, TASK_ALIASES, query_of
from zeta_router.learn.task.ask import FEATURE_NAMES

PICTURE = "data:image/png;base64," + "iVBOR" * 400_000
CHINESE = "请用三句话解释量子纠缠。" * 100


def intake(
    body: dict[str, Any],
    operation: Operation = Operation.CHAT,
    ensure_ascii: bool = True,
    **headers: str,
) -> Query:
    """The query of a request; `x_zeta_priority` becomes ``x-zeta-priority``."""
    raw = json.dumps(body, ensure_ascii=ensure_ascii).encode()
    given = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return query_of(operation, parse(operation, raw), given, query_id="q1", now_s=7.0)


def chat(content: Any = "hi", role: str = "user", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content}], **more}


def test_a_plain_question() -> None:
    query = intake(chat("What is the capital of France?"))
    assert (query.id, query.arrived_at_s, query.operation) == ("q1", 7.0, Operation.CHAT)
    assert (query.model_requested, query.task, query.needs) == (AUTO, None, frozenset())
    assert (query.lane, query.slo, query.session_id) == (Lane.NORMAL, Slo(), "")
    assert (query.stream, query.max_output_tokens) == (False, None)
    assert len(query.features) == len(FEATURE_NAMES)
    assert 6 <= query.prompt_tokens <= 10


def test_the_text_stays_here() -> None:
    query = intake(chat("a very particular secret"), x_zeta_session="s")
    assert "secret" not in repr(query)


class TestModel:
    @pytest.mark.parametrize("name", ["auto", "zeta"])
    def test_virtual_names_leave_the_choice_open(self, name: str) -> None:
        query = intake(chat(model=name))
        assert (query.model_requested, query.task) == (AUTO, None)

    @pytest.mark.parametrize(("name", "task"), TASK_ALIASES.items())
    def test_virtual_names_that_state_the_task(self, name: str, task: Task) -> None:
        query = intake(chat(model=name))
        assert (query.model_requested, query.task) == (AUTO, certain(task))

    @pytest.mark.parametrize("name", ["coder", "auto:cooking", "AUTO", "", "Auto "])
    def test_any_other_name_is_a_model_s(self, name: str) -> None:
        assert intake(chat(model=name)).model_requested == name

    @pytest.mark.parametrize("operation", [Operation.EMBEDDING, Operation.RERANK])
    def test_a_task_cannot_be_stated_where_the_call_states_it(self, operation: Operation) -> None:
        body = {"model": "auto:code", "input": "x", "query": "q", "documents": ["d"]}
        query = intake(body, operation)
        assert (query.model_requested, query.task) == (AUTO, None)


class TestHousekeeping:
    @pytest.mark.parametrize("kind", sorted(HOUSEKEEPING))
    def test_what_a_chat_program_asks_for_itself_is_simple(self, kind: str) -> None:
        assert intake(chat(), X_OpenWebUI_Task=kind).task == certain(Task.SIMPLE)

    def test_an_unknown_kind_says_nothing(self) -> None:
        assert intake(chat(), X_OpenWebUI_Task="poetry").task is None

    def test_a_named_task_counts_more(self) -> None:
        query = intake(chat(model="auto:code"), X_OpenWebUI_Task="title_generation")
        assert query.task == certain(Task.CODE)


class TestSize:
    @pytest.mark.parametrize("escaped", [True, False])
    def test_the_same_text_is_as_long_however_it_is_encoded(self, escaped: bool) -> None:
        query = intake(chat(CHINESE), ensure_ascii=escaped)
        assert query.prompt_tokens == pytest.approx(len(CHINESE) / 1.5, rel=0.1)

    @pytest.mark.parametrize("role", ["user", "assistant", "tool", "system"])
    def test_every_message_counts(self, role: str) -> None:
        body = {
            "messages": [{"role": "user", "content": "hi"}, {"role": role, "content": "x" * 3600}]
        }
        assert intake(body).prompt_tokens == pytest.approx(1000, rel=0.01)

    def test_an_image_is_a_thousand_tokens_whatever_its_bytes(self) -> None:
        content = [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ]
        assert 900 < intake(chat(content)).prompt_tokens < 1100

    def test_an_image_of_a_response_too(self) -> None:
        content = [
            {"type": "input_text", "text": "hm?"},
            {"type": "input_image", "image_url": PICTURE},
        ]
        body = {"input": [{"role": "user", "content": content}]}
        query = intake(body, Operation.RESPONSE)
        assert 900 < query.prompt_tokens < 1100
        assert query.needs == {Capability.VISION}

    def test_an_input_as_deep_as_json_may_be(self) -> None:
        raw = b'{"input":[{"a":' + b"[" * 900 + b"]" * 900 + b"}]}"
        body = parse(Operation.RESPONSE, raw)
        query = query_of(Operation.RESPONSE, body, {}, query_id="q", now_s=0.0)
        assert query.prompt_tokens == 0

    def test_instructions_of_a_response_count(self) -> None:
        body = {"input": "hi", "instructions": "x" * 3600}
        assert intake(body, Operation.RESPONSE).prompt_tokens == pytest.approx(1000, rel=0.01)

    @pytest.mark.parametrize("operation", [Operation.EMBEDDING, Operation.COMPLETION])
    @pytest.mark.parametrize(
        ("given", "tokens"),
        [("x" * 360, 100), (["x" * 180, "x" * 180], 100), ([7] * 90, 100), ([[7] * 45] * 2, 100)],
    )
    def test_texts_and_tokens(self, operation: Operation, given: Any, tokens: int) -> None:
        body = {"input": given, "prompt": given}
        assert intake(body, operation).prompt_tokens == tokens

    def test_documents(self) -> None:
        body = {"query": "q", "documents": ["x" * 178, {"text": "x" * 168}]}
        assert intake(body, Operation.RERANK).prompt_tokens == 100

    def test_nothing(self) -> None:
        assert intake({"prompt": ""}, Operation.COMPLETION).prompt_tokens == 0
        assert intake({"messages": [{"role": "assistant"}]}).prompt_tokens == 0


class TestNeeds:
    @pytest.mark.parametrize("kind", ["json_object", "json_schema"])
    def test_json(self, kind: str) -> None:
        assert intake(chat(response_format={"type": kind})).needs == {Capability.JSON}

    @pytest.mark.parametrize("form", [{"type": "text"}, {}, {"type": ["json_object"]}, None])
    def test_no_json(self, form: Any) -> None:
        assert intake(chat(response_format=form)).needs == frozenset()

    def test_tools(self) -> None:
        assert intake(chat(tools=[{"type": "function"}])).needs == {Capability.TOOLS}
        assert intake(chat(tools=[])).needs == frozenset()
        assert intake(chat(tools=None)).needs == frozenset()

    def test_an_image_behind_a_long_text(self) -> None:
        content = [
            {"type": "text", "text": "x" * 9000},
            {"type": "image_url", "image_url": {"url": "u"}},
        ]
        assert intake(chat(content)).needs == {Capability.VISION}

    def test_an_image_of_an_earlier_turn(self) -> None:
        image = [{"type": "image_url", "image_url": {"url": "u"}}]
        body = {"messages": [{"role": "user", "content": image}, {"role": "user", "content": "hi"}]}
        assert intake(body).needs == {Capability.VISION}

    def test_sound_is_no_image(self) -> None:
        assert intake(chat([{"type": "input_audio", "input_audio": {}}])).needs == frozenset()


class TestContent:
    @pytest.mark.parametrize("role", ["user", "system", "developer"])
    @pytest.mark.parametrize("content", [7, {"a": 1}, True])
    def test_of_a_wrong_type_is_named(self, role: str, content: Any) -> None:
        with pytest.raises(RequestError) as caught:
            intake(chat(content, role))
        assert caught.value.param == "messages[0].content"

    @pytest.mark.parametrize("content", [7, {"a": 1}, True, [5], [{"text": 7}]])
    def test_of_other_roles_is_for_the_engine_to_judge(self, content: Any) -> None:
        assert intake(chat(content, "tool")).prompt_tokens == 0

    def test_of_parts_with_numbers_beyond_any_float(self) -> None:
        raw = b'{"messages":[{"role":"user","content":[{"type":"text","text":"hi","n":1e400}]}]}'
        query = query_of(Operation.CHAT, parse(Operation.CHAT, raw), {}, query_id="q", now_s=0.0)
        assert query.prompt_tokens == 1


class TestHints:
    def test_objectives(self) -> None:
        query = intake(
            chat(), x_zeta_slo_ttft_ms="250", x_zeta_slo_tpot_ms="40.5", x_zeta_slo_e2e_ms="1e4"
        )
        assert query.slo == Slo(0.25, 0.0405, 10.0)

    @pytest.mark.parametrize(
        "name", ["x-zeta-slo-ttft-ms", "x-zeta-slo-tpot-ms", "x-zeta-slo-e2e-ms"]
    )
    @pytest.mark.parametrize("text", ["", "soon", "0", "-1", "nan", "inf", "1e9", "1 s", "١٢x"])
    def test_objectives_that_make_no_sense(self, name: str, text: str) -> None:
        with pytest.raises(RequestError) as caught:
            intake(chat(), **{name: text})
        assert (caught.value.status, caught.value.param) == (400, name)

    @pytest.mark.parametrize("lane", list(Lane))
    def test_lanes(self, lane: Lane) -> None:
        assert intake(chat(), x_zeta_priority=lane.value).lane is lane

    @pytest.mark.parametrize("text", ["", "high", "NORMAL", "1"])
    def test_lanes_that_do_not_exist(self, text: str) -> None:
        with pytest.raises(RequestError, match="interactive, normal, batch") as caught:
            intake(chat(), x_zeta_priority=text)
        assert caught.value.param == "x-zeta-priority"


class TestWeight:
    def test_what_an_answer_is_worth(self) -> None:
        assert intake(chat()).weight == 1.0
        assert intake(chat(), x_zeta_weight="2.5").weight == 2.5

    @pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "101", "much"])
    def test_weights_that_are_none(self, text: str) -> None:
        with pytest.raises(RequestError, match="x-zeta-weight") as caught:
            intake(chat(), x_zeta_weight=text)
        assert caught.value.param == "x-zeta-weight"


class TestSession:
    @pytest.mark.parametrize(
        "name", ["x-zeta-session", "x-session-id", "x-conversation-id", "X-OpenWebUI-Chat-Id"]
    )
    def test_under_each_of_its_names(self, name: str) -> None:
        assert intake(chat(user="u"), **{name: "abc"}).session_id == "abc"

    def test_the_more_particular_counts(self) -> None:
        body = chat(user="u", prompt_cache_key="k")
        assert intake(body, x_session_id="b", x_zeta_session="a").session_id == "a"
        assert intake(body, x_zeta_session="").session_id == "k"
        assert intake(chat(user="u")).session_id == "u"

    def test_is_bounded(self) -> None:
        assert intake(chat(user="u" * 1_000_000)).session_id == "u" * 256

    def test_of_bytes_that_are_no_text_can_still_be_written_down(self) -> None:
        session = intake(chat(), x_session_id="a\udcffb").session_id
        assert session == "a?b"
        assert session.encode()


class TestTenant:
    def test_nobody_in_particular(self) -> None:
        assert intake(chat()).tenant == ""

    def test_by_key_of_which_only_a_hash_is_kept(self) -> None:
        query = intake(chat(), authorization="Bearer sk-very-secret")
        assert query.tenant.startswith("key-")
        assert "secret" not in repr(query)
        assert intake(chat(), authorization="Bearer sk-very-secret").tenant == query.tenant
        assert intake(chat(), authorization="Bearer sk-other").tenant != query.tenant

    def test_as_stated_and_bounded(self) -> None:
        assert intake(chat(), x_zeta_tenant="team", authorization="Bearer x").tenant == "team"
        assert len(intake(chat(), x_zeta_tenant="t" * 5000).tenant) == 64


class TestPrefix:
    def test_a_conversation_shares_its_beginning(self) -> None:
        turns = [{"role": "system", "content": "rule " * 1000}, {"role": "user", "content": "hi"}]
        first = intake({"messages": turns}).prefix_hashes
        answer = {"role": "assistant", "content": "word " * 1000}
        second = intake({"messages": [*turns, answer, {"role": "user", "content": "and?"}]})
        assert len(first) == 2
        assert second.prefix_hashes[:2] == first

    def test_other_tools_are_another_prefix(self) -> None:
        long = chat("rule " * 1000)
        tool = {"type": "function", "function": {"name": "f"}}
        assert intake(long).prefix_hashes[0] != intake({**long, "tools": [tool]}).prefix_hashes[0]

    def test_completions_have_one_too(self) -> None:
        asked = intake({"prompt": "rule " * 1000}, Operation.COMPLETION)
        assert len(asked.prefix_hashes) == 2
        listed = intake({"prompt": ["rule " * 1000]}, Operation.COMPLETION)
        assert listed.prefix_hashes == ()
