"""Options take numbers that mean something, in every command."""

from __future__ import annotations

import click
import pytest

from zeta_router.app.cli.numbers import NOT_NEGATIVE, POSITIVE, Number
from zeta_router.app.cli.root import zeta


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "0", "-1", "x"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        POSITIVE.convert(text, None, None)


def test_what_is_one_is_taken() -> None:
    assert POSITIVE.convert("2.5", None, None) == 2.5
    assert NOT_NEGATIVE.convert("0", None, None) == 0.0


def test_every_option_with_a_fraction_is_checked() -> None:
    """`zeta forecast --horizon` says itself what a horizon is, `zeta ab --alpha` what a chance."""
    context = click.Context(zeta)
    loose = set()
    for name in zeta.list_commands(context):
        command = zeta.get_command(context, name)
        assert command is not None
        for each in command.params:
            kind = each.type
            if isinstance(kind, click.types.FloatParamType) and not isinstance(kind, Number):
                loose.add((name, each.name))
    assert loose == {("forecast", "horizons"), ("ab", "alpha")}
