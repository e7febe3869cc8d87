"""Guesses of what was meant."""

from __future__ import annotations

from msgspec import inspect

from zeta_router.app.config.kinds import FILE, Kind, setting_of
from zeta_router.app.config.nearest import instead, instead_of_key, meant_key, nearest
from zeta_router.app.config.sections.endpoints import EndpointSpec

ROOT = setting_of(FILE).kinds[0]
ENDPOINT = Kind(inspect.type_info(EndpointSpec))


def test_the_nearest_name_whatever_its_case() -> None:
    assert nearest("MODELS", ["models", "modes"]) == "models"
    assert nearest("reasoner", ["coder-7b", "reasoner-14b"]) == "reasoner-14b"
    assert nearest("zzz", ["models"]) is None
    assert nearest("x", []) is None


def test_without_a_near_one_all_names_are_listed() -> None:
    assert instead("zzz", ["p2c", "static"], "policies") == "policies: p2c, static"
    assert instead("x", []) == ""


def test_the_same_setting_under_another_routers_name() -> None:
    assert meant_key("api_base", ENDPOINT) == "url"
    assert meant_key("Max_Num_Seqs", ENDPOINT) == "slots"


def test_a_key_of_another_section_is_sent_home() -> None:
    assert instead_of_key("queue", ROOT) == "queue belongs to limits"
    assert instead_of_key("step_s", ROOT) == "step_s belongs to endpoints[].simulate"
    assert instead_of_key("listen", ENDPOINT) == "listen belongs to the top level"


def test_a_key_like_nothing_gets_the_list() -> None:
    hint = instead_of_key("zzzzzz", ROOT)
    assert hint.startswith("keys here: listen, models, endpoints")
