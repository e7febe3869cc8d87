"""What a gateway is made of: how much, under which licences, and as a list that tools can read."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
MOST_PACKAGES = 25
PERMISSIVE = (
    "MIT",
    "BSD",
    "Apache",
    "Python Software Foundation",
    "PSF-2.0",
    "0BSD",
    "Zlib",
    "CC0-1.0",
)


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "requirements" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


AUDIT = _loaded()
PINS: dict[str, str] = AUDIT.pinned(AUDIT.RUNTIME.read_text(encoding="utf-8"))


def test_a_gateway_installs_few_packages() -> None:
    assert 15 < len(PINS) <= MOST_PACKAGES


def test_only_pins_of_this_platform_count() -> None:
    text = (
        "# a comment\nalpha==1.0 \\\n    --hash=sha256:00\n"
        "Beta_Two==2 ; sys_platform == 'nowhere' \\\n    --hash=sha256:01\n"
        "gamma==3 ; python_full_version >= '3.11' \\\n    --hash=sha256:02\n"
    )
    assert AUDIT.pinned(text) == {"alpha": "1.0", "gamma": "3"}


def test_every_licence_is_known_and_permissive() -> None:
    for package in AUDIT.packages(PINS):
        words = package.licence.replace(" AND ", ", ").replace(" OR ", ", ").split(", ")
        assert all(word.startswith(PERMISSIVE) for word in words), package


def test_the_list_is_whole_and_refers_to_itself_only() -> None:
    document: dict[str, Any] = json.loads(json.dumps(AUDIT.sbom(AUDIT.packages(PINS), "1.2.3")))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert {c["name"]: c["version"] for c in document["components"]} == PINS
    refs = {c["bom-ref"] for c in document["components"]}
    graph = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    assert set(graph) == refs | {"pkg:pypi/zeta-router@1.2.3"}
    assert all(set(needed) <= refs for needed in graph.values())
    needed = {name for found in graph.values() for name in found}
    assert needed == refs, "every package is there because another needs it"
    assert document == AUDIT.sbom(AUDIT.packages(PINS), "1.2.3"), "and always the same"


@pytest.mark.parametrize(
    ("code", "said", "run", "words"),
    [
        (0, "No known vulnerabilities found", True, "No known"),
        (1, "Found 1 known vulnerability in 1 package\nx 1 PYSEC-1", True, "PYSEC-1"),
        (1, "Traceback …\nConnectionError: no route", False, "NOT RUN"),
        (0, "a could not be audited: …\nNo known vulnerabilities found", False, "NOT RUN for 1"),
        (-1, "", False, "NOT RUN"),
    ],
)
def test_an_audit_that_was_not_run_says_so(code: int, said: str, run: bool, words: str) -> None:
    verdict, was_run = AUDIT.judged(code, said)
    assert was_run is run
    assert words in verdict
