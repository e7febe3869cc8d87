"""Memory that is left: the machine's, or less where a control group confines us."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from zeta_router.monitor.resources.memory import left_bytes


def group(path: Path, limit: str, used: int, inactive: int = 0) -> Path:
    (path / "memory.max").write_text(f"{limit}\n")
    (path / "memory.current").write_text(f"{used}\n")
    (path / "memory.stat").write_text(f"anon 5\ninactive_file {inactive}\nactive_file 7\n")
    return path


def test_without_a_control_group_it_is_what_the_machine_has(tmp_path):
    left = left_bytes(tmp_path)
    assert 0 < left <= psutil.virtual_memory().total


def test_a_group_without_a_limit_changes_nothing(tmp_path):
    assert left_bytes(group(tmp_path, "max", 10**9)) > 10**6


def test_the_limit_of_the_group_counts_where_it_is_less(tmp_path):
    assert left_bytes(group(tmp_path, "1000000", 400_000)) == 600_000


def test_what_the_kernel_would_give_back_is_not_used(tmp_path):
    assert left_bytes(group(tmp_path, "1000000", 900_000, inactive=300_000)) == 400_000


def test_a_group_above_its_limit_has_nothing_left(tmp_path):
    assert left_bytes(group(tmp_path, "1000", 5000)) == 0.0


@pytest.mark.parametrize("text", ["", "lots", "\x00"])
def test_what_cannot_be_read_is_not_believed(tmp_path, text):
    group(tmp_path, "1000", 10)
    (tmp_path / "memory.max").write_text(text)
    assert left_bytes(tmp_path) > 10**6
