"""What needs Debian's `prometheus` package: its own tool reads our metrics."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from support.asking import ask, chat_body
from support.process import configured

pytestmark = pytest.mark.system

OBSERVE = Path(__file__).parents[2] / "observe"
FLEET = """
models:
  m: {tasks: [simple, code, reasoning]}
endpoints:
  - {id: e, url: "http://127.0.0.1:9", model: m, slots: 1}
limits: {max_wait_s: 0.1}
"""


def promtool(*arguments: str, given: bytes | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of Prometheus' own tool."""
    tool = shutil.which("promtool")
    assert tool is not None, "promtool is missing: apt-get install prometheus"
    done = subprocess.run([tool, *arguments], input=given, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_promtool_accepts_configuration_and_rules() -> None:
    rules = [str(path) for path in sorted((OBSERVE / "rules").glob("*.yml"))]
    code, told, complaints = promtool("check", "config", str(OBSERVE / "prometheus.yml"))
    assert (code, complaints) == (0, "")
    assert "2 rule files found" in told
    code, told, complaints = promtool("check", "rules", *rules)
    assert (code, complaints) == (0, ""), told


def test_rules_do_what_their_cases_say() -> None:
    cases = [str(path) for path in sorted((OBSERVE / "rules" / "tests").glob("*.yml"))]
    code, told, complaints = promtool("test", "rules", *cases)
    assert code == 0, told + complaints


def test_promtool_finds_nothing_to_say_about_the_metrics(tmp_path: Path) -> None:
    with configured(tmp_path, FLEET) as zeta:
        assert ask(f"{zeta.url}/v1/chat/completions", chat_body("Hi")).status == 503
        metrics = ask(f"{zeta.url}/metrics").body
    assert promtool("check", "metrics", given=metrics) == (0, "", "")
