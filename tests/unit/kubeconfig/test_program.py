"""The program that gives credentials: how long it may take, and what is left of it afterwards."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from vcli.errors import TimedOutError
from vcli.invocation import Invocation, running
from vcli.kubeconfig import program

FAMILY = "(sleep 60 & echo $! > grandchild; sleep 60) & echo $! > child; echo $$ > own; sleep 60"


def sh(script):
    options = {"environ": dict(os.environ), "interactive": False, "title": "'login'"}
    return program.run(["/bin/sh", "-c", script], **options)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(folder):
    pids = [int((folder / name).read_text()) for name in ("own", "child", "grandchild")]
    until = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(alive, pids))


async def written(path):
    while not (path.exists() and path.read_text().strip()):  # noqa: ASYNC110  another process writes it
        await asyncio.sleep(0.01)


async def test_exit_code_and_output():
    assert await sh("echo hello; exit 3") == (3, b"hello\n")
    assert await sh("cat") == (0, b""), "stdin is empty"


async def test_what_it_leaves_behind_is_not_waited_for():
    started = time.monotonic()
    assert await sh("sleep 20 & echo token; echo $! >&2") == (0, b"token\n")
    assert time.monotonic() - started < 5


async def test_the_deadline_ends_it_with_all_its_children(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with running(Invocation(seconds=0.5)), pytest.raises(TimedOutError) as caught:
        await sh(FAMILY)
    assert caught.value.message == (
        "'login', did not end within the 0.5 seconds of --timeout, so it was stopped"
    )
    assert caught.value.hint.startswith("run it by hand to see what it waits for: /bin/sh -c '(sleep 60")
    assert gone(tmp_path)


async def test_without_a_deadline_there_is_a_limit_unless_somebody_may_answer_it(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "LONGEST", 0.3)
    with pytest.raises(TimedOutError, match=r"did not end within 0\.3 seconds"):
        await sh("sleep 60")
    options = {"environ": dict(os.environ), "interactive": True, "title": "'login'"}
    assert await program.run(["/bin/sh", "-c", "sleep 0.6"], **options) == (0, b"")
    with running(Invocation(seconds=0.2)), pytest.raises(TimedOutError):
        await program.run(["/bin/sh", "-c", "sleep 60"], **options)


async def test_being_cancelled_ends_it_as_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = asyncio.ensure_future(sh(FAMILY))
    await written(tmp_path / "grandchild")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(tmp_path)


async def test_one_that_ignores_sigterm_is_killed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with running(Invocation(seconds=0.5)), pytest.raises(TimedOutError):
        await sh(f"trap '' TERM; {FAMILY}")
    assert gone(tmp_path)


async def test_a_slow_one_is_announced(monkeypatch):
    monkeypatch.setattr(program, "ANNOUNCED_AFTER", 0.1)
    said = []
    with running(Invocation(notify=said.append)):
        await sh("true")
        assert said == []
        await sh("sleep 0.3")
    assert said == ["waiting for 'login'"]
