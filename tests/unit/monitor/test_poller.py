import asyncio
import contextlib
import itertools
import logging

import pytest

from zeta_router.core.fleet import Endpoint
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.poller import (
    INTERVAL_S,
    MAX_INTERVAL_S,
    UNANSWERED_S,
    Pace,
    Poller,
)
from zeta_router.monitor.resources.usage import Resources
from zeta_router.router.events import Sampled, Unanswered


class FakeContact:
    """Takes `takes_s` to answer, or cannot be reached."""

    def __init__(self, takes_s=0.0, reached=True):
        self.takes_s = takes_s
        self.reached = reached
        self.came_back = False
        self.started_at_s = []
        self.under_way = 0
        self.most_under_way = 0
        self.cancelled = False

    async def sample(self):
        self.came_back = False
        self.started_at_s.append(asyncio.get_running_loop().time())
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.takes_s)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.under_way -= 1
        return EngineSample(models=("m",)) if self.reached else None


class FakeContacts:
    def __init__(self, **contacts):
        self.contacts = contacts
        self.kept = set()

    def of(self, endpoint):
        return self.contacts[endpoint.id]

    def keep(self, endpoint_ids):
        self.kept = endpoint_ids


def endpoint(name, **more):
    return Endpoint(name, f"http://{name}", "m", **more)


async def polling(contacts, seconds, watch=None, during=None):
    """The events submitted while polling for that many seconds of virtual time."""
    loop = asyncio.get_running_loop()
    events = []
    poller = Poller(contacts, events.append, loop.time)
    poller.watch(watch or [(endpoint(name), 1) for name in contacts.contacts])
    task = asyncio.create_task(poller.run())
    if during is not None:
        await during(poller)
    await asyncio.sleep(max(0.0, seconds - loop.time()))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return events


def test_polls_every_second_on_the_same_phase(virtual_run):
    contact = FakeContact(takes_s=0.1)
    virtual_run(polling(FakeContacts(a=contact), 5.05))
    assert contact.started_at_s == pytest.approx([0, 1, 2, 3, 4, 5])


def test_submits_what_was_said_with_endpoint_and_generation(virtual_run):
    events = virtual_run(polling(FakeContacts(a=FakeContact(0.1)), 0.5, [(endpoint("a"), 7)]))
    assert [(e.endpoint_id, e.generation, e.sample.models) for e in events] == [("a", 7, ("m",))]
    assert events[0].at_s == pytest.approx(0.1)


def test_spreads_the_endpoints_over_the_interval(virtual_run):
    contacts = FakeContacts(**{name: FakeContact() for name in "abcd"})
    virtual_run(polling(contacts, 0.9))
    started = [contact.started_at_s[0] for contact in contacts.contacts.values()]
    assert started == pytest.approx([0.0, 0.25, 0.5, 0.75])


def test_makes_polls_rarer_while_they_take_too_long(virtual_run):
    contact = FakeContact(takes_s=0.8)
    virtual_run(polling(FakeContacts(a=contact), 30))
    gaps = [b - a for a, b in itertools.pairwise(contact.started_at_s)]
    assert gaps[:2] == pytest.approx([2, 4])
    assert all(0.5 * gap >= 0.8 for gap in gaps)


def test_while_polls_are_rare_the_router_is_told_every_second_that_nothing_is_heard(virtual_run):
    contact = FakeContact(takes_s=3.0)
    events = virtual_run(polling(FakeContacts(a=contact), 60))
    times = [0.0, *(event.at_s for event in events)]
    longest_s = max(b - a for a, b in itertools.pairwise(times))
    assert longest_s <= contact.takes_s + INTERVAL_S
    assert sum(isinstance(event, Unanswered) for event in events) > 20


def test_polls_at_the_full_rate_again_once_they_are_quick(virtual_run):
    contact = FakeContact(takes_s=3.0)

    async def recover(poller):
        await asyncio.sleep(60)
        contact.takes_s = 0.01
        await asyncio.sleep(60)
        contact.started_at_s.clear()

    virtual_run(polling(FakeContacts(a=contact), 130, during=recover))
    gaps = [b - a for a, b in itertools.pairwise(contact.started_at_s)]
    assert gaps == pytest.approx([INTERVAL_S] * len(gaps))
    assert len(gaps) >= 8


def test_an_unreached_engine_is_polled_less_and_less_but_never_given_up(virtual_run):
    contact = FakeContact(reached=False)
    virtual_run(polling(FakeContacts(a=contact), 300))
    gaps = [b - a for a, b in itertools.pairwise(contact.started_at_s)]
    assert gaps[:6] == pytest.approx([2, 4, 8, 16, 30, 30])
    assert max(gaps) == pytest.approx(MAX_INTERVAL_S)


def test_the_router_is_told_of_every_poll_that_reached_nobody_the_first_included(virtual_run):
    contact = FakeContact(reached=False)
    events = virtual_run(polling(FakeContacts(a=contact), 290, [(endpoint("a"), 7)]))
    assert {(type(event), event.endpoint_id, event.generation) for event in events} == {
        (Unanswered, "a", 7)
    }
    assert [event.at_s for event in events] == pytest.approx(contact.started_at_s)


def test_an_engine_that_came_back_is_polled_within_a_second(virtual_run):
    contact = FakeContact(reached=False)

    async def come_back(poller):
        await asyncio.sleep(100.3)
        contact.reached = True
        contact.came_back = True

    events = virtual_run(polling(FakeContacts(a=contact), 104, during=come_back))
    heard_at_s = [event.at_s for event in events if isinstance(event, Sampled)]
    assert 100.3 <= heard_at_s[0] <= 101.3
    assert len(heard_at_s) >= 3


def test_a_slow_endpoint_does_not_delay_another(virtual_run):
    contacts = FakeContacts(slow=FakeContact(takes_s=50.0), quick=FakeContact(takes_s=0.01))
    virtual_run(polling(contacts, 10.9))
    assert len(contacts.contacts["quick"].started_at_s) == 11


def test_never_has_two_polls_of_one_endpoint_under_way(virtual_run):
    contact = FakeContact(takes_s=7.7)
    virtual_run(polling(FakeContacts(a=contact), 100))
    assert contact.most_under_way == 1


def test_endpoints_can_be_replaced_while_polling(virtual_run):
    contacts = FakeContacts(**{name: FakeContact() for name in "abc"})

    async def replace(poller):
        await asyncio.sleep(3.5)
        poller.watch([(endpoint("a"), 1), (endpoint("c"), 2)])

    watched = [(endpoint("a"), 1), (endpoint("b"), 1)]
    events = virtual_run(polling(contacts, 7.9, watched, replace))
    polled = {name: [e.at_s for e in events if e.endpoint_id == name] for name in "abc"}
    assert polled["a"] == pytest.approx([0, 1, 2, 3, 4, 5, 6, 7])
    assert max(polled["b"]) < 3.6
    assert len(polled["c"]) == 4
    assert {e.generation for e in events if e.endpoint_id == "c"} == {2}
    assert contacts.kept == {"a", "c"}


def test_a_poll_under_way_of_a_removed_endpoint_is_cancelled(virtual_run):
    contact = FakeContact(takes_s=5.0)

    async def remove(poller):
        await asyncio.sleep(1.0)
        poller.watch([])

    events = virtual_run(polling(FakeContacts(a=contact), 10, [(endpoint("a"), 1)], remove))
    assert contact.cancelled
    assert events == [Unanswered(UNANSWERED_S, "a", 1)]


def test_a_new_generation_ends_the_polls_of_the_old_one(virtual_run):
    contacts = FakeContacts(a=FakeContact(takes_s=0.5))

    async def renew(poller):
        await asyncio.sleep(0.2)
        poller.watch([(endpoint("a"), 2)])

    events = virtual_run(polling(contacts, 3, [(endpoint("a"), 1)], renew))
    assert {event.generation for event in events} == {2}


def test_cancels_cleanly_with_a_poll_under_way(virtual_run):
    contact = FakeContact(takes_s=1000.0)
    virtual_run(polling(FakeContacts(a=contact), 5))
    assert contact.cancelled
    assert contact.under_way == 0


def test_one_adapter_that_raises_costs_only_its_endpoint(virtual_run, caplog):
    class Broken(FakeContact):
        async def sample(self):
            await super().sample()
            raise TypeError("a bug")

    contacts = FakeContacts(bad=Broken(), good=FakeContact())
    with caplog.at_level(logging.ERROR):
        events = virtual_run(polling(contacts, 4.9))
    heard = [event.endpoint_id for event in events if isinstance(event, Sampled)]
    assert heard == ["good"] * 5
    assert "polling bad failed" in caplog.text


class TestPace:
    def test_skips_the_times_it_missed_without_losing_its_phase(self):
        pace = Pace(due_at_s=10.25)
        pace.after(10.25, 10.3, reached=True)
        assert pace.due_at_s == pytest.approx(11.25)
        pace.after(11.25, 17.0, reached=True)
        assert pace.interval_s == 2.0
        assert pace.due_at_s == pytest.approx(17.25)

    def test_is_due_in_the_future_after_every_poll(self):
        for took_s in (0.0, 0.1, 0.25, 1.0, 1.999, 2.0, 31.0, 1000.0):
            pace = Pace(due_at_s=5.0)
            pace.after(5.0, 5.0 + took_s, reached=True)
            assert 5.0 + took_s < pace.due_at_s <= 5.0 + took_s + pace.interval_s


class FakeResources:
    """Measures slowly."""

    def __init__(self, takes_s=0.0):
        self.takes_s = takes_s
        self.asked = []

    async def read(self, endpoint):
        self.asked.append(endpoint.id)
        await asyncio.sleep(self.takes_s)
        return Resources(cpu_ratio=Signal(0.5, 0.0, "engine (pid 1)"))


def with_measuring(poller_of, contacts, resources, seconds):
    async def scenario():
        loop = asyncio.get_running_loop()
        events = []
        poller = Poller(contacts, events.append, loop.time, resources=resources)
        poller.watch([(endpoint(name), 1) for name in contacts.contacts])
        task = asyncio.create_task(poller.run())
        await asyncio.sleep(seconds)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return events

    return poller_of(scenario())


def test_what_the_machine_says_joins_the_sample(virtual_run):
    resources = FakeResources()
    events = with_measuring(virtual_run, FakeContacts(a=FakeContact()), resources, 0.5)
    assert [event.sample.cpu_ratio.value for event in events] == [0.5]
    assert events[0].sample.models == ("m",)


def test_a_slow_measurement_is_not_held_against_the_engine(virtual_run):
    contact = FakeContact(takes_s=0.01)
    with_measuring(virtual_run, FakeContacts(a=contact), FakeResources(takes_s=0.6), 5.5)
    gaps = [b - a for a, b in itertools.pairwise(contact.started_at_s)]
    assert gaps == pytest.approx([INTERVAL_S] * 5)


def test_a_machine_that_hangs_does_not_hold_a_sample_back(virtual_run):
    resources = FakeResources(takes_s=4.0)
    contacts = FakeContacts(a=FakeContact(takes_s=0.01))
    events = with_measuring(virtual_run, contacts, resources, 6.5)
    assert [event.at_s for event in events] == pytest.approx(
        [k + 0.31 for k in range(5)] + [5.31, 6.31]
    )
    told = [event.sample.cpu_ratio is not None for event in events]
    assert told == [False] * 4 + [True] * 3
    assert len(resources.asked) == 2


def test_a_machine_that_cannot_be_measured_costs_no_polls(virtual_run, caplog):
    class Broken(FakeResources):
        async def read(self, endpoint):
            await super().read(endpoint)
            raise ZeroDivisionError

    contacts = FakeContacts(a=FakeContact(takes_s=0.01))
    with caplog.at_level(logging.ERROR):
        events = with_measuring(virtual_run, contacts, Broken(), 3.5)
    assert [type(event) for event in events] == [Sampled] * 4
    assert "measuring the machine of a failed" in caplog.text


def test_a_machine_whose_engine_is_not_reached_is_not_measured(virtual_run):
    resources = FakeResources()
    contacts = FakeContacts(a=FakeContact(reached=False))
    events = with_measuring(virtual_run, contacts, resources, 5.5)
    assert [type(event) for event in events] == [Unanswered] * 2
    assert resources.asked == []


def test_the_router_hears_of_a_poll_that_takes_long_and_then_what_it_said(virtual_run):
    contact = FakeContact(takes_s=0.8)

    async def wait(poller):
        await asyncio.sleep(1.0)

    events = virtual_run(polling(FakeContacts(a=contact), 10, [(endpoint("a"), 1)], wait))
    assert [type(event).__name__ for event in events[:2]] == ["Unanswered", "Sampled"]
    assert events[0] == Unanswered(UNANSWERED_S, "a", 1)
