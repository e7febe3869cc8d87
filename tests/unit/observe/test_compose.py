"""compose.yml cannot be run here; its shape can be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import yaml

OBSERVE = Path(__file__).parents[3] / "observe"
NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "services", "volumes"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["image", "network_mode", "volumes", "restart"],
                "properties": {
                    "image": {"type": "string", "pattern": "^[a-z0-9./-]+:v?[0-9][0-9.]*$"},
                    "network_mode": {"const": "host"},
                    "command": NAMES,
                    "depends_on": NAMES,
                    "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                    "volumes": NAMES,
                    "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
                },
            },
        },
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
}
"""The part of the Compose specification that the file uses."""


def read(name: str) -> Any:
    return yaml.safe_load((OBSERVE / name).read_text(encoding="utf-8"))


def test_its_shape_is_that_of_the_compose_specification() -> None:
    jsonschema.validate(read("compose.yml"), SCHEMA)


def test_what_it_mounts_is_there() -> None:
    compose = read("compose.yml")
    named = set(compose["volumes"])
    for service in compose["services"].values():
        for mount in service["volumes"]:
            source, target, *mode = mount.split(":")
            assert target.startswith("/")
            if source.startswith("./"):
                assert (OBSERVE / source).exists(), mount
                assert mode == ["ro"]
            else:
                assert source in named
                named.discard(source)
    assert not named, "a volume that nobody mounts"


def test_services_wait_for_services_that_there_are() -> None:
    services = read("compose.yml")["services"]
    for service in services.values():
        assert set(service.get("depends_on", [])) <= set(services)


def test_everything_listens_on_loopback_and_finds_the_others() -> None:
    services = read("compose.yml")["services"]
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://127.0.0.1:9090")
    (provider,) = read("grafana/provisioning/dashboards/zeta.yml")["providers"]
    mounts = [mount.split(":") for mount in services["grafana"]["volumes"]]
    assert provider["options"]["path"] in [mount[1] for mount in mounts]


def test_it_says_that_it_was_not_run() -> None:
    text = (OBSERVE / "compose.yml").read_text(encoding="utf-8")
    assert "NOT RUN" in text
