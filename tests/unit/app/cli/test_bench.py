"""`zeta bench` and what it refuses."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from zeta_router.app.bench.prompts import Ask
from zeta_router.app.cli.bench import body_of, command
from zeta_router.core.errors import ZetaError
from zeta_router.sim.engine.emulate import OUTPUT_FIELD


def bench(*arguments: str) -> tuple[int, str]:
    """Exit code and what was said; an error of ours is 2 and its text, as `main` makes it."""
    done = CliRunner().invoke(command, arguments)
    if isinstance(done.exception, ZetaError):
        return 2, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["http://127.0.0.1:9"], "zeta serve"),
        (["127.0.0.1:9"], "nobody answers on http://127.0.0.1:9 (connection refused)"),
        (["ftp://nonsense"], "URL: 'ftp://nonsense' is no URL"),
        (["--trace", "peek:rate=1"], "peek"),
        (["--trace", "peak:rates=1"], "rates"),
        (["--rate", "0"], "--rate"),
        (["--map", "a=b"], "--quality"),
        (["--tell-lengths"], "--quality"),
        (["--quality", "none.scores.csv.gz", "--map", "a=b"], "none"),
        (["--quality", "none.scores.csv.gz", "--map", "a"], "NAME=VALUE"),
        (["--max-tokens", "0"], "--max-tokens"),
        (["--minutes", "-1"], "--minutes"),
    ],
)
def test_what_cannot_be_used_is_named(flags: list[str], said: str) -> None:
    code, text = bench(*flags)
    assert code == 2
    assert said in text


def test_the_field_that_tells_lengths_is_the_emulator_s() -> None:
    body = body_of(Ask("Hi", "t", {}, {"m": 7}), "auto", max_tokens=9, tell_lengths=True)
    assert f'"{OUTPUT_FIELD}":{{"m":7}}'.encode() in body
    assert b'"max_tokens":9' in body
    plain = body_of(Ask("Hi", "t", {}, {"m": 7}), "auto", max_tokens=None, tell_lengths=False)
    assert OUTPUT_FIELD.encode() not in plain
    assert b"max_tokens" not in plain
