"""YAML 1.2's scalars, and the environment."""

from __future__ import annotations

import math

import pytest

from zeta_router.app.config.report import Place
from zeta_router.app.config.scalars import BadReference, Plain, resolve, substitute
from zeta_router.app.config.tree import Scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("8", 8),
        ("-8", -8),
        ("010", 10),
        ("0x1f", 31),
        ("0o17", 15),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("2.", 2.0),
        ("-.inf", -math.inf),
        ("yes", "yes"),
        ("off", "off"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("7b", "7b"),
        ("TRUE ", "TRUE "),
        ("1\n", "1\n"),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: Plain) -> None:
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


def test_not_a_number_is_a_number_of_its_kind() -> None:
    value = resolve(".nan")
    assert isinstance(value, float)
    assert math.isnan(value)


def replace(text: str, **environ: str) -> tuple[str, bool]:
    return substitute(Scalar(text, plain=True, place=Place(1, 1)), environ)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", ("plain", False)),
        ("$A", ("$A", False)),
        ("cost $5", ("cost $5", False)),
        ("${A}", ("1", True)),
        ("a${A}b${A}c", ("a1b1c", True)),
        ("${NO:-x}", ("x", True)),
        ("${NO:-}", ("", True)),
        ("${EMPTY:-x}", ("x", True)),
        ("${EMPTY}", ("", True)),
        ("${A:-x}", ("1", True)),
        ("${URL}", ("http://${A}", True)),
        ("$${A}", ("${A}", False)),
        ("$$${A}", ("$${A}", False)),
        ("$${A}${A}", ("${A}1", True)),
    ],
)
def test_references_are_replaced_once(text: str, result: tuple[str, bool]) -> None:
    assert replace(text, A="1", EMPTY="", URL="http://${A}") == result


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A-x}", "${A", "x ${A b}"])
def test_a_reference_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadReference, match="not a reference"):
        replace(text, A="1")


def test_an_unset_variable_is_named_with_what_to_do() -> None:
    with pytest.raises(BadReference, match="TOKEN") as caught:
        replace("Bearer ${TOKEN}")
    assert caught.value.hint == "export TOKEN, or give a default: ${TOKEN:-value}"
