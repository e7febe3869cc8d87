from collections import Counter

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo, Task, certain
from zeta_router.sim.workload.queries import HOG, Card, Outcome, Played, deal
from zeta_router.sim.workload.scenarios import CALM, Scenario, parse_scenario
from zeta_router.sim.workload.tables import Answer, Prompt
from zeta_router.sim.workload.traces import TraceRow

ROWS = [TraceRow(0.1 * i, 500 + i, 7, (i,)) for i in range(6000)]


def card(name: str, task: Task, *, lengths: bool = True) -> Card:
    outcomes = {"m": Outcome(1.0, 11)} if lengths else None
    prompt = Prompt(name, name, "", 42, {"m": Answer(0.5, None)})
    return Card(prompt, name, task, certain(task), (), Slo(), outcomes)


CARDS = [card("a", Task.SIMPLE), card("b", Task.CODE), card("c", Task.REASONING)]


def dealt(seed: int = 0, scenario: Scenario = CALM, **changes: bool) -> tuple[Played, ...]:
    options = {"tokens_from_trace": False, **changes}
    return deal(ROWS, CARDS, seed=seed, scenario=scenario, **options)


def test_prompts_are_drawn_uniformly_and_by_seed() -> None:
    counts = Counter(query.card.topic for query in dealt())
    assert all(count == pytest.approx(2000, abs=150) for count in counts.values())  # 4 sigma
    assert dealt() == dealt()
    assert [q.card.topic for q in dealt(0)] != [q.card.topic for q in dealt(1)]


def test_every_rate_gets_the_same_prompt_at_the_same_place() -> None:
    fast = deal(
        [row._replace(at_s=row.at_s / 3) for row in ROWS],
        CARDS,
        seed=0,
        scenario=CALM,
        tokens_from_trace=False,
    )
    assert [q.card.topic for q in fast] == [q.card.topic for q in dealt(0)]


def test_lengths_come_from_the_table_or_from_the_trace() -> None:
    table, trace = dealt()[5], dealt(tokens_from_trace=True)[5]
    assert (table.input_tokens, table.prefix_hashes) == (42, ())
    assert (trace.input_tokens, trace.prefix_hashes) == (505, (5,))
    assert table.outcomes == {"m": Outcome(1.0, 11)}


def test_where_the_table_has_no_answer_length_the_trace_has() -> None:
    cards = [card("a", Task.SIMPLE, lengths=False)]
    queries = deal(ROWS[:1], cards, seed=0, scenario=CALM, tokens_from_trace=False)
    assert queries[0].outcomes == {"m": Outcome(0.5, 7)}


def test_lengths_that_nobody_has_are_an_error() -> None:
    cards, rows = [card("a", Task.SIMPLE, lengths=False)], [TraceRow(0.0)]
    with pytest.raises(ConfigError, match="how long answers are"):
        deal(rows, cards, seed=0, scenario=CALM, tokens_from_trace=False)
    with pytest.raises(ConfigError, match="no prompt lengths"):
        deal(rows, CARDS, seed=0, scenario=CALM, tokens_from_trace=True)


def test_a_shift_of_the_mix() -> None:
    queries = dealt(scenario=parse_scenario("mix:at_s=300,before=0.25,after=0.5", ["a"]))
    before = [q.card.task is Task.REASONING for q in queries if q.at_s < 300]
    after = [q.card.task is Task.REASONING for q in queries if q.at_s >= 300]
    assert sum(before) / len(before) == pytest.approx(0.25, abs=0.04)
    assert sum(after) / len(after) == pytest.approx(0.5, abs=0.04)


def test_a_mix_needs_two_kinds() -> None:
    with pytest.raises(ConfigError, match="other tasks"):
        deal(
            ROWS,
            [CARDS[2]],
            seed=0,
            scenario=parse_scenario("mix", ["a"]),
            tokens_from_trace=False,
        )


def test_one_tenant_sends_long_prompts() -> None:
    queries = dealt(scenario=parse_scenario("tenant:share=0.2,from_s=100,factor=10", ["a"]))
    hog = [query for query in queries if query.tenant == HOG]
    assert len(hog) == pytest.approx(0.2 * 5000, rel=0.15)
    assert {query.input_tokens for query in hog} == {420}
    assert min(query.at_s for query in hog) >= 100
    polite = Counter(query.tenant for query in queries if query.tenant != HOG)
    assert len(polite) == 3
    assert min(polite.values()) > 0.8 * max(polite.values())


def test_a_flash_crowd_brings_arrivals_forward() -> None:
    queries = dealt(scenario=parse_scenario("flash:at_s=100,for_s=30,factor=5", ["a"]))
    inside = sum(100 <= query.at_s < 130 for query in queries)
    assert inside == pytest.approx(5 * 300, abs=2)
    assert len(queries) == len(ROWS)
