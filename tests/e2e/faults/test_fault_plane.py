"""The control plane's containers and its whole pod go; what runs in the virtual cluster does not notice."""

import json

from embedded import Host
from plane import Plane
from polling import eventually
from space import Space, container, pod, template

from faults.figures import Figures, Running, lost
from faults.pulse import Pulse

STAYS = [f"stays-{number}" for number in range(3)]
WRITTEN = 30


def test_control_plane_pod_deleted(
    space: Space, plane: Plane, pulse: Pulse, desk: Host, figures: Figures
) -> None:
    connect = ["connect", space.cluster.name, "-n", space.cluster.namespace, "-o", "json"]
    tunnel = json.loads(desk.vcli(*connect).stdout)["tunnel"]
    space.apply(*map(pod, STAYS), *stateful("store"))
    space.wait("condition=Ready", *(f"pod/{name}" for name in STAYS))
    space.rollout("statefulset/store")
    space.sh("store-0", "echo kept > /data/file")
    before, uid = Running.of(space), plane.get()["metadata"]["uid"]

    plane.host.kubectl("delete", "pod", plane.pod, "--namespace", space.cluster.namespace, "--wait=false")
    plane.wait_ready(after=uid)
    pulse.beats()

    # The tunnel in the background was not told, and is the same.
    found = json.loads(desk.kubectl("get", "pods", "--namespace", space.name, "-o", "json"))["items"]
    assert {each["metadata"]["name"] for each in found} == {*STAYS, "store-0", "pulse"}
    [now] = json.loads(desk.vcli("tunnels", "-o", "json").stdout)
    assert (now["pid"], now["server"]) == (tunnel["pid"], f"https://127.0.0.1:{tunnel['port']}")
    gone = lost(space, "pods", [*STAYS, "store-0"])
    gone |= lost(space, "persistentvolumeclaims", ["data-store-0"])
    restarted = before.restarted(Running.of(space))
    figures.note("control-plane pod deleted", lost=len(gone), restarted=len(restarted), seconds=pulse.longest)
    assert (gone, restarted) == (set(), set())
    assert space.sh("store-0", "cat /data/file") == "kept"


def stateful(name: str) -> list[dict[str, object]]:
    """A StatefulSet with a volume."""
    mounted = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    spec = template("sleep 100000", app=name, container=mounted, terminationGracePeriodSeconds=0)
    spec |= {"serviceName": name, "volumeClaimTemplates": [claim]}
    return [{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": spec}]


def test_etcd_killed(space: Space, plane: Plane, pulse: Pulse, figures: Figures) -> None:
    """What was answered is on the disk: every object whose creation was told."""
    space.apply(*map(pod, STAYS))
    space.wait("condition=Ready", "pod", "--all")
    before, restarts = Running.of(space), plane.status("etcd")["restartCount"]
    made = [f"made-{number}" for number in range(WRITTEN)]
    maps = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in made]
    uses = {"name": "all", "envFrom": [{"configMapRef": {"name": name}} for name in made]}

    space.apply(*maps)
    plane.kill("etcd")
    eventually(lambda: plane.status("etcd").get("restartCount", 0) > restarts)
    plane.wait_ready()
    pulse.beats()

    there = {each["metadata"]["name"] for each in space.get("configmaps")["items"]}
    user = pod("uses")
    user["spec"]["containers"] = [{**container("sleep 100000"), **uses, "name": "main"}]
    user["spec"]["terminationGracePeriodSeconds"] = 0
    space.apply(user)
    space.wait("condition=Ready", "pod/uses")
    gone = (set(made) - there) | lost(space, "pods", STAYS) | lost(space, "configmaps", made)
    restarted = before.restarted(Running.of(space))
    figures.note("etcd killed", lost=len(gone), restarted=len(restarted), seconds=pulse.longest)
    assert (gone, restarted) == (set(), set())
