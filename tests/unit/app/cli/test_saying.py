"""Results go to stdout and everything else to stderr."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from zeta_router.app.cli.classify import command as classify
from zeta_router.app.cli.saying import json_text, readable, say_aside, say_json


def test_a_result_and_its_progress_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    say_aside("half way")
    say_json({"done": [1, 2.5, None]})
    said = capsys.readouterr()
    assert json.loads(said.out) == {"done": [1, 2.5, None]}
    assert said.err == "half way\n"


def test_json_is_indented() -> None:
    assert json_text({"a": 1}) == b'{\n  "a": 1\n}'


def test_bytes_that_are_no_text_are_replaced() -> None:
    argument = b"caf\xe9 \xf0\x9f\x99\x82".decode("utf-8", "surrogateescape")
    assert readable(argument) == "caf\ufffd \U0001f642"
    assert CliRunner().invoke(classify, [argument]).exit_code == 0
