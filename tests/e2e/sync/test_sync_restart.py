"""The syncer keeps nothing in memory that it can't do without."""

import os
import signal
from pathlib import Path

from space import Object, Space, eventually, pod


def syncer_status(space: Space) -> Object:
    plane = space.host.get("pod", f"{space.cluster.name}-0", "--namespace", space.cluster.namespace)
    [status] = [each for each in plane["status"]["containerStatuses"] if each["name"] == "syncer"]
    return status


def kill_syncer(space: Space) -> None:
    """SIGKILL, as from the kernel when memory runs out."""
    container = syncer_status(space)["containerID"].partition("://")[2]
    pids = processes_of(container)
    assert pids, "the syncer has no process on this machine"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def processes_of(container: str) -> list[int]:
    """The processes of a container, by its cgroup, as this machine numbers them."""
    found = []
    for cgroup in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            if container in cgroup.read_text():
                found.append(int(cgroup.parent.name))
        except OSError:
            continue
    return found


def test_a_killed_syncer_converges_and_touches_nothing_that_runs(space: Space) -> None:
    space.apply(*(pod(f"stays-{number}") for number in range(3)), pod("goes"))
    space.wait("condition=Ready", "pod", "--all")
    before = {each["metadata"]["name"]: each["status"]["containerStatuses"] for each in pods(space)}
    restarts = syncer_status(space)["restartCount"]

    kill_syncer(space)
    space.kubectl("delete", "pod", "goes", "--wait=false")
    space.apply(pod("comes"))

    eventually(lambda: syncer_status(space)["restartCount"] > restarts)
    space.wait("condition=Ready", "pod/comes")
    space.wait("delete", "pod/goes")
    after = {each["metadata"]["name"]: each["status"]["containerStatuses"] for each in pods(space)}
    del before["goes"], after["comes"]
    assert after == before
    assert sorted(space.on_host("pods")) == sorted(map(space.host_name, [*before, "comes"]))


def pods(space: Space) -> list[Object]:
    items: list[Object] = space.get("pods")["items"]
    return items


def test_what_ended_while_no_syncer_ran_is_told_afterwards(space: Space) -> None:
    space.apply(pod("short", "sleep 2; echo done"))
    eventually(lambda: space.get("pod", "short")["status"]["phase"] == "Running")
    kill_syncer(space)
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/short")
    assert space.kubectl("logs", "short").strip() == "done"
