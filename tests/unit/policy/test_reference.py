from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from zeta_router.policy.protocol import Policy
from zeta_router.policy.reference import PAGE, page, parameters
from zeta_router.policy.registry import POLICIES

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"

each_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))


def test_the_page_is_what_the_code_says() -> None:
    """Mend with `python -m zeta_router.policy.reference docs/reference`."""
    assert (REFERENCE / PAGE).read_text(encoding="utf-8") == page()


@each_policy
def test_each_policy_says_what_it_does_and_where_it_ends(policy: Policy) -> None:
    text = inspect.getdoc(inspect.getmodule(type(policy))) or ""
    for part in ("\n\nFormula", "\n\nIntent: ", "\n\nLimits: "):
        assert part in text


@each_policy
def test_each_parameter_is_explained(policy: Policy) -> None:
    for name, _, meaning in parameters(policy):
        assert meaning, f"{policy.name}: {name} has no line under Attributes"
