"""The host's own API server goes and comes, and the host refuses for a while."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import Space, pod

from faults.figures import Figures, Running, leaked, lost
from faults.pulse import Pulse

STAYS = [f"stays-{number}" for number in range(3)]


@pytest.mark.alone
def test_host_api_server_killed(space: Space, pulse: Pulse, desk: Host, figures: Figures) -> None:
    """Killed twice: the second time right after it is back. The node's first process starts it again."""
    desk.vcli("connect", space.cluster.name, "-n", space.cluster.namespace)
    space.apply(*map(pod, STAYS))
    space.wait("condition=Ready", *(f"pod/{name}" for name in STAYS))
    before = Running.of(space)

    for number in range(2):
        server = component(space.host, "kube-apiserver")
        os.kill(server["pid"], signal.SIGKILL)
        eventually(lambda: component(space.host, "kube-apiserver")["restarts"] > server["restarts"])  # noqa: B023
        eventually(lambda: host_status(space.host)["ready"])
        # Also what is asked for right after it.
        space.apply(pod(f"after-{number}"))
    pulse.beats()
    names = [*STAYS, "after-0", "after-1"]
    space.wait("condition=Ready", *(f"pod/{name}" for name in names))

    assert "namespace/kube-system" in desk.kubectl("get", "namespaces", "-o", "name")
    gone, restarted = lost(space, "pods", names), before.restarted(Running.of(space))
    figures.note(
        "host API server killed, twice", lost=len(gone), restarted=len(restarted), seconds=pulse.longest
    )
    assert (gone, restarted, leaked(space, "pods", [*names, "pulse"])) == (set(), set(), set())


def host_status(host: Host) -> Any:
    return json.loads(host.vcli("host", "status", "--name", host.name, "-o", "json", check=False).stdout)


def component(host: Host, name: str) -> Any:
    return next(each for each in host_status(host)["components"] if each["name"] == name)


def test_quota_exceeded_and_lifted(space: Space, pulse: Pulse, figures: Figures) -> None:
    space.apply(*map(pod, STAYS))
    space.wait("condition=Ready", *(f"pod/{name}" for name in STAYS))
    before = Running.of(space)
    refused = [f"refused-{number}" for number in range(5)]
    with no_more_pods(space):
        space.apply(*map(pod, refused))
        for name in refused:
            eventually(lambda: "exceeded quota" in warnings(space, name))  # noqa: B023
        said = " ".join(warnings(space, name) for name in refused)
        assert space.cluster.namespace not in said
        assert "-x-" not in said
        # Nothing else stands still.
        pulse.beats()
        space.apply(service("other"))
        eventually(lambda: space.host_name("other") in space.on_host("services"))
        assert {space.get("pod", name)["status"]["phase"] for name in refused} == {"Pending"}
        meanwhile = pulse.longest
    lifted = time.monotonic()
    space.wait("condition=Ready", *(f"pod/{name}" for name in refused))
    took = time.monotonic() - lifted
    gone, restarted = lost(space, "pods", [*STAYS, *refused]), before.restarted(Running.of(space))
    figures.note("quota exceeded: others", lost=len(gone), restarted=len(restarted), seconds=meanwhile)
    figures.note("quota lifted: the refused", lost=len(gone), restarted=len(restarted), seconds=took)
    assert (gone, restarted) == (set(), set())


@contextmanager
def no_more_pods(space: Space) -> Iterator[None]:
    """A quota on the host namespace that what runs has used up already."""
    where = ["--namespace", space.cluster.namespace]
    space.host.kubectl("create", "quota", "full", *where, "--hard=pods=0")
    try:
        eventually(lambda: space.host.get("quota", "full", *where)["status"].get("used"))
        yield
    finally:
        space.host.kubectl("delete", "quota", "full", *where)


def warnings(space: Space, name: str) -> str:
    """What the tenant is told about a pod."""
    events = space.get("events", "--field-selector", f"involvedObject.name={name},type=Warning")["items"]
    return " ".join(each["message"] for each in events)


def service(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }
