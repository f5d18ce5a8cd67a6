"""What the host's components say about host objects is said about the virtual ones, in their names."""

import json

import pytest
from polling import eventually
from space import Object, Space, pod


def events(space: Space, kind: str, name: str) -> list[Object]:
    about = f"involvedObject.kind={kind},involvedObject.name={name}"
    items: list[Object] = space.get("events", "--field-selector", about)["items"]
    return items


@pytest.mark.skew
def test_events_of_pods_claims_and_services_are_about_the_virtual_ones(space: Space) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "storageClassName": "no-such",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    missing = [{"name": "key", "secret": {"secretName": "missing"}}]
    mounts = {"volumeMounts": [{"name": "key", "mountPath": "/key"}]}
    space.apply(claim, service, pod("web"), pod("stuck", volumes=missing, container=mounts))
    space.wait("condition=Ready", "pod/web")

    namespace, on_host = space.cluster.namespace, space.host_name("web")
    balancer = eventually(
        lambda: space.host.get(
            "service", "--namespace", namespace, "--field-selector", f"metadata.name={on_host}"
        )["items"]
    )[0]
    # No load balancer is at work on this host; this is how one would complain.
    complaint = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{on_host}.1"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Service",
            "namespace": namespace,
            "name": on_host,
            "uid": balancer["metadata"]["uid"],
        },
        "type": "Warning",
        "reason": "SyncLoadBalancerFailed",
        "message": f"no address for {namespace}/{on_host}, nor for {on_host}",
        "count": 1,
    }
    space.host.apply(namespace, complaint)

    def all_told(kind: str, name: str, reason: str, text: str = "") -> list[Object]:
        found = events(space, kind, name)
        return [each for each in found if each["reason"] == reason and text in each["message"]]

    def told(kind: str, name: str, reason: str, text: str = "") -> Object:
        found: Object = eventually(lambda: all_told(kind, name, reason, text))[0]
        uid = space.get(kind, name)["metadata"]["uid"]
        assert (found["involvedObject"]["uid"], found["involvedObject"]["namespace"]) == (uid, space.name)
        assert namespace not in json.dumps(found)
        assert on_host not in json.dumps(found)
        return found

    for reason in ("Scheduled", "Pulled", "Created", "Started"):
        told("Pod", "web", reason)
    assert f"assigned {space.name}/web to" in told("Pod", "web", "Scheduled")["message"]
    assert told("Pod", "web", "Started")["involvedObject"]["fieldPath"] == "spec.containers{main}"
    # A kubelet that is busy may have given other reasons before.
    failed = ("Pod", "stuck", "FailedMount", 'secret "missing" not found')
    told(*failed)
    assert "no-such" in told("PersistentVolumeClaim", "data", "ProvisioningFailed")["message"]
    message = told("Service", "web", "SyncLoadBalancerFailed")["message"]
    assert message == f"no address for {space.name}/web, nor for web"

    # Reported again, it is the same event with a higher count.
    eventually(lambda: told(*failed).get("count", 1) > 1)
    assert len(all_told(*failed)) == 1
