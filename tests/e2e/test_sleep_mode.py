"""``sleepMode`` on a real host: one that nobody uses goes to sleep, and wakes when somebody connects."""

import json

from embedded import Host
from lending import fixtures
from polling import eventually
from test_create import on_host
from test_pause import SLEEPS, WORKLOADS, running, status
from upgrading import CLAIM, inside, precious

AFTER = 20
ON = ["--set", f"sleepMode.enabled=true,sleepMode.autoSleep.afterInactivity={AFTER}s"]


lender, lent = fixtures(*CLAIM, *ON)
"""The namespace of one that goes to sleep."""


def is_asleep(host: Host, namespace: str) -> bool:
    return status(host, namespace) == "Sleeping"


def test_it_sleeps_when_nobody_uses_it_and_wakes_for_who_connects(desk: Host, lent: str) -> None:
    assert SLEEPS in WORKLOADS
    kept = precious(desk, lent)
    desk.vcli("connect", "demo", "-n", lent, "--", "kubectl", "apply", "-f", "-", stdin=WORKLOADS)
    # Each look is a use, for longer than the time after which it would sleep.
    bare = eventually(lambda: running(desk, lent, "bare"))
    eventually(lambda: running(desk, lent, "web-"))
    eventually(lambda: is_asleep(desk, lent), seconds=180)
    described = json.loads(desk.vcli("describe", "demo", "-n", lent, "-o", "json").stdout)
    assert described["status"] == "Sleeping"
    workload = on_host(desk, "statefulset", "demo", "-n", lent)
    assert workload["spec"]["replicas"] == 0
    eventually(lambda: not on_host(desk, "pods", "-n", lent)["items"])

    asked = desk.vcli("connect", "demo", "-n", lent, "--", "kubectl", "get", "configmap", kept, "-o", "name")
    assert asked.stdout == f"configmap/{kept}\n"
    assert status(desk, lent) == "Running"
    marks = on_host(desk, "statefulset", "demo", "-n", lent)["metadata"].get("annotations", {})
    assert not [each for each in marks if "paused" in each or "sleeping" in each]
    again = eventually(lambda: running(desk, lent, "bare"))
    assert again["uid"] == bare["uid"], "a pod without a controller runs again under its own name"
    inside(desk, lent, "delete", "pod,deployment,service,cronjob", "--all", "--now")

    eventually(lambda: is_asleep(desk, lent), seconds=180)
    desk.vcli("wakeup", "demo", "-n", lent)
    assert status(desk, lent) == "Running"
