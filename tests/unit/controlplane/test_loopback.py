"""What no other pod has a use for, no other pod can reach."""

import pytest
from controlplane_builders import container_of, pod_of, rendered

SCHEDULED = ("controlPlane.distro.k8s.scheduler.enabled=true", "sync.fromHost.nodes.enabled=true")
HIGHLY_AVAILABLE = ("controlPlane.statefulSet.highAvailability.replicas=3",)
ONLY_HERE = ("kube-controller-manager", "kube-scheduler")


@pytest.mark.parametrize("sets", [SCHEDULED, (*SCHEDULED, *HIGHLY_AVAILABLE)], ids=["one", "three"])
@pytest.mark.parametrize("name", ONLY_HERE)
def test_it_listens_on_loopback_and_no_probe_comes_from_outside(name: str, sets: tuple[str, ...]) -> None:
    container = container_of(rendered(*sets), name)
    assert "--bind-address=127.0.0.1" in container["command"]
    probes = (each for each in container if each.endswith("Probe"))
    assert not [each for each in probes if "exec" not in container[each]]


def test_arguments_of_the_values_come_after() -> None:
    given = "controlPlane.distro.k8s.controllerManager.extraArgs[0]=--bind-address=0.0.0.0"
    command = container_of(rendered(given), ONLY_HERE[0])["command"]
    addresses = [each for each in command if each.startswith("--bind-address=")]
    assert addresses == ["--bind-address=127.0.0.1", "--bind-address=0.0.0.0"]


def test_every_container_mounts_keys_of_its_own() -> None:
    containers = pod_of(rendered(*SCHEDULED))["containers"]
    keys = [
        mount["name"]
        for container in containers
        for mount in container.get("volumeMounts", ())
        if mount["mountPath"] == "/pki"
    ]
    assert len(keys) == len(set(keys)) > len(ONLY_HERE)
