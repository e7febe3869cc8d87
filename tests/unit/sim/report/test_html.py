import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.sim.report import figures
from zeta_router.sim.report.html import plotly_script, write_report


def row(policy: str, rate: float, seed: int, *, detailed: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = {
        "policy": policy,
        "rate": rate,
        "seed": seed,
        "arrivals": 100,
        "quality_goodput": 0.5 + 0.01 * seed,
        "goodput": 0.9,
        "shed_ratio": 0.1,
        "shed_reasons": {"deadline": 10},
    }
    if detailed:
        seen = {"busy_ratio": [0.0, 0.5], "running": [0, 3], "waiting": [0, 0], "served": [4, 5]}
        made["timeline"] = {
            "bucket_s": 10.0,
            "at_s": [0.0, 10.0],
            "arrivals": [5, 0],
            "value": [2.5, 0.0],
            "in_slo": [4, 0],
            "shed": [1, 0],
            "queued": [0, 1],
            "endpoints": {"a": {**seen, "price": [0.0, 0.1]}},
        }
        made["distributions"] = {"percents": [50, 99], "ttft_s": [0.1, 0.2], "tpot_s": None}
    return made


def result(*, detailed: bool = True, seeds: int = 2) -> dict[str, Any]:
    rates, policies = (0.5, 1.0), ("joint", "</script><b>odd")
    bounds = [
        {"rate": r, "seed": s, "class_bound": 0.6, "oracle_bound": 0.7, "certified_bound": 0.8}
        for r in rates
        for s in range(seeds)
    ]
    rows = [
        row(policy, rate, seed, detailed=detailed)
        for rate in rates
        for seed in range(seeds)
        for policy in policies
    ]
    return {
        "asked": {
            "trace": "day.csv.gz", "quality": ["quiz.scores.csv"], "map": {"m": "Big<model>"},
            "minutes": 20.0, "seeds": seeds, "slo_ttft_s": 2.0, "slo_tpot_s": None,
            "topics": "table", "task_of": {"sums": "simple"}, "input_tokens": "trace",
            "lengths": "oracle", "priors": "x2", "feedback": {"share": 0.1, "delay_s": 60.0},
            "scenario": None, "admission": True,
        },
        "endpoints": {"a": "m"},
        "rows": rows,
        "bounds": bounds,
        "notes": ["a note & more"],
        "violations": [],
        "exceeded": [],
    }  # fmt: skip


def drawn(page: str) -> list[dict[str, Any]]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page)
    assert found is not None
    return json.loads(found.group(1))


def test_the_report_says_what_the_router_was_told(tmp_path: Path) -> None:
    """Figures of a router that knew every length must not pass for those of one that did not."""
    write_report(result(), tmp_path / "report.html", script="/* plotly */")
    page = (tmp_path / "report.html").read_text()
    for name, told in (
        ("tasks", "sums = simple"),
        ("length of prompts", "as in the trace"),
        ("lengths of answers", "known exactly"),
        ("means known before", "wrong: x2"),
        ("feedback", "on 10% of answers, after 60 s"),
    ):
        assert f"<dt>{name}</dt><dd>{told}</dd>" in page, name


def test_the_report_is_one_file_with_every_figure(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(result(), path, title="Mine & yours", script="/* plotly */")
    page = path.read_text()
    charts = drawn(page)
    boxes = re.findall(r'data-figure="(\d+)"', page)
    assert boxes == [str(i) for i in range(len(charts))]
    titles = [chart["layout"]["title"]["text"] for chart in charts]
    assert titles[:2] == ["quality-goodput", "share of arrivals within the SLO"]
    assert {"TTFT", "TPOT", "shed, by reason", "use per endpoint", "prices"} <= set(titles)
    assert {"what became of the arrivals", "held in the router"} <= set(titles)
    assert re.findall("<h2>(.*?)</h2>", page) == [
        "What was simulated",
        "Quality-goodput against load",
        "Each load",
    ]
    assert "Big&lt;model&gt;" in page
    assert page.count("<details open>") == 3  # the highest load; the last policy of each
    assert "Mine &amp; yours" in page
    assert "a note &amp; more" in page
    assert "<b>odd" not in page  # names cannot break out, neither of the page nor of the data
    assert "http://" not in page
    assert "https://" not in page


def test_without_timelines_there_are_no_plots_over_time(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(result(detailed=False, seeds=1), path, script="")
    titles = [chart["layout"]["title"]["text"] for chart in drawn(path.read_text())]
    assert set(titles) == {
        "quality-goodput",
        "share of arrivals within the SLO",
        "shed, by reason",
    }


def test_a_violation_is_said_first(tmp_path: Path) -> None:
    bad = result()
    bad["violations"] = [
        {"policy": "joint", "rate": 1.0, "seed": 0, "bound": "certified_bound", "by": 0.01}
    ]
    path = tmp_path / "report.html"
    write_report(bad, path, script="")
    assert "above its certified bound by 0.0100: this is a bug" in path.read_text()


def test_the_main_plot_has_bands_and_bounds() -> None:
    figure = figures.against_load(result(), "quality_goodput", "t")
    names = [trace["name"] for trace in figure["data"]]
    assert names.count("joint") == 2  # a line and its band
    assert sum("bound" in name for name in names) == 3
    (line,) = [t for t in figure["data"] if t["name"] == "joint" and "fill" not in t]
    assert line["x"] == [0.5, 1.0]
    assert line["y"] == pytest.approx([0.505, 0.505])


def test_with_one_seed_there_are_no_bands() -> None:
    figure = figures.against_load(result(seeds=1), "goodput", "t")
    assert len(figure["data"]) == 2


def test_without_plotly_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("plotly") is not None:
        assert "Plotly" in plotly_script()

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("zeta_router.sim.report.html.files", missing)
    with pytest.raises(ConfigError, match=r"zeta-router\[report\]"):
        plotly_script()


def test_no_two_policies_look_the_same() -> None:
    look = figures.lines_of([f"policy-{index}" for index in range(21)])
    assert len({(line["color"], line["dash"]) for line in look.values()}) == 21


def test_an_endpoint_is_named_with_its_model() -> None:
    figure = figures.over_time(row("joint", 1.0, 0), "price", "prices", "unit", {"a": "m"})
    assert [trace["name"] for trace in figure["data"]] == ["a (m)"]


def test_where_nothing_was_shed_the_report_says_so(tmp_path: Path) -> None:
    calm = result()
    for each in calm["rows"]:
        each["shed_reasons"] = {}
    write_report(calm, tmp_path / "report.html", script="")
    assert "Nothing was shed." in (tmp_path / "report.html").read_text()
