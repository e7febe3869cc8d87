"""One embedded fleet for all end-to-end tests: engines take seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.asking import ask
from support.process import Zeta, serving


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zeta]:
    """`zeta serve --embedded`: four real engines behind a real gateway."""
    with serving(tmp_path_factory.mktemp("embedded"), "--embedded") as zeta:
        yield zeta


@pytest.fixture(scope="session")
def engines(embedded: Zeta) -> dict[str, str]:
    """Address of each engine by its endpoint's id."""
    fleet = ask(f"{embedded.url}/zeta/fleet").json
    return {endpoint["id"]: endpoint["url"] for endpoint in fleet["endpoints"]}
