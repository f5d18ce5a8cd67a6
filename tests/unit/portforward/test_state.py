"""State files, locks, and processes that are what they seem."""

import dataclasses
import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vcli import processes
from vcli.errors import TimedOutError, VcliError
from vcli.portforward import background
from vcli.portforward.state import TunnelSpec, TunnelState, Use, folder, locked, read, state_path, write

SPEC = TunnelSpec(server="https://h:6443", namespace="team-a", name="demo", selector="app=vcluster")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "state"))


def state_of(pid: int, *, spec: TunnelSpec = SPEC, port: int = 4242) -> TunnelState:
    return TunnelState(
        spec=spec,
        pid=pid,
        identity=processes.identity(pid) or "none",
        machine=processes.machine(),
        port=port,
        log=str(state_path(spec, port).with_suffix(".log")),
    )


@pytest.fixture
def sleeper():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def test_a_state_comes_back_as_it_was_and_is_private():
    path = write(state_of(os.getpid()))
    assert read(path) == state_of(os.getpid())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert state_of(1).server == "https://127.0.0.1:4242"
    assert sorted(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"spec": {}}', "null"])
def test_a_broken_state_is_none_and_cleared(content):
    path = folder() / "demo-x.json"
    path.write_text(content)
    assert read(path) is None
    assert background.list() == []
    assert not path.exists()


def test_a_newer_versions_state_is_understood():
    path = write(state_of(os.getpid()))
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "new": 1, "spec": {**data["spec"], "newer": 2}}))
    assert read(path) == state_of(os.getpid())


def test_one_file_for_one_target_and_listener():
    same = dataclasses.replace(SPEC, kubeconfig="/x", context="y", local_port=4242)
    assert state_path(same, 4242) == state_path(SPEC, 4242)
    assert state_path(SPEC, 4243) != state_path(SPEC, 4242)
    for change in ({"server": "x"}, {"namespace": "x"}, {"name": "x"}, {"address": "::1"}):
        assert state_path(dataclasses.replace(SPEC, **change), 4242) != state_path(SPEC, 4242)


def test_only_live_tunnels_are_listed_and_dead_ones_leave_no_trace(sleeper):
    write(state_of(sleeper.pid))
    other = dataclasses.replace(SPEC, name="other")
    write(dataclasses.replace(state_of(os.getpid(), spec=other), identity="another process of this pid"))
    Path(state_of(1, spec=other).log).write_text("last words")
    assert [state.pid for state in background.list()] == [sleeper.pid]
    assert [path.name for path in folder().iterdir()] == [state_path(SPEC, 4242).name]
    sleeper.kill()
    sleeper.wait()
    assert background.list() == []
    assert list(folder().iterdir()) == []


def test_a_tunnel_of_another_machine_is_neither_listed_nor_cleared():
    path = write(dataclasses.replace(state_of(os.getpid()), machine="elsewhere"))
    assert background.list() == []
    assert path.exists()


def test_what_a_kubeconfig_uses_is_remembered_when_the_tunnel_has_ended(sleeper):
    use = Use("/home/me/.kube/config", "demo")
    state = state_of(sleeper.pid)
    write(state)
    background.record_use(state, use)
    background.record_use(state, use)
    assert [each.uses for each in background.list()] == [(use,)]
    sleeper.kill()
    sleeper.wait()
    assert background.list() == []
    (left,) = background.records()
    assert (left.uses, left.port, left.alive) == ((use,), 4242, False)
    assert background.find(server=SPEC.server, namespace="team-a", name="demo") is None
    background.clear(left.path, unless=lambda state: bool(state.uses))
    assert background.records() == [left]
    background.clear(left.path)
    assert background.records() == []


def test_stop_leaves_the_port_to_those_who_use_it(sleeper):
    state = state_of(sleeper.pid)
    write(state)
    use = Use("/other", "demo")
    assert background.stop(state, uses=lambda _: [use])
    (left,) = background.records()
    assert (left.uses, left.alive) == ((use,), False)


def test_find_by_target_and_port(sleeper):
    write(state_of(sleeper.pid))
    target = {"server": SPEC.server, "namespace": "team-a", "name": "demo"}
    for more in ({}, {"local_port": 0}, {"local_port": 4242}, {"address": "127.0.0.1"}):
        found = background.find(**target, **more)
        assert found is not None
        assert found.pid == sleeper.pid
    for more in ({"local_port": 1}, {"address": "::1"}, {"name": "x"}, {"server": "x"}):
        assert background.find(**{**target, **more}) is None


def test_stop_ends_the_process_and_its_traces(sleeper):
    state = state_of(sleeper.pid)
    write(state)
    background.stop(state)
    assert processes.identity(sleeper.pid) is None
    assert list(folder().iterdir()) == []
    background.stop(state)


def test_a_process_that_does_not_listen_to_reason_is_killed():
    code = "import signal,time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        background.stop(state_of(stubborn.pid), grace=0.2)
        assert processes.identity(stubborn.pid) is None


def test_a_process_that_merely_has_the_pid_is_never_ended(sleeper):
    state = dataclasses.replace(state_of(sleeper.pid), identity="an earlier process")
    path = write(state)
    assert not state.alive
    background.stop(state)
    assert not path.exists()
    time.sleep(0.1)
    assert sleeper.poll() is None


def test_stop_leaves_the_state_of_a_successor(sleeper):
    path = write(state_of(os.getpid()))
    background.stop(dataclasses.replace(state_of(sleeper.pid), identity="earlier"))
    assert path.exists()


def test_stop_leaves_a_tunnel_that_somebody_needs_after_all(sleeper):
    state = state_of(sleeper.pid)
    path = write(state)
    assert not background.stop(state, unless=lambda _: True)
    assert path.exists()
    assert sleeper.poll() is None
    assert background.stop(state, unless=lambda _: False)


def test_who_holds_a_tunnel_keeps_others_from_stopping_it(sleeper):
    """Also one that listens on another port than what is asked for, which is another file."""
    there = dataclasses.replace(SPEC, local_port=4242)
    state = state_of(sleeper.pid, spec=there)
    write(state)
    with background.held(SPEC) as held:
        assert held == state
        stopping = threading.Thread(target=background.stop, args=(state,))
        stopping.start()
        stopping.join(0.3)
        assert stopping.is_alive()
        assert sleeper.poll() is None
    stopping.join()
    assert processes.identity(sleeper.pid) is None


def test_one_that_ran_before_survives_whoever_held_it(sleeper):
    write(state_of(sleeper.pid))
    with pytest.raises(ZeroDivisionError), background.held(SPEC):
        raise ZeroDivisionError
    assert sleeper.poll() is None


def test_a_full_disk_leaves_no_half_of_a_state():
    folder()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(VcliError, match=os.strerror(errno.EFBIG)):
            write(state_of(os.getpid()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert list(folder().iterdir()) == []


def test_what_a_killed_writer_left_is_removed(sleeper):
    fresh, old = folder() / "demo-1.1.1.tmp", folder() / "demo-1.1.2.tmp"
    for path in (fresh, old):
        path.write_text("")
    os.utime(old, (time.time() - 100,) * 2)
    write(state_of(sleeper.pid))
    assert (fresh.exists(), old.exists()) == (True, False)


def test_an_ended_child_nobody_waited_for_has_no_identity():
    child = subprocess.Popen([sys.executable, "-c", ""])
    while processes.identity(child.pid) is not None:
        time.sleep(0.01)
    assert Path(f"/proc/{child.pid}").exists()
    child.wait()


def test_the_lock_is_for_one_at_a_time_and_leaves_no_file():
    path = state_path(SPEC, 4242)
    inside = most = 0

    def enter() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked(path) as mine:
                assert mine
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    with locked(path), locked(path, wait=False) as mine:
        assert not mine
    assert list(folder().iterdir()) == []


def test_a_lock_that_another_process_has_all_the_time_is_not_waited_for_without_end():
    path = state_path(SPEC, 4242)
    with locked(path), pytest.raises(TimedOutError, match=r"has not finished in 0\.1 seconds"):  # noqa: SIM117
        with locked(path, timeout=0.1):
            pass
