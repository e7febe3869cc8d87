"""Words of the errors about types: what was found, what was expected, what mends it."""

from __future__ import annotations

import pytest

from zeta_router.app.config import ConfigErrors, Problem, load_text

FRAME = """
models: {{m: {{tasks: [simple], {model}}}}}
endpoints: [{{id: a, url: "http://h:1", model: m, {endpoint}}}]
{rest}
"""


def problem(model: str = "", endpoint: str = "", rest: str = "", **environ: str) -> Problem:
    text = FRAME.format(model=model, endpoint=endpoint, rest=rest)
    with pytest.raises(ConfigErrors) as caught:
        load_text(text, source="f", environ=environ)
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("parts", "words", "hint"),
    [
        (
            {"endpoint": "slots: many"},
            "found 'many', expected auto, or a whole number of at least 1",
            "",
        ),
        (
            {"endpoint": 'slots: "8"'},
            "found '8', expected auto, or a whole number of at least 1",
            "remove the quotes",
        ),
        (
            {"endpoint": "slots: atuo"},
            "found 'atuo', expected auto, or a whole number of at least 1",
            "did you mean auto?",
        ),
        ({"endpoint": "slots: -1"}, "found -1, expected a number of at least 1", ""),
        (
            {"endpoint": "slots: [8]"},
            "found a list, expected auto, or a whole number of at least 1",
            "",
        ),
        (
            {"endpoint": "upstream_model: 7"},
            "found the number 7, expected text",
            'put it in quotes: "7"',
        ),
        (
            {"endpoint": "upstream_model: true"},
            "found the truth value true, expected text",
            'put it in quotes: "true"',
        ),
        (
            {"endpoint": "resources: {}"},
            "is empty",
            "give at least one of node_exporter, dcgm",
        ),
        (
            {"model": "context_tokens: 8k"},
            "found '8k', expected a whole number of at least 1",
            "write a plain number; the unit is in the key's name",
        ),
        (
            {"model": "lacks: vision"},
            "found 'vision', expected a list of tools | vision | json",
            "put it in square brackets",
        ),
        (
            {"rest": "limits:"},
            (
                "found nothing, expected a mapping with queue, max_wait_s, body_bytes, attempts, "
                "stall_s, canary_ratio, prewarm, hedge_ratio, cpu_ratio, head_s, body_stall_s, "
                "body_bytes_per_s, reader_stall_s, keep_alive_s, connections_per_client, "
                "header_bytes, header_count"
            ),
            "remove the key to take the default, or give a value",
        ),
        (
            {"rest": "log: {prompts: yes}"},
            "found 'yes', expected true or false",
            "write true",
        ),
        (
            {"rest": "limits: {max_wait_s: 30s}"},
            "found '30s', expected a number of at least 0",
            "write a plain number; the unit is in the key's name",
        ),
        (
            {"rest": "joint: {eta: .inf}"},
            "found the number .inf, expected a number of at least 0",
            "",
        ),
        (
            {"rest": "joint: {rho: .nan}"},
            "found the number .nan, expected a number above 0, at most 1",
            "",
        ),
        (
            {"rest": "listen: 8080"},
            "found the number 8080, expected HOST:PORT",
            "write HOST:PORT, e.g. 127.0.0.1:8080",
        ),
        (
            {"rest": "routes: {simpel: m}"},
            "found 'simpel', expected simple | code | reasoning | embedding | rerank",
            "did you mean simple?",
        ),
        (
            {"rest": 'policy: "a\\nb"'},
            "has a line break or a control character in it",
            "put it on one line, without a trailing line break",
        ),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_words(parts: dict[str, str], words: str, hint: str) -> None:
    found = problem(**parts)
    assert (found.problem, found.hint) == (words, hint)


def test_a_number_too_large_for_a_float_is_no_number() -> None:
    assert "expected" in problem(rest=f"limits: {{queue: {'9' * 41}}}").problem
    assert "expected" in problem(rest="limits: {max_wait_s: 1e999}").problem


def test_a_value_from_the_environment_takes_the_type_of_its_setting() -> None:
    text = FRAME.format(model="", endpoint='slots: "${N}", api_key: "${N}"', rest="")
    config = load_text(text, source="f", environ={"N": "12"})
    assert config.fleet.endpoints[0].slots == 12
    key = config.endpoints["a"].api_key
    assert key is not None
    assert key.reveal() == "12"


def test_an_empty_value_from_the_environment_is_no_value() -> None:
    text = FRAME.format(model="", endpoint='api_key: "${KEY:-}"', rest="")
    assert load_text(text, source="f", environ={}).endpoints["a"].api_key is None


def test_a_value_from_the_environment_cannot_become_structure() -> None:
    found = problem(endpoint='upstream_model: "${X}", slots: "${X}"', X="8, url: http://evil")
    assert found.path == "endpoints[0].slots"


@pytest.mark.parametrize("value", ["[s3cret]", "{s3cret: 1}", '"s3cret\\n"'])
def test_a_secret_of_the_wrong_kind_is_not_shown(value: str) -> None:
    found = problem(endpoint=f"api_key: {value}")
    assert found.path.startswith("endpoints[0].api_key")
    assert "s3cret" not in repr(found)


def test_a_number_as_a_secret_is_not_shown() -> None:
    found = problem(endpoint="api_key: 123456")
    assert found.path == "endpoints[0].api_key"
    assert "123456" not in repr(found)
