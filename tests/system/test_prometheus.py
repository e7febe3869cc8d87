"""What needs Debian's `prometheus` package: its own tool reads our metrics."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from support.asking import ask, chat_body
from support.process import configured

pytestmark = pytest.mark.system

FLEET = """
models:
  m: {tasks: [simple, code, reasoning]}
endpoints:
  - {id: e, url: "http://127.0.0.1:9", model: m, slots: 1}
limits: {max_wait_s: 0.1}
"""


def test_promtool_finds_nothing_to_say_about_the_metrics(tmp_path: Path) -> None:
    tool = shutil.which("promtool")
    assert tool is not None, "promtool is missing: apt-get install prometheus"
    with configured(tmp_path, FLEET) as zeta:
        assert ask(f"{zeta.url}/v1/chat/completions", chat_body("Hi")).status == 503
        metrics = ask(f"{zeta.url}/metrics").body
    checked = subprocess.run(
        [tool, "check", "metrics"], input=metrics, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
