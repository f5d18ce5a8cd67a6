"""A PodDisruptionBudget of a tenant holds when the host evicts pods, percentages and all."""

import json
import subprocess

from embedded import SECONDS
from polling import eventually
from space import IDLE, Object, Space, template

BUDGET: Object = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web"},
    "spec": {"maxUnavailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
}


def evict(space: Space, pod: str) -> subprocess.CompletedProcess[str]:
    """Ask the host to evict a pod, as `kubectl drain` does."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    path = f"/api/v1/namespaces/{space.cluster.namespace}/pods/{pod}/eviction"
    return subprocess.run(
        ["kubectl", "create", "--raw", path, "--filename", "-"],
        env=space.host.env,
        input=json.dumps(body),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def allowed(space: Space, *, healthy: int) -> int:
    """How many evictions the host would allow now, once it has seen so many healthy pods."""
    name = space.host_name("web")
    found = space.host.get("poddisruptionbudget", name, "--namespace", space.cluster.namespace)
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert found["status"]["currentHealthy"] == healthy
    return int(found["status"]["disruptionsAllowed"])


def test_an_eviction_on_the_host_keeps_to_it(space: Space) -> None:
    spec = {"replicas": 2, **template(IDLE, app="web", terminationGracePeriodSeconds=1)}
    # The one that takes its place is never ready: the second pod has to stay.
    spec["template"]["spec"]["schedulingGates"] = [{"name": "example.com/wait"}]
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    space.apply(BUDGET, deployment)
    names = eventually(lambda: pods(space, count=2))
    for name in names:
        space.kubectl("patch", "pod", name, "--type=merge", "--patch", '{"spec":{"schedulingGates":[]}}')
    space.rollout("deployment/web")
    eventually(lambda: allowed(space, healthy=2) == 1)
    first, second = (space.host_name(name) for name in names)
    assert evict(space, first).returncode == 0
    eventually(lambda: allowed(space, healthy=1) == 0)
    refused = evict(space, second)
    assert refused.returncode != 0
    assert "disruption budget" in refused.stderr
    space.kubectl("delete", "poddisruptionbudget", "web")
    eventually(lambda: not space.on_host("poddisruptionbudget"))
    assert evict(space, second).returncode == 0


def pods(space: Space, *, count: int) -> list[str]:
    found = [each["metadata"]["name"] for each in space.get("pods", "--selector", "app=web")["items"]]
    return found if len(found) == count else []
