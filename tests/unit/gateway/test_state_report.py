"""The router's inside as JSON."""

from __future__ import annotations

import msgspec

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.query import Slo
from zeta_router.gateway.state_report import state_report


def test_the_line_its_reasons_and_what_was_learned() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1), policy="joint"))
    slo = Slo(ttft_s=600.0, tpot_s=5.0)
    for number in range(3):
        tokens = 100 * (3 - number)
        bench.arrive(query(str(number), slo=slo, max_output_tokens=tokens, tenant="t"))
    inside = bench.router.inside(4.0)
    report = state_report(inside, bench.router.queue_depths())
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
    queue = report["queue"]
    assert queue["depth"] == {"interactive": 0, "normal": 2, "batch": 0}
    assert [held["id"] for held in queue["next"]] == ["2", "1"]
    assert queue["next"][0]["density"] > queue["next"][1]["density"] > 0.0
    assert queue["next"][0]["ageing"] == 1.4
    assert "density" in queue["order"]
    assert [tenant["tenant"] for tenant in report["tenants"]] == ["t"]
    assert report["endpoints"][0]["id"] == "c"
    assert report["endpoints"][0]["price"] < 0.01, "it has fallen in four seconds"
    at_once = state_report(bench.router.inside(0.0), bench.router.queue_depths())
    assert at_once["endpoints"][0]["price"] > 0.0


def test_the_forecast_is_shown_with_its_error() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=4), policy="joint"))
    for second in range(300):
        bench.advance(float(second))
        bench.arrive(query(str(second), at_s=bench.now_s))
        bench.first_token(str(second))
        bench.finish(str(second))
    report = state_report(bench.router.inside(300.0), {})["forecast"]
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
    ahead = report["tasks"]["all"]
    assert list(ahead) == ["5s", "30s", "60s", "300s"]
    assert 25.0 < ahead["30s"]["expected"] < 35.0
    assert ahead["30s"]["note"] == ""
    assert ahead["300s"]["note"] == "nothing scored yet"
    assert report["load_p90"] > 0.0
