"""Keys, resources and patience follow the configuration in force."""

from __future__ import annotations

from dataclasses import replace

from support.fleets import endpoint, fleet
from zeta_router.app.cli.sources import of_fleet
from zeta_router.app.config import LoadedConfig, Secret
from zeta_router.app.wiring.dealings import Dealings


def config(key: str | None) -> LoadedConfig:
    made = of_fleet(fleet(endpoint("c", "coder")), "test")
    secret = None if key is None else Secret(key)
    settings = replace(made.endpoints["c"], api_key=secret)
    return replace(made, endpoints={"c": settings})


def test_a_reload_changes_the_key_and_the_patience() -> None:
    dealings = Dealings(config("old"))
    assert dealings.key_of("c") == "old"
    dealings.config = replace(config("new"), stall_s=7.0)
    assert dealings.key_of("c") == "new"
    assert dealings.stall_s() == 7.0


def test_an_endpoint_without_a_key_and_one_that_has_gone_get_none() -> None:
    dealings = Dealings(config(None))
    assert dealings.key_of("c") is None
    assert dealings.key_of("gone") is None


def test_resources_are_those_of_the_endpoint() -> None:
    made = config(None)
    dealings = Dealings(made)
    assert dealings.resources_of("c") is made.endpoints["c"].resources
    assert dealings.resources_of("gone") is None
