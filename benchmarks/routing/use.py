"""The study of use: how busy each engine is under `joint`, beside `static`."""

from __future__ import annotations

from bench import JOINT, RATES, Bench
from draw import COLOUR, Line, canvas, plot
from findings import Findings

from zeta_router.sim.report.compare import interval

POLICIES = ("static", JOINT)


def use(bench: Bench) -> Findings:
    """Busy seconds per second of every endpoint, by load."""
    found = Findings(
        "Use of each engine",
        "Busy seconds per second from the start to the last query's end, chat trace.",
    )
    rows = bench.run("use", bench.options(policies=POLICIES))["rows"]
    endpoints = sorted(rows[0]["utilisation"])
    models = {each.id: each.model for each in bench.options().fleet.endpoints}
    figure, panels = canvas(len(endpoints), width=8.0, height=3.0)
    for axes, endpoint in zip(panels, endpoints, strict=True):
        lines = []
        for policy in POLICIES:
            means = [
                interval(
                    [
                        row["utilisation"][endpoint]
                        for row in rows
                        if row["policy"] == policy and row["rate"] == rate
                    ]
                ).mean
                for rate in RATES
            ]
            found.data.setdefault(endpoint, {})[policy] = means
            lines.append(Line(policy, RATES, means, COLOUR[policy], width=1.8))
        plot(
            axes,
            lines,
            x="arrival rate, ×",
            y="busy seconds per second",
            title=models[endpoint],
            top=1.05,
        )
    head = ["engine", "policy", *(f"×{rate:g}" for rate in RATES)]
    found.table(
        head,
        [
            [models[endpoint], f"`{policy}`", *(f"{v:.2f}" for v in found.data[endpoint][policy])]
            for endpoint in endpoints
            for policy in POLICIES
        ],
    )
    found.picture("use", figure, found.title)
    return found
