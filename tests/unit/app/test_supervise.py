"""The supervisor with real, very small children."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable

import pytest

from zeta_router.app.supervise import (
    ChildFailedError,
    ChildSpec,
    Patience,
    RestartPolicy,
    Supervisor,
)

# Answers every connection with 200 until stdin ends; sys.argv: port, code to run before.
SERVER = """
import os, socket, sys, threading
def lifeline():
    while os.read(0, 64): pass
    os._exit(0)
threading.Thread(target=lifeline, daemon=True).start()
exec(sys.argv[2])
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    guest, _ = door.accept()
    guest.recv(65536)
    guest.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    guest.close()
"""
QUICK = RestartPolicy(first_s=0.01, longest_s=0.05)
PATIENCE = Patience(poll_s=0.02, start_s=30.0, stop_s=0.2)
WITHIN_S = 30


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def server(name: str = "child", before: str = "") -> ChildSpec:
    port = free_port()
    command = [sys.executable, "-S", "-E", "-c", SERVER, str(port), before]
    return ChildSpec(name, command, f"http://127.0.0.1:{port}/health")


def supervisor(*children: ChildSpec, patience: Patience = PATIENCE) -> Supervisor:
    return Supervisor(children, QUICK, patience)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  no event tells of another process
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_children_are_ready_when_they_answer_and_gone_afterwards() -> None:
    async def run() -> dict[str, int]:
        async with supervisor(server("a"), server("b")) as children:
            await children.all_ready()
            pids = children.pids()
            assert not any(gone(pid) for pid in pids.values())
        assert children.pids() == {}
        return pids

    pids = asyncio.run(run())
    assert set(pids) == {"a", "b"}
    assert all(gone(pid) for pid in pids.values())


def test_a_killed_child_comes_back_and_its_neighbour_is_left_alone() -> None:
    async def run() -> None:
        async with supervisor(server("victim"), server("neighbour")) as children:
            await children.all_ready()
            before = children.pids()
            os.kill(before["victim"], signal.SIGKILL)
            await until(lambda: children.pids().get("victim", before["victim"]) != before["victim"])
            assert children.pids()["neighbour"] == before["neighbour"]

    asyncio.run(run())


def test_a_child_that_keeps_crashing_is_reported_with_its_last_words() -> None:
    broken = server("broken", "print('no such model: x.gguf', file=sys.stderr); sys.exit(3)")

    async def run() -> None:
        async with supervisor(server("good"), broken) as children:
            await children.all_ready()

    with pytest.raises(ChildFailedError) as failure:
        asyncio.run(run())
    assert "broken exited with status 3" in str(failure.value)
    assert "no such model: x.gguf" in str(failure.value)
    assert "good" not in str(failure.value)


def test_only_the_last_lines_of_a_talkative_child_are_kept() -> None:
    talk = "sys.stderr.write('\\n'.join(f'line {n}' for n in range(100_000)) + '\\nthe end'); "
    broken = server("broken", talk + "sys.stderr.flush(); os._exit(1)")

    async def run() -> None:
        async with supervisor(broken) as children:
            await children.all_ready()

    with pytest.raises(ChildFailedError, match="the end") as failure:
        asyncio.run(run())
    assert len(str(failure.value).splitlines()) == 21


def test_a_program_that_does_not_exist_is_reported_not_raised_from_the_background() -> None:
    missing = ChildSpec("ghost", ["/nowhere/engine"], "http://127.0.0.1:9/health")

    async def run() -> None:
        async with supervisor(missing) as children:
            await children.all_ready()

    with pytest.raises(ChildFailedError, match=r"ghost could not be started.*/nowhere/engine"):
        asyncio.run(run())


def test_a_child_that_never_answers_is_given_up_after_start_s() -> None:
    silent = server("silent", "signal = __import__('signal'); signal.pause()")

    async def run() -> None:
        patience = Patience(poll_s=0.02, start_s=0.3, stop_s=0.2)
        async with supervisor(silent, patience=patience) as children:
            await children.all_ready()

    with pytest.raises(ChildFailedError, match="silent is not ready yet"):
        asyncio.run(run())


def test_a_child_deaf_to_sigterm_is_killed_after_the_grace() -> None:
    deaf = server("deaf", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")

    pids: dict[str, int] = {}

    async def run() -> None:
        async with supervisor(deaf) as children:
            await children.all_ready()
            pids.update(children.pids())

    asyncio.run(run())
    assert gone(pids["deaf"])


def test_leaving_by_an_error_stops_the_children_and_keeps_the_error() -> None:
    pids: list[int] = []

    async def run() -> None:
        async with supervisor(server()) as children:
            await children.all_ready()
            pids.extend(children.pids().values())
            raise LookupError("of the body")

    with pytest.raises(LookupError, match="of the body"):
        asyncio.run(run())
    assert all(gone(pid) for pid in pids)


def test_cancelling_the_supervising_task_stops_the_children() -> None:
    pids: list[int] = []

    async def supervise() -> None:
        async with supervisor(server()) as children:
            await children.all_ready()
            pids.extend(children.pids().values())
            await asyncio.Event().wait()

    async def run() -> None:
        task = asyncio.ensure_future(supervise())
        await until(lambda: bool(pids))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert all(gone(pid) for pid in pids)

    asyncio.run(run())


def test_cancelled_again_while_stopping_it_kills_at_once() -> None:
    deaf = server("deaf", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    pids: list[int] = []

    async def supervise() -> None:
        async with supervisor(deaf, patience=Patience(poll_s=0.02, stop_s=3600.0)) as children:
            await children.all_ready()
            pids.extend(children.pids().values())

    async def run() -> None:
        task = asyncio.ensure_future(supervise())
        await until(lambda: bool(pids))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: gone(pids[0]))

    asyncio.run(run())


def test_stopping_does_not_wait_for_the_back_off() -> None:
    broken = server("broken", "sys.exit(1)")

    async def run() -> None:
        policy = RestartPolicy(first_s=3600.0, longest_s=3600.0)
        async with Supervisor([broken], policy, PATIENCE) as children:
            await until(lambda: bool(children.pids()))
            await until(lambda: not children.pids())

    asyncio.run(asyncio.wait_for(run(), WITHIN_S))


def test_a_child_gets_its_own_variables_on_top_of_ours() -> None:
    said = server("child", "sys.exit(os.environ['WORD'] + ' ' + os.environ['PATH'])")
    said = ChildSpec(said.name, said.command, said.health_url, {"WORD": "hello"})

    async def run() -> None:
        async with supervisor(said) as children:
            await children.all_ready()

    with pytest.raises(ChildFailedError, match="hello " + os.environ["PATH"][:20]):
        asyncio.run(run())
