"""What is read of a request, and that nothing malformed raises."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.learn.task.ask import (
    EXCERPT_BYTES,
    FEATURE_NAMES,
    Ask,
    ask_of_messages,
    ask_of_prompt,
    content_text,
    estimate_tokens,
    excerpt,
    extract,
)


def test_the_ask_is_the_last_user_turn():
    ask = ask_of_messages(
        [
            {"role": "system", "content": "You are kind."},
            {"role": "user", "content": "Write a sorting function"},
            {"role": "assistant", "content": "def sort(xs): ..."},
            {"role": "tool", "content": "Traceback"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "thanks"}, {"type": "image_url"}],
            },
            {"role": "assistant", "content": None, "tool_calls": []},
        ],
        tools=[{"type": "function"}],
        response_format={"type": "json_schema", "json_schema": {}},
    )
    assert ask == Ask("thanks", system="You are kind.", has_tools=True, json_schema=True, turns=2)


def test_a_turn_without_text_leaves_the_earlier_ask():
    ask = ask_of_messages(
        [
            {"role": "user", "content": "what is this?"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
        ]
    )
    assert ask.text == "what is this?"


@pytest.mark.parametrize(
    "messages",
    [None, 3, "hi", {}, [], [None], ["hi"], [{"role": "user"}], [{"role": "user", "content": 7}]],
)
def test_malformed_messages_give_an_empty_ask(messages):
    assert ask_of_messages(messages).text == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
MESSAGES = st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": JSON}) | JSON)


@given(MESSAGES, JSON, JSON)
def test_no_json_makes_it_raise(messages, tools, response_format):
    features = extract(ask_of_messages(messages, tools, response_format))
    assert len(features) == len(FEATURE_NAMES)


@pytest.mark.parametrize(
    ("prompt", "text"), [("a", "a"), (["a", "b"], "b"), ([], ""), ([1, 2], ""), (None, "")]
)
def test_prompt_shapes(prompt, text):
    assert ask_of_prompt(prompt).text == text


def test_housekeeping_is_seen_by_its_shape():
    title = (
        "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history."
    )
    assert ask_of_messages([{"role": "user", "content": title}]).housekeeping
    assert not ask_of_messages([{"role": "user", "content": "Prove it"}]).housekeeping


def test_content_text_joins_parts():
    assert content_text([{"type": "text", "text": "a"}, "b", {"text": 3}, 4]) == "a\nb"


@given(st.text())
def test_features_are_finite_numbers_for_any_text(text):
    features = extract(Ask(text))
    assert len(features) == len(FEATURE_NAMES)
    assert all(math.isfinite(value) for value in features)


def test_a_lone_surrogate_does_not_raise():
    assert len(extract(Ask("\ud800 what is this"))) == len(FEATURE_NAMES)


@pytest.mark.parametrize("char", ["a", "é", "ж", "数", "😀"])
@pytest.mark.parametrize("count", [1, 120, 600, 1000, 100_000])
def test_an_excerpt_is_bounded_and_keeps_both_ends(char, count):
    text = "<" + char * count + ">"
    cut = excerpt(text)
    assert len(cut.encode()) <= EXCERPT_BYTES + 8
    assert cut.startswith("<")
    assert cut.endswith(">")


@given(st.text(max_size=EXCERPT_BYTES // 4))
def test_a_short_text_is_its_own_excerpt(text):
    assert excerpt(text) == text


def test_mixed_scripts_stay_bounded():
    text = "a" * 2000 + "数" * 2000
    assert len(excerpt(text).encode()) <= 2 * EXCERPT_BYTES <= 2048
    assert len(excerpt("数" * 2000 + "a" * 9000).encode()) <= EXCERPT_BYTES + 8


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("a" * 3600, 1000), ("数" * 1500, 1000), ("ж" * 2500, 1000)],
)
def test_token_estimates_by_script(text, tokens):
    assert estimate_tokens(text) == tokens


def test_token_estimate_of_an_excerpt_counts_the_whole():
    assert estimate_tokens("a" * 100, chars=36_000) == 10_000


@given(st.text(min_size=1))
def test_tokens_are_at_least_one_and_at_most_one_a_character(text):
    assert 1 <= estimate_tokens(text) <= len(text)


def test_the_names_are_distinct():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
