"""Studies of quality-goodput against load: every policy, every rate, paired over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench import CODE, JOINT, QUALITY_BLIND, SECOND_FAMILY, Bench
from compared import above_all, but_joint, line_of, over, report
from findings import Findings

from zeta_router.core.query import Slo
from zeta_router.sim.options import SimulateOptions

SHARE_OF_BOUND = {0.5: 0.98, 1.0: 0.97, 1.6: 0.97, 2.4: 0.94, 3.5: 0.91}
OVER_BLIND = {1.0: 0.07, 2.4: 0.07, 3.5: 0.30}
OVER_THRESHOLD = {1.0: 0.10, 2.4: 0.18, 3.5: 0.60}
OVER_GREEDY = {1.0: 0.02, 2.4: 0.04, 3.5: 0.25}
CODE_GOALS = {1.0: 0.03, 3.0: 0.08}


def chat(bench: Bench) -> Findings:
    """All policies with the common admission: the main table."""
    options = bench.options()
    found = Findings(
        "Chat: everybody with the same admission",
        "Second half of `azure2023_conv`; slots, one queue and the deadline are the same for all.",
    )
    result = bench.run("chat", options)
    report(found, result, "chat")
    for rate, goal in _at(SHARE_OF_BOUND, options):
        share = line_of(result, JOINT, rate)["of_class_bound"]
        what = f"share of the class bound at ×{rate:g}"
        found.expect(what, f">= {goal}", f"{share:.3f}", met=share >= goal)
    above_all(found, result)
    over(found, result, "the best quality-blind balancer", QUALITY_BLIND, OVER_BLIND)
    over(found, result, "`threshold`", ("threshold",), OVER_THRESHOLD)
    over(found, result, "`greedy`", ("greedy",), OVER_GREEDY)
    over(found, result, "`quality_only`", ("quality_only",), OVER_GREEDY)
    return found


def uncapped(bench: Bench) -> Findings:
    """Baselines as people run them, `joint` with admission beside them."""
    found = Findings(
        "Chat: baselines without admission",
        "As balancers are mostly run: no cap, no deadline, requests wait inside the engines. "
        "`joint` keeps its admission, which is part of it.",
    )
    others = bench.run("chat-uncapped", bench.options(policies=but_joint(), capped=False))
    mine = bench.run("chat-uncapped, joint", bench.options(policies=(JOINT,)))
    result = {**others, "rows": [*others["rows"], *mine["rows"]]}
    report(found, result, "chat-uncapped")
    above_all(found, result)
    return found


def code(bench: Bench) -> Findings:
    """The very bursty trace."""
    found = Findings(
        "Bursts: code completion",
        "Second half of `azure2023_code`, nothing retuned. A price reacts after a burst began.",
    )
    options = bench.options(trace=bench.trace(CODE), rates=tuple(CODE_GOALS))
    result = bench.run("code", options)
    report(found, result, "")
    above_all(found, result)
    over(found, result, "the best baseline", but_joint(), CODE_GOALS)
    return found


def qwen(bench: Bench) -> Findings:
    """Other models, other tables, the same settings."""
    found = Findings(
        "Another family of models",
        "Qwen2.5-3B, 7B and 32B-Instruct on cruxeval-o and math-level5, nothing retuned.",
    )
    tables = bench.tables(("zeroeval_crux", "zeroeval_math-l5"))
    result = bench.run("qwen", bench.options(quality=tables, table_model=SECOND_FAMILY))
    report(found, result, "qwen")
    above_all(found, result)
    return found


def text(bench: Bench) -> Findings:
    """What the product itself reads from the prompt, instead of the table's topic."""
    found = Findings(
        "Topics read from the text",
        "The router is not told a prompt's topic; it reads the text, as in production. The static "
        "routes and the bound still know it.",
    )
    options = bench.options(topics="text", rates=(1.0, 2.4), policies=STRONGEST)
    result = bench.run("text", options)
    report(found, result, "")
    above_all(found, result)
    return found


STRONGEST = (
    "static", "threshold", "round_robin", "p2c", "prequal", "shortest_expected", "additive",
    "greedy", JOINT,
)  # fmt: skip
"""The baselines that are best at some load of the main table, for the studies beside it."""

TRANSFERS: Mapping[str, Mapping[str, Any]] = {
    "Mooncake arrivals": {"trace": "mooncake_synthetic.csv.gz", "rates": (1.0, 2.4)},
    "Mooncake with its long prompts and prefixes, TTFT <= 10 s": {
        "trace": "mooncake_synthetic.csv.gz",
        "input_tokens": "trace",
        "slo": Slo(ttft_s=10.0, tpot_s=0.05),
        "rates": (0.25, 0.5),
    },
    "Gamma arrivals, CV 3": {"trace": "gamma:rate=5,cv=3", "rates": (1.0, 2.4)},
    "ServeGen, deepseek-r1's clients at 10:00": {
        "trace": "servegen_client_windows_day.csv.gz:model=deepseek-r1,from_s=36000",
        "rates": (0.4, 0.8),
    },
}


def transfer(bench: Bench) -> Findings:
    """Arrivals that nothing was tuned on."""
    found = Findings(
        "Other arrivals",
        "The same models, prompts and settings under arrivals that nothing was tuned on.",
    )
    for name, changes in TRANSFERS.items():
        trace = changes["trace"]
        place = bench.trace(trace) if ".csv" in trace else trace
        options = bench.options(**{**changes, "trace": place, "policies": STRONGEST})
        result = bench.run(f"transfer, {name}", options)
        found.say(f"### {name}")
        report(found, result, "", name)
        above_all(found, result, f"{name}: ")
    return found


def _at(goals: Mapping[float, float], options: SimulateOptions) -> list[tuple[float, float]]:
    return [(rate, goals[rate]) for rate in options.rates if rate in goals]
