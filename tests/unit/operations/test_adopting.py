"""What of another tool's virtual cluster can be adopted, why not, and how its objects become ours."""

import base64
import datetime as dt
import hashlib
import json
from typing import Any

import pytest

from foreign_ca import authority
from vcli.config import document
from vcli.config.load import Given, read
from vcli.controlplane.certificates import issue
from vcli.controlplane.names import Names
from vcli.errors import ConflictError
from vcli.operations.adopt.marks import marks, misnamed, virtual_name, without_marks
from vcli.operations.adopt.peer import Peer
from vcli.operations.adopt.refusals import check_values, refuse
from vcli.operations.adopt.store import copying_pod
from vcli.operations.resolve import cluster_of

NAMES = Names("demo", "team")
NOW = dt.datetime.now(dt.UTC)
GIVEN = {
    f"{name}.{part}": data for name in ("ca", "front-proxy-ca") for part, data in authority(name).items()
}
FILES = issue({}, existing=GIVEN)


def pki(**changed: bytes | None) -> Any:
    files = {name: FILES[name] for name in (*GIVEN, "sa.key", "sa.pub")}
    files |= {"server-ca.crt": FILES["ca.crt"], "client-ca.crt": FILES["ca.crt"]}
    files |= {name.replace("_", "-").replace("--", "."): data for name, data in changed.items()}  # type: ignore[misc]
    return {"data": {name: base64.b64encode(data).decode() for name, data in files.items() if data}}


def workload(*, kind: str = "StatefulSet", replicas: int = 1, **volume: Any) -> Any:
    pod = {
        "initContainers": [{"name": "kubernetes", "image": "ghcr.io/loft-sh/kubernetes:v1.35.2"}],
        "containers": [{"name": "syncer", "image": "x", "securityContext": {"runAsUser": 0}}],
        "volumes": [{"name": "data", **volume}] if volume else [],
    }
    labels = {"app": "vcluster", "release": "demo", "chart": "vcluster-0.30.0"}
    return {
        "metadata": {"name": "demo", "namespace": "team", "uid": "w", "labels": labels},
        "spec": {"replicas": replicas, "template": {"spec": pod}},
        "status": {"readyReplicas": replicas},
        "kind": kind,
    }


def synced(
    name: str = "web", host_name: str = "web-x-default-x-demo", kind: str = "Pod", **labels: str
) -> Any:
    notes = {
        "object-name": name,
        "object-namespace": "default",
        "object-uid": "u",
        "object-host-name": host_name,
    }
    metadata = {
        "name": host_name,
        "labels": {"vcluster.loft.sh/managed-by": "demo", **labels},
        "annotations": {f"vcluster.loft.sh/{key}": value for key, value in notes.items()},
    }
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata}


def peer(given: dict[str, Any] | None = None, **changed: Any) -> Peer:
    found = changed.pop("workload", None) or workload()
    claim = {"spec": {"resources": {"requests": {"storage": "7Gi"}}, "storageClassName": "fast"}}
    there: dict[str, Any] = {
        "names": NAMES,
        "cluster": cluster_of(found, kind=found["kind"]),
        "service": {"metadata": {"uid": "s"}},
        "values": document.parse(json.dumps(given or {}), "secret/vc-config-demo"),
        "pki": pki(),
        "claim": claim,
        "synced": (synced(),),
    }
    return Peer(**(there | changed))


def reasons(found: Peer) -> str:
    with pytest.raises(ConflictError) as caught:
        refuse(found, now=NOW)
    return caught.value.message


def test_the_defaults_of_the_tool_can_be_adopted() -> None:
    refuse(peer(), now=NOW)


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


@pytest.mark.parametrize(
    "path",
    [
        "controlPlane.distro.k3s.enabled",
        "controlPlane.distro.k0s.enabled",
        "controlPlane.backingStore.etcd.embedded.enabled",
        "controlPlane.backingStore.etcd.deploy.enabled",
        "controlPlane.backingStore.etcd.external.enabled",
        "controlPlane.backingStore.database.external.enabled",
        "controlPlane.standalone.enabled",
        "privateNodes.enabled",
        "experimental.isolatedControlPlane.enabled",
        "experimental.multiNamespaceMode.enabled",
        "sync.toHost.namespaces.enabled",
        "sync.fromHost.nodes.enabled",
    ],
)
def test_what_is_switched_on_and_can_not_be_taken_over(path: str) -> None:
    assert f"({path})" in reasons(peer(nested(path, True)))
    refuse(peer(nested(path, False)), now=NOW)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("plugins", {"mine": {"image": "x"}}),
        ("experimental.syncSettings.targetNamespace", "elsewhere"),
        ("controlPlane.backingStore.database.embedded.dataSource", "sqlite:///other.db"),
        ("controlPlane.distro.k8s.apiServer.command", ["mine"]),
    ],
)
def test_what_is_given_and_can_not_be_taken_over(path: str, value: Any) -> None:
    assert f"({path})" in reasons(peer(nested(path, value)))
    refuse(peer(nested(path, type(value)())), now=NOW)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"service": None}, "no Service demo"),
        ({"values": None}, "no Secret vc-config-demo"),
        ({"claim": None}, "no PersistentVolumeClaim data-demo-0"),
        ({"pki": None}, "lacks ca.crt, ca.key"),
        ({"pki": pki(ca__key=None)}, "lacks ca.key"),
        ({"pki": pki(client_ca__crt=FILES["front-proxy-ca.crt"])}, "several CAs"),
        ({"pki": pki(ca__crt=FILES["ca.crt"] + FILES["front-proxy-ca.crt"])}, "several CAs"),
        ({"workload": workload(replicas=3)}, "3 control-plane pods"),
        ({"workload": workload(replicas=0)}, "it is paused, first vcli resume demo -n team"),
        ({"workload": workload(kind="Deployment")}, "its data in its pod only"),
        ({"workload": workload(emptyDir={})}, "its data in its pod only"),
        ({"synced": (synced(host_name="long-0123456789"),)}, "pod/long-0123456789"),
    ],
)
def test_what_else_stands_in_the_way(changed: dict[str, Any], said: str) -> None:
    assert said in reasons(peer(**changed))


def test_a_ca_that_ends_soon_would_be_replaced() -> None:
    with pytest.raises(ConflictError, match="its CA ca expires on"):
        refuse(peer(), now=NOW + dt.timedelta(days=3640))


def test_all_reasons_are_said_at_once() -> None:
    said = reasons(peer(nested("plugins", {"x": {"image": "y"}}), service=None, claim=None))
    assert said.count("\n  - ") == 3


def test_version_store_and_volume_are_written_down_where_its_defaults_are_others() -> None:
    own = {"controlPlane": {"distro": {"k8s": {"image": {"tag": "v1.35.2"}}}, "coredns": {"enabled": False}}}
    plane = Given().values(over=peer(own).adopted_values()).control_plane
    claim = plane.stateful_set.persistence.volume_claim
    assert plane.distro.k8s.version == "v1.35.2"
    assert plane.backing_store.database.embedded.enabled
    assert (claim.enabled, claim.size, claim.storage_class) == (True, "7Gi", "fast")
    assert not plane.coredns.enabled


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["controlPlane.backingStore.database.embedded.enabled=false"], "keeps its objects in SQLite"),
        (["policies.hostMetadata.enabled=true"], "let few of them pass"),
        (["controlPlane.distro.k8s.version=v1.34.1"], "can't go back to v1.34.1"),
    ],
)
def test_values_that_would_leave_something_behind(sets: list[str], said: str) -> None:
    found = peer()
    values = read(sets=sets).values(over=found.adopted_values())
    with pytest.raises(ConflictError, match=said):
        check_values(found, values)


def test_the_next_minor_version_is_no_hindrance() -> None:
    found = peer()
    check_values(
        found, read(sets=["controlPlane.distro.k8s.version=v1.36.3"]).values(over=found.adopted_values())
    )


def test_authorities_and_the_key_of_tokens_are_kept() -> None:
    kept = peer().files()
    assert set(kept) == {*GIVEN, "sa.key", "sa.pub"}
    issued = issue({}, existing=kept)
    assert {name: issued[name] for name in kept} == kept


def test_marks_are_added_and_taken_away_again() -> None:
    translated = "vcluster.loft.sh/label-demo-x-" + hashlib.sha256(b"release").hexdigest()[:10]
    pod = synced(**{translated: "mine", "k8s-app": "dns", "app": "web"})
    patch = marks(pod, NAMES)
    assert patch == {
        "metadata": {
            "labels": {
                "vcli.dev/managed-by": "demo",
                "vcli.dev/namespace": "default",
                "label.vcli.dev/release": "mine",
                "label.vcli.dev/k8s-app": "dns",
            },
            "annotations": {
                "vcli.dev/name": "web",
                "vcli.dev/namespace": "default",
                "vcli.dev/uid": "u",
                "vcli.dev/kind": "Pod",
            },
        }
    }
    gone = without_marks(patch)["metadata"]
    assert set(gone["labels"].values()) | set(gone["annotations"].values()) == {None}
    assert gone["labels"].keys() == patch["metadata"]["labels"].keys()


def test_what_the_host_has_copied_is_no_synced_object() -> None:
    copied = synced()
    copied["metadata"]["name"] = "web-x-default-x-demo-abcde"
    assert virtual_name(copied) is None
    assert (
        virtual_name({"metadata": {"name": "x", "labels": {"vcluster.loft.sh/managed-by": "demo"}}}) is None
    )
    assert marks(copied, NAMES) is None


def test_names_are_the_same_but_for_long_ones() -> None:
    long = "a" * 60
    whole = f"{long}-x-default-x-demo"
    theirs = f"{whole[:52]}-{hashlib.sha256(whole.encode()).hexdigest()[:10]}"
    objects = [
        synced(),
        synced(long, theirs),
        synced("kube-root-ca.crt", "kube-root-ca.crt-x-default-x-demo"),
    ]
    assert misnamed(objects, NAMES) == [f"pod/{theirs}"]


def test_the_store_is_copied_by_the_user_who_wrote_it() -> None:
    wanted = {
        "spec": {
            "template": {
                "spec": {
                    "securityContext": {"runAsUser": 65532},
                    "imagePullSecrets": [{"name": "r"}],
                    "containers": [{"name": "syncer", "image": "python:3.11-slim"}],
                }
            }
        }
    }
    spec = copying_pod(peer(), wanted)["spec"]
    [container] = spec["containers"]
    assert container["image"] == "python:3.11-slim"
    assert container["securityContext"]["runAsUser"] == 0
    assert spec["securityContext"]["fsGroup"] == 65532
    assert spec["imagePullSecrets"] == [{"name": "r"}]
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "data-demo-0"}
