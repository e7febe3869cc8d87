"""What is told of an answer without a judge, and what it must not be told for."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from zeta_router.core.checks import Checks
from zeta_router.core.query import Operation, Query
from zeta_router.gateway.checking.checks import Form, checks_of, form_of, is_looked_at
from zeta_router.gateway.checking.code import code_parses
from zeta_router.gateway.checking.degeneration import circles_in
from zeta_router.gateway.checking.kept_text import HEAD_BYTES, Kept
from zeta_router.gateway.checking.schema import fits
from zeta_router.learn.task.ask import Ask, extract

PROSE = (
    "Backpressure means that a slow consumer can tell a fast producer to wait. Without it, queues "
    "grow until memory runs out, and latency grows with them. Most systems bound the queue and "
    "refuse what does not fit, which is honest: the client learns at once that it has to come back "
    "later. A second way is credit, where the consumer grants the right to send a number of items. "
)
CODE = '''def quicksort(items):
    """Sort a list of comparable items."""
    if len(items) < 2:
        return items
    pivot, *rest = items
    low = [item for item in rest if item < pivot]
    high = [item for item in rest if item >= pivot]
    return quicksort(low) + [pivot] + quicksort(high)
'''


ANY = Form()


def told(
    text: str,
    form: Form = ANY,
    finish: str | None = "stop",
    asked: str = "Why?",
    **query: object,
) -> Checks:
    asking = Query("q", 0.0, features=extract(Ask(asked)))._replace(**query)  # type: ignore[arg-type]
    kept = Kept(text[:HEAD_BYTES], text[HEAD_BYTES:][-2048:], len(text))
    return checks_of(kept, form, asking, finish)


def flaws(found: Checks) -> set[str]:
    """Everything that is plainly wrong with an answer, by name."""
    wrong = {name for name in ("empty", "refusal", "cut", "degenerate") if getattr(found, name)}
    forms = ("json_valid", "schema_valid", "code_parses")
    wrong |= {name for name in forms if getattr(found, name) is False}
    return wrong | ({"other_script"} if found.other_script else set())


def test_a_good_answer_has_no_flaw() -> None:
    for text in (PROSE, f"Here it is:\n```python\n{CODE}```\n{PROSE}", "42", "Yes."):
        assert flaws(told(text)) == set()
        assert not told(text).spoilt


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_empty(text: str) -> None:
    assert flaws(told(text)) == {"empty"}
    assert flaws(told(text, finish="tool_calls")) == set()


@pytest.mark.parametrize(("limit", "empty"), [(None, True), (256, True), (16, False)])
def test_who_stopped_a_model_while_it_thought_has_no_empty_answer(
    limit: int | None, empty: bool
) -> None:
    assert told("", finish="length", max_output_tokens=limit).empty is empty
    assert told("", finish="stop", max_output_tokens=limit).empty


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, I cannot assist with this request.",
        "Sorry, but I can't do that.",
        "I cannot provide instructions for this.",
        "Unfortunately, I am unable to access the internet.",
        "As an AI language model, I have no feelings.",
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
        "Lo siento, pero no puedo ayudarte.",
        "抱歉,我无法回答这个问题。",
        "申し訳ありませんが、お答えできません。",
    ],
)
def test_refusals(text: str) -> None:
    assert told(text).refusal
    assert told(text).spoilt


@pytest.mark.parametrize(
    "text",
    [
        "I cannot stress enough how important tests are.",
        "I can help with that: first, ...",
        "Sorry to hear that. Here is what you can do.",
        "The user says: I'm sorry, but I can't.",
        "As an aid to memory, write it down.",
        "I'm sorry, but I can't see the file. " + "So here is how to find the cause. " * 60,
    ],
)
def test_what_is_no_refusal(text: str) -> None:
    assert not told(text).refusal


@pytest.mark.parametrize(("limit", "cut"), [(None, True), (4096, True), (256, True), (16, False)])
def test_a_cut_counts_where_the_client_left_room(limit: int | None, cut: bool) -> None:
    assert told(PROSE, finish="length", max_output_tokens=limit).cut is cut
    assert not told(PROSE, finish="stop", max_output_tokens=limit).cut


class TestJson:
    SCHEMA: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name"],
        "additionalProperties": False,
    }

    def test_the_form_is_read_from_the_request(self) -> None:
        wanted = {"type": "json_schema", "json_schema": {"name": "p", "schema": self.SCHEMA}}
        assert form_of(json.dumps({"response_format": wanted}).encode()) == Form(True, self.SCHEMA)
        plain = {"response_format": {"type": "json_object"}, "n": 1}
        assert form_of(json.dumps(plain).encode()) == Form(json=True)
        responses = {"text": {"format": {"type": "json_schema", "schema": self.SCHEMA}}}
        assert form_of(json.dumps(responses).encode()) == Form(True, self.SCHEMA)
        for other in ({}, {"response_format": {"type": "text"}}, {"response_format": 7}, []):
            assert form_of(json.dumps(other).encode()) == Form()

    @pytest.mark.parametrize(
        ("text", "valid", "fitting"),
        [
            ('{"name": "Ada", "age": 36}', True, True),
            ('{"age": 36}', True, False),
            ('{"name": "Ada", "x": 1}', True, False),
            ('```json\n{"name": "Ada"}\n```', False, False),
            ('{"name": "Ad', False, False),
        ],
    )
    def test_validity(self, text: str, valid: bool, fitting: bool) -> None:
        checks = told(text, Form(True, self.SCHEMA))
        assert (checks.json_valid, checks.schema_valid) == (valid, fitting)
        assert checks.task_done is fitting
        assert told(text, Form(json=True)).task_done is valid
        assert told(text).json_valid is None

    def test_what_was_not_kept_whole_is_not_judged(self) -> None:
        long = json.dumps({"name": "x" * 10_000})
        assert told(long, Form(True, self.SCHEMA)).task_done is None

    @pytest.mark.parametrize(
        ("value", "schema", "fitting"),
        [
            (1, {"type": ["string", "integer"]}, True),
            (True, {"type": "integer"}, False),
            (2.0, {"type": "integer"}, True),
            ("b", {"enum": ["a", "b"]}, True),
            ("c", {"enum": ["a", "b"]}, False),
            (3, {"const": 4}, False),
            ([1, "x"], {"items": {"type": "number"}}, False),
            ({"a": 1}, {"anyOf": [{"required": ["b"]}, {"required": ["a"]}]}, True),
            ({"a": 1}, {"anyOf": [{"required": ["b"]}]}, False),
            ({"a": 1}, {"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, False),
            ({"a": None}, {"properties": {"a": {"$ref": "#/s"}}, "s": {"type": "string"}}, False),
            ("x", {"type": "money"}, True),
            ("x", {"$ref": "https://elsewhere/schema"}, True),
            ("x", True, True),
            ({"a": {}}, {"$ref": "#"}, True),
        ],
    )  # fmt: skip
    def test_schemas(self, value: object, schema: object, fitting: bool) -> None:
        assert fits(value, schema) is fitting

    def test_a_schema_without_end_ends(self) -> None:
        value: object = 1
        for _ in range(200):
            value = [value]
        assert fits(value, {"items": {"$ref": "#"}, "$ref": "#"})


class TestCode:
    @pytest.mark.parametrize(
        ("language", "code", "sound"),
        [
            ("python", CODE, True),
            ("py", "    x = 1\n    y = 2\n", True),
            ("python", "def f(:\n    pass\n", False),
            ("python", "print 'old'\n", False),
            ("python", ">>> 1 + 1\n2\n", None),
            ("json", '{"a": [1, 2]}\n', True),
            ("json", "{'a': 1}\n", False),
            ("js", "const f = (x) => { return x ? '}' : \"{\" }; // (\n", True),
            ("rust", "fn main() { println!(\"hi\") \n", False),
            ("go", "func f() { a[0) }\n", False),
            ("sql", "SELECT 1 FROM (\n", None),
            ("", "anything (\n", None),
            ("python", "\n", None),
            ("python", "x = 1\n" * 500, None),
        ],
    )  # fmt: skip
    def test_blocks(self, language: str, code: str, sound: bool | None) -> None:
        assert code_parses(f"So:\n```{language}\n{code}```\ndone") is sound

    def test_one_broken_block_is_enough_and_prose_says_nothing(self) -> None:
        assert code_parses(f"```python\n{CODE}```\n```python\ndef f(\n```\n") is False
        assert code_parses("use `x` and ``y``") is None

    def test_a_block_that_is_never_closed_is_read_to_the_end(self) -> None:
        assert code_parses("```python\ndef f(x):\n    return (x\n") is False

    def test_it_counts_only_where_the_answer_was_not_cut(self) -> None:
        broken = "```python\ndef f(\n```"
        assert flaws(told(broken)) == {"code_parses"}
        assert told(broken, finish="length").code_parses is None

    def test_warnings_of_the_code_are_not_ours(self) -> None:
        assert code_parses('```python\nx = "\\d"\ny = 1 is 1\n```') is True


class TestCircles:
    @pytest.mark.parametrize(
        "text",
        [
            PROSE * 1,
            CODE * 1 + PROSE,
            "\n".join(f"| {n} | {n * n} | {n * n * n} |" for n in range(40)),
            json.dumps([{"id": n, "name": f"item {n}", "price": n * 1.5} for n in range(40)]),
            "".join(chr(0x4E00 + (n * 7919) % 3000) for n in range(400)),
        ],
    )
    def test_prose_code_tables_and_chinese_are_none(self, text: str) -> None:
        circles = circles_in(text)
        assert circles is not None
        assert circles.degeneration < 0.5

    @pytest.mark.parametrize(
        "text",
        [
            "The answer is the answer is " * 60,
            "I think so.\n" * 120,
            PROSE + "and then we go on, " * 200,
            "哈" * 600,
            "=" * 2000,
        ],
    )
    def test_loops_are_found(self, text: str) -> None:
        circles = circles_in(text)
        assert circles is not None
        assert circles.degeneration >= 0.5
        assert told(text).degenerate

    def test_short_texts_are_not_judged(self) -> None:
        assert circles_in("ha " * 20) is None


def test_another_script_is_told_but_spoils_nothing() -> None:
    chinese = "这是一个关于路由器如何选择模型的问题。" * 8
    assert told(chinese, asked="How does the router choose a model?").other_script is True
    assert told(PROSE, asked="路由器如何选择一个模型来回答问题?").other_script is True
    assert told(PROSE, asked="How does it work?").other_script is False
    assert not told(PROSE, asked="路由器如何选择一个模型来回答问题?").spoilt


def test_several_choices_are_not_judged() -> None:
    assert told("", Form(choices=2)) == Checks()


def test_only_texts_are_looked_at() -> None:
    looked_at = [operation for operation in Operation if is_looked_at(operation)]
    assert looked_at == [Operation.CHAT, Operation.COMPLETION, Operation.RESPONSE]
