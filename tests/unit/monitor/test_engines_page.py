"""The engines' reference page says what the code does."""

import re
from pathlib import Path

import pytest

from zeta_router.core.query import GENERATIVE_TASKS, Task
from zeta_router.monitor import client, poller
from zeta_router.monitor.engines import ENGINE_NAMES, llamacpp, sglang, tei, tgi, vllm
from zeta_router.monitor.found_fleet import NEAR_QUALITY, SIMPLE_IS_GOOD_ENOUGH
from zeta_router.monitor.guess import (
    CODER_GAIN,
    PRIOR_QUALITY,
    REASONER_GAIN,
    SIZE_STEPS_B,
    UNTOLD_SLOTS,
)
from zeta_router.monitor.resources import exporters

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "engines.md"
TEXT = PAGE.read_text(encoding="utf-8")
PLAIN = " ".join(TEXT.split())

METRICS = (
    llamacpp.RUNNING,
    llamacpp.WAITING,
    *vllm.RUNNING,
    *vllm.WAITING,
    *vllm.KV_USED,
    *sglang.RUNNING,
    *sglang.WAITING,
    *sglang.KV_USED,
    *tgi.RUNNING,
    *tgi.WAITING,
    *tei.WAITING,
    exporters.CPU,
    exporters.AVAILABLE,
    exporters.TOTAL,
    exporters.GPU_UTIL,
    exporters.FB_USED,
    exporters.FB_FREE,
)


def rows(heading):
    """The cells of the first table under a heading, without its head."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_engine_has_its_row_in_the_order_of_trying():
    listed = [row[0].strip("`") for row in rows("What is read")]
    assert sorted(listed) == sorted(ENGINE_NAMES)
    assert listed[-1] == ENGINE_NAMES[-1]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_that_is_read_is_named(metric):
    assert f"`{metric}`" in TEXT


def test_the_table_of_guesses_is_the_one_in_use():
    table = rows("Guesses for a found fleet")
    assert len(table) == len(SIZE_STEPS_B) + 1
    for row, step_b in zip(table[:-1], SIZE_STEPS_B, strict=True):
        assert row[0] == f"up to {step_b:g}"
    for size_class, row in enumerate(table):
        told = [float(cell) for cell in row[1:]]
        assert told == [PRIOR_QUALITY[task][size_class] for task in GENERATIVE_TASKS]


@pytest.mark.parametrize(
    "sentence",
    [
        f'"made for code" adds {CODER_GAIN[Task.CODE]} for code',
        f"takes {-CODER_GAIN[Task.SIMPLE]} elsewhere",
        f'"made to reason" adds {REASONER_GAIN[Task.REASONING]} for reasoning',
        f"and {REASONER_GAIN[Task.CODE]} for code",
        f"within {NEAR_QUALITY} of it",
        f"at least {SIMPLE_IS_GOOD_ENOUGH}",
        f"a fleet made by discovery gets {UNTOLD_SLOTS['vllm']}",
        f"up to {poller.MAX_INTERVAL_S:g} s",
        f"may take {client.TIMEOUT_S:g} s",
        f"its answer {client.BODY_LIMIT_BYTES // 1024**2} MiB",
    ],
)
def test_every_number_is_the_one_in_use(sentence):
    assert sentence in PLAIN


def test_the_page_claims_no_more_trials_than_there_were():
    """Only these two engines were at hand; change this together with the page."""
    tried = {row[0].strip("`"): row[-1] for row in rows("What is read")}
    real = {name for name, how in tried.items() if how != "documented shapes"}
    assert real == {"llamacpp", "openai"}


def test_the_page_has_no_bare_address():
    assert not re.search(r"https?://(?!URL)", TEXT)
