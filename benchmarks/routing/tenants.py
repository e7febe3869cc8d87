"""The study of one tenant who sends ten times as long prompts: what do the others keep?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench import JOINT, Bench
from draw import COLOUR, GREY, INK, Line, canvas, highest, plot, shade
from findings import Findings
from matplotlib.figure import Figure

from zeta_router.sim.report.recovery import course, level
from zeta_router.sim.workload.queries import HOG, POLITE_TENANTS

Rows = Sequence[Mapping[str, Any]]

RATES = (1.0, 2.4)
POLICIES = ("static", "p2c", JOINT)
POLITE = tuple(f"tenant-{index}" for index in range(POLITE_TENANTS))
MUST_KEEP = 0.9


def tenant(bench: Bench) -> Findings:
    """Polite tenants with and without a neighbour who sends long prompts."""
    from_s = 300.0 * bench.minutes / 20.0
    found = Findings(
        "Scenario `tenant`: one of four sends 10 times as long prompts",
        f"From {from_s:.0f} s on, a fifth of the arrivals is one tenant's. *Keep* is the "
        "quality-goodput of the others from then on, as a share of what they have when that "
        "tenant's prompts are as long as everybody's.",
    )
    common = {"rates": RATES, "policies": POLICIES, "timelines": True}
    scenario = f"tenant:share=0.2,from_s={from_s:g},factor="
    rude = bench.run("tenant", bench.options(**common, scenario=f"{scenario}10"))["rows"]
    fair = bench.run("tenant, fair", bench.options(**common, scenario=f"{scenario}1"))["rows"]
    head = ["policy", "others", "undisturbed", "keep", "the tenant", "served: others", "tenant",
            "longest wait: others", "tenant"]  # fmt: skip
    for rate in RATES:
        lines = []
        for policy in POLICIES:
            facts = _facts(_of(rude, policy, rate), _of(fair, policy, rate), from_s)
            found.data[f"{policy} ×{rate:g}"] = facts
            lines.append([f"`{policy}`", *(_cell(key, value) for key, value in facts.items())])
        found.table(head, lines, f"At ×{rate:g}:")
        kept = found.data[f"{JOINT} ×{rate:g}"]["keep"]
        what = f"`tenant`: what the others keep with `joint` at ×{rate:g}"
        found.expect(what, f">= {MUST_KEEP:.0%}", f"{kept:.1%}", met=kept >= MUST_KEEP)
        starved = min(
            each["served_ratio"]
            for row in _of(rude, JOINT, rate)
            for each in row["tenants"].values()
        )
        found.expect(
            f"`tenant`: nobody starves with `joint` at ×{rate:g}",
            "every tenant is served",
            f"least share served {starved:.1%}",
            met=starved > 0,
        )
    found.picture("scenario-tenant", _picture(rude, fair, from_s), found.title)
    return found


def _facts(rude: Rows, fair: Rows, from_s: float) -> dict[str, float]:
    others = level(rude, from_s, tenants=POLITE) or 0.0
    undisturbed = level(fair, from_s, tenants=POLITE) or 0.0
    each = [row["tenants"] for row in rude]
    polite = [tenants[name] for tenants in each for name in POLITE]
    hogs = [tenants[HOG] for tenants in each]
    return {
        "others": others,
        "undisturbed": undisturbed,
        "keep": others / undisturbed if undisturbed else 1.0,
        "hog": level(rude, from_s, tenants=(HOG,)) or 0.0,
        "others_served": _served(polite),
        "hog_served": _served(hogs),
        "others_longest_wait_s": max(one["longest_wait_s"] for one in polite),
        "hog_longest_wait_s": max(one["longest_wait_s"] for one in hogs),
    }


def _served(tenants: Sequence[Mapping[str, float]]) -> float:
    arrivals = sum(one["arrivals"] for one in tenants)
    return sum(one["served_ratio"] * one["arrivals"] for one in tenants) / arrivals


def _picture(rude: Rows, fair: Rows, from_s: float) -> Figure:
    drawn = [
        [
            _line("others, undisturbed", _of(fair, JOINT, rate), POLITE, GREY, ":"),
            *(
                _line(f"others, {policy}", _of(rude, policy, rate), POLITE, COLOUR[policy])
                for policy in POLICIES
            ),
            _line("the tenant, joint", _of(rude, JOINT, rate), (HOG,), INK, "--"),
        ]
        for rate in RATES
    ]
    figure, panels = canvas(len(RATES), width=8.4)
    for axes, rate, lines in zip(panels, RATES, drawn, strict=True):
        labels = {"x": "arrival, seconds from the start", "y": "quality-goodput"}
        plot(axes, lines, **labels, title=f"×{rate:g}", top=highest(drawn))
        shade(axes, from_s, None, "long prompts")
    return figure


def _line(name: str, rows: Rows, tenants: Sequence[str], colour: str, style: str = "-") -> Line:
    seen = course(rows, window_s=60.0, tenants=tenants)
    width = 2.2 if name == "others, joint" else 1.1
    return Line(name, seen.at_s, seen.value, colour, style=style, width=width)


def _of(rows: Rows, policy: str, rate: float) -> Rows:
    return [row for row in rows if row["policy"] == policy and row["rate"] == rate]


def _cell(key: str, value: float) -> str:
    if key.endswith("_s"):
        return f"{value:.1f} s"
    if key == "keep" or key.endswith("served"):
        return f"{value:.1%}"
    return f"{value:.3f}".removeprefix("0")
