"""``vcli adopt`` on a real host: a virtual cluster that loft-sh's vcluster made becomes one of ours."""

import base64
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from embedded import Host
from kubernetes_versions import VIRTUAL
from left_by_peer import NAME, LeftByPeer, Object
from polling import eventually
from test_create import on_host
from upgrading import inside

SLEEPS = {"name": "c", "image": "busybox:1.36", "command": ["sh", "-c", "echo kept > /d/f; sleep 10000"]}
HOST_POD, HOST_CLAIM = f"web-x-default-x-{NAME}", f"data-x-default-x-{NAME}"


@pytest.fixture
def peers(desk: Host, namespace: str) -> LeftByPeer:
    cluster = LeftByPeer(desk, namespace, VIRTUAL)
    cluster.create()
    return cluster


def make(desk: Host, namespace: str, *objects: dict[str, Any]) -> None:
    """Apply objects inside."""
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    command = f"kubectl apply --server-side -f - <<< {shlex.quote(document)}"
    desk.vcli("connect", NAME, "-n", namespace, "--", "bash", "-c", command)


def show(desk: Host, namespace: str, *what: str) -> Any:
    """What kubectl gets inside."""
    return json.loads(inside(desk, namespace, "get", *what, "-o", "json").stdout)


def tenants_pod(peers: LeftByPeer) -> None:
    """A pod that runs, with its Service and its claim, on both sides."""
    desk, namespace = peers.host, peers.namespace
    node = desk.get("nodes")["items"][0]["metadata"]["name"]
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim |= {"storageClassName": "standard"}
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}
    ports = [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    spec: Object = {
        "nodeName": node,
        "containers": [{**SLEEPS, "volumeMounts": [{"name": "d", "mountPath": "/d"}]}],
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
    }
    selector = {"app": "web"}
    service = {"selector": selector, "ports": ports}
    make(
        desk,
        namespace,
        built("ServiceAccount", "default"),
        built("ConfigMap", "precious"),
        built("Node", node, labels={"vcluster.loft.sh/fake-node": "true", "tenants": "own"}),
        built("PersistentVolumeClaim", "data", spec=claim),
        built("Pod", "web", labels={"app": "web"}, spec={**spec, "volumes": [volume]}),
        built("Service", "web", spec=service),
    )
    data, pod, web = show(desk, namespace, "pvc/data", "pod/web", "service/web")["items"]
    volume["persistentVolumeClaim"] = {"claimName": HOST_CLAIM}
    theirs = {"vcluster.loft.sh/managed-by": NAME, "vcluster.loft.sh/namespace": "default"}
    selected = {"selector": selector | theirs, "clusterIP": web["spec"]["clusterIP"]}
    desk.apply(
        namespace,
        peers.on_host("PersistentVolumeClaim", "data", data, spec=claim),
        peers.on_host(
            "Pod", "web", pod, spec={**spec, "volumes": [volume], "serviceAccountName": f"vc-workload-{NAME}"}
        ),
        peers.on_host("Service", "web", web, spec={**service, **selected}),
    )
    desk.kubectl(
        "wait", "-n", namespace, f"pvc/{HOST_CLAIM}", "--for=jsonpath={.spec.volumeName}", "--timeout=60s"
    )
    bound = desk.get("pvc", HOST_CLAIM, "-n", namespace)["spec"]["volumeName"]
    reference = {key: data["metadata"][key] for key in ("name", "namespace", "uid")}
    fake = {
        "flexVolume": {"driver": "fake"},
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "storageClassName": "standard",
        "claimRef": reference | {"kind": "PersistentVolumeClaim", "apiVersion": "v1"},
    }
    make(
        desk,
        namespace,
        built("PersistentVolume", bound, labels={"vcluster.loft.sh/fake-pv": "true"}, spec=fake),
        built("PersistentVolumeClaim", "data", spec={**claim, "volumeName": bound}),
    )
    desk.kubectl("wait", "-n", namespace, f"pod/{HOST_POD}", "--for=condition=Ready", "--timeout=60s")


def built(kind: str, name: str, *, labels: dict[str, str] | None = None, **more: Any) -> Object:
    """An object inside, in its default namespace if it is in one."""
    place = {} if kind in {"Node", "PersistentVolume"} else {"namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels or {}} | place,
        **more,
    }


def as_before(
    desk: Host, namespace: str, folder: Path, access: dict[str, str], token: str
) -> tuple[str, str]:
    """Who the API takes the kubeconfig and the token from before for."""
    keys = ("certificate-authority", "client-certificate", "client-key")
    files = {key: folder / key for key in keys}
    for key, path in files.items():
        path.write_bytes(base64.b64decode(access[key]))
    certificate = " ".join(f"--{key} {files[key]}" for key in ("client-certificate", "client-key"))
    script = f"""
        server=$(kubectl config view --minify -o 'jsonpath={{.clusters[0].cluster.server}}')
        for user in '{certificate}' '--token {token}'; do
            kubectl --kubeconfig /dev/null --server $server $user auth whoami \
                --certificate-authority {files["certificate-authority"]} \
                -o 'jsonpath={{.status.userInfo.username}} '
        done
    """
    user, account = desk.vcli("connect", NAME, "-n", namespace, "--", "bash", "-c", script).stdout.split()
    return user, account


def running(desk: Host, namespace: str) -> dict[str, Any]:
    """What must not change of the tenant's objects: inside, and on the host."""
    pod = on_host(desk, "pod", HOST_POD, "-n", namespace)
    [state] = pod["status"]["containerStatuses"]
    inner = show(desk, namespace, "pod/web", "service/web", "configmap/precious")
    return {
        "inside": [each["metadata"]["uid"] for each in inner["items"]],
        "host": [pod["metadata"]["uid"], state["containerID"], state["restartCount"]],
        "address": on_host(desk, "service", HOST_POD, "-n", namespace)["spec"]["clusterIP"],
    }


def check_put_back(desk: Host, namespace: str, before: dict[str, Any]) -> None:
    """One that never becomes ready: all is as it was, and runs."""
    broken = "controlPlane.backingStore.database.embedded.image.tag=no-such"
    failed = desk.vcli("adopt", NAME, "-n", namespace, "--yes", "--set", broken, check=False)
    assert failed.returncode == 4, failed.stderr
    assert "Put back what was there before" in failed.stderr
    assert on_host(desk, "statefulset", NAME, "-n", namespace)["spec"] == before["spec"]
    assert "vcli.dev/managed-by" not in on_host(desk, "pod", HOST_POD, "-n", namespace)["metadata"]["labels"]
    assert on_host(desk, "secret", f"{NAME}-certs", "-n", namespace)["data"]["admin.conf"]
    eventually(lambda: inside(desk, namespace, "get", "configmap", "precious", "-o", "name").stdout)


def check_on_host(desk: Host, namespace: str) -> None:
    """What the host has of it is ours, and nothing of the other tool's is left."""
    selector = on_host(desk, "service", HOST_POD, "-n", namespace)["spec"]["selector"]
    assert selector["vcli.dev/managed-by"] == NAME
    slices = on_host(desk, "endpointslices", "-l", f"kubernetes.io/service-name={HOST_POD}", "-n", namespace)
    assert [e["targetRef"]["name"] for s in slices["items"] for e in s["endpoints"]] == [HOST_POD]
    secrets = {each["metadata"]["name"]: each for each in on_host(desk, "secrets", "-n", namespace)["items"]}
    assert not {f"vc-config-{NAME}", f"sh.helm.release.v1.{NAME}.v1"} & secrets.keys()
    assert "admin.conf" not in secrets[f"{NAME}-certs"]["data"]


def test_it_is_adopted_while_its_pods_run_on(desk: Host, peers: LeftByPeer, tmp_path: Path) -> None:
    namespace = peers.namespace
    tenants_pod(peers)
    before = running(desk, namespace)
    access = on_host(desk, "secret", f"vc-{NAME}", "-n", namespace)["data"]
    token = inside(desk, namespace, "create", "token", "default", "--duration=1h").stdout.strip()

    planned = json.loads(desk.vcli("adopt", NAME, "-n", namespace, "--dry-run", "-o", "json").stdout)
    assert planned["adopted"] is False
    assert planned["kept"] == {"PersistentVolumeClaim": 1, "Pod": 1, "Service": 1}
    assert f"secret/vc-config-{NAME}" in planned["removed"]
    check_put_back(desk, namespace, on_host(desk, "statefulset", NAME, "-n", namespace))

    desk.vcli("adopt", NAME, "-n", namespace, "--yes")
    [row] = json.loads(desk.vcli("list", "-n", namespace, "-o", "json").stdout)
    assert (row["name"], row["status"]) == (NAME, "Running")
    users = as_before(desk, namespace, tmp_path, access, token)
    assert users == ("kubernetes-admin", "system:serviceaccount:default:default")
    said = eventually(lambda: inside(desk, namespace, "exec", "web", "--", "cat", "/d/f").stdout, seconds=30)
    assert said == "kept\n"
    inside(desk, namespace, "run", "new", "--image=busybox:1.36", "--", "sleep", "10000")
    inside(desk, namespace, "wait", "pod/new", "--for=condition=Ready", "--timeout=60s")
    assert running(desk, namespace) == before
    [node] = show(desk, namespace, "nodes")["items"]
    assert node["metadata"]["labels"]["tenants"] == "own"
    assert "vcluster.loft.sh/fake-node" not in node["metadata"]["labels"]
    eventually(lambda: "flexVolume" not in show(desk, namespace, "pv")["items"][0]["spec"], seconds=30)
    assert show(desk, namespace, "pvc", "data")["status"]["phase"] == "Bound"
    check_on_host(desk, namespace)
    # What an upgrade renders is what adopting has made.
    unchanged = desk.vcli("upgrade", NAME, "-n", namespace, "--dry-run")
    assert "nothing to change" in unchanged.stderr
    assert desk.vcli("adopt", NAME, "-n", namespace, "--yes", check=False).returncode == 5
