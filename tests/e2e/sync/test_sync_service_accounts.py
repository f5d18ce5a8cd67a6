"""ServiceAccounts on the host: pods run under their own there, which has annotations and no rights."""

import base64
import json
from collections.abc import Iterator

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, pod, virtual_cluster, virtual_namespace

ROLE = "eks.amazonaws.com/role-arn"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


@pytest.fixture
def space(host: Host) -> Iterator[Space]:
    """In a virtual cluster that has them synced."""
    sets = ("sync.toHost.serviceAccounts.enabled=true",)
    with virtual_cluster(host, "accounts", sets=sets) as cluster, virtual_namespace(cluster, host) as space:
        yield space


def account(name: str, **annotations: str) -> Object:
    metadata = {"name": name, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def get(space: Space, kind: str, name: str) -> Object:
    found: Object = space.host.get(kind, space.host_name(name), "--namespace", space.cluster.namespace)
    return found


def test_a_pod_runs_under_its_own_account_on_the_host(space: Space) -> None:
    # Together: the pod waits until the host has the account.
    space.apply(account("web", **{ROLE: "arn:aws:iam::1:role/web"}), pod("web", serviceAccountName="web"))
    space.apply(pod("plain"))
    space.wait("condition=Ready", "pod/web", "pod/plain")
    on_host = get(space, "serviceaccount", "web")
    assert on_host["metadata"]["annotations"][ROLE] == "arn:aws:iam::1:role/web"
    assert on_host["automountServiceAccountToken"] is False
    for name, of in (("web", "web"), ("plain", "default")):
        spec = get(space, "pod", name)["spec"]
        assert spec["serviceAccountName"] == space.host_name(of)
        assert spec["automountServiceAccountToken"] is False

    # The token is the virtual cluster's, and the host's account may nothing.
    payload = space.sh("web", f"cat {TOKEN}").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["sub"] == f"system:serviceaccount:{space.name}:web"
    namespace = space.cluster.namespace
    who = f"system:serviceaccount:{namespace}:{space.host_name('web')}"
    for what in ("pods", "secrets"):
        can = space.host.kubectl(
            "auth", "can-i", "get", what, "--as", who, "--namespace", namespace, check=False
        )
        assert can.strip() == "no"

    space.kubectl("annotate", "serviceaccount", "web", f"{ROLE}=arn:aws:iam::1:role/other", "--overwrite")
    eventually(
        lambda: get(space, "serviceaccount", "web")["metadata"]["annotations"][ROLE].endswith("/other")
    )
    space.kubectl("delete", "pod", "web", "--wait=true")
    space.kubectl("delete", "serviceaccount", "web")
    eventually(lambda: space.host_name("web") not in space.on_host("serviceaccount"))
