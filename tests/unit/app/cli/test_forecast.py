from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from zeta_router.app.cli.forecast import command
from zeta_router.core.errors import ConfigError


def run(*args: str) -> str:
    result = CliRunner().invoke(command, args, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_every_horizon_is_scored_against_the_simple_forecasts() -> None:
    report = msgspec.json.decode(run("poisson:rate=4", "--minutes", "40", "--json"))
    assert [row["horizon_s"] for row in report["horizons"]] == [5.0, 30.0, 60.0, 300.0]
    at_30 = report["horizons"][1]
    assert at_30["wape"] < at_30["wape_last_value"]
    assert at_30["wape"] <= at_30["wape_mean_5min"] * 1.02
    assert 0.8 < at_30["coverage_p90"] < 1.0
    assert at_30["independent"] == -(-at_30["forecasts"] // 6)
    assert at_30["forecastable"]


def test_a_table_for_people_says_what_cannot_be_forecast() -> None:
    """Gaps with CV 8 at 0.2/s: the count of 5 s is nearly always 0 and now and then many."""
    shown = run("gamma:rate=0.2,cv=8", "--minutes", "120", "--horizon", "5")
    assert "not forecastable" in shown
    assert "5 s" in shown


def test_a_trace_under_five_minutes_is_too_short(tmp_path: Path) -> None:
    trace = tmp_path / "short.csv"
    trace.write_text("arrival_s,input_tokens,output_tokens\n0,1,1\n100,1,1\n")
    assert "too short to say" in run(str(trace), "--horizon", "30")
    report = msgspec.json.decode(run(str(trace), "--horizon", "30", "--json"))
    assert report["horizons"][0]["wape"] is None


@pytest.mark.parametrize("horizon", ["7", "0", "-5", "nan", "inf", "7200"])
def test_a_horizon_between_the_steps_is_refused(horizon: str) -> None:
    with pytest.raises(ConfigError, match="--horizon"):
        run("poisson:rate=4", "--horizon", horizon)


def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    trace = tmp_path / "bad.csv"
    trace.write_text("arrival_s,input_tokens,output_tokens\n0,1,1\nsoon,1,1\n")
    with pytest.raises(ConfigError, match=r"bad\.csv.*3"):
        run(str(trace))


@pytest.mark.parametrize(
    "text",
    [
        (
            "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
            "5,m,1,1,2,c\n900,m,1,1,2,c\n"
        ),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n"
            "2023-11-16 18:15:46.68,1,1\n2023-11-16 18:30:46.68,1,1\n"
        ),
        (
            '{"timestamp": 0, "input_length": 1, "output_length": 1, "hash_ids": []}\n'
            '{"timestamp": 900000, "input_length": 1, "output_length": 1, "hash_ids": []}\n'
        ),
    ],
)
def test_the_public_formats_are_read(tmp_path: Path, text: str) -> None:
    trace = tmp_path / "trace"
    trace.write_text(text)
    report = msgspec.json.decode(run(str(trace), "--json", "--horizon", "5"))
    assert report["arrivals"] == 2
