"""The store of an adopted virtual cluster: copied beside the file from before, which stays as it is."""

from typing import Final

from vcli.contract.labels import CLUSTER
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, containers_of, in_role
from vcli.errors import NotReadyError
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import PODS
from vcli.kube.types import Object
from vcli.operations import removal
from vcli.operations.adopt.peer import STORE, Peer

_FOLDER: Final = "/data"
_LAST_LINES: Final = 5
_PLACED: Final = ("nodeSelector", "tolerations", "affinity", "imagePullSecrets", "priorityClassName")
_SCRIPT: Final = """
import os, sqlite3, sys
source, target, user = "/data/state.db", "/data/kine.db", int(sys.argv[1])
if not os.path.exists(source):
    sys.exit("there is no /data/state.db on the volume")
for end in ("", "-wal", "-shm", ".part"):
    if os.path.exists(target + end):
        os.remove(target + end)
with sqlite3.connect(source) as before, sqlite3.connect(target + ".part") as after:
    before.backup(after)
    found = after.execute("pragma quick_check").fetchone()[0]
    if found != "ok":
        sys.exit(f"the copy of the store is damaged: {found}")
after.close()
with open(target + ".part", "rb") as file:
    os.fsync(file.fileno())
os.replace(target + ".part", target)
for path, mode in ((target, 0o660), ("/data", None)):
    try:
        os.chown(path, user if mode else -1, user)
        os.chmod(path, mode or os.stat(path).st_mode | 0o070)
    except PermissionError:
        pass
"""


def copying_pod(peer: Peer, workload: Object) -> Object:
    """A pod that copies the store, as the user that has written it.

    Args:
        peer: whose store it is.
        workload: the StatefulSet that is to have the copy: its image, its user, where it may run.
    """
    names, pod = peer.names, workload["spec"]["template"]["spec"]
    (syncer,) = in_role(Role.SYNCER, containers_of(pod))
    user = (pod.get("securityContext") or {}).get("runAsUser", 0)
    service = peer.service or {"metadata": {"uid": ""}}
    owner = {"apiVersion": "v1", "kind": "Service", "name": names.service, "uid": service["metadata"]["uid"]}
    before = next(each for each in peer.pod["containers"] if each["name"] == "syncer")
    written_by = {
        key: value
        for context in (peer.pod.get("securityContext") or {}, before.get("securityContext") or {})
        for key, value in context.items()
        if key in {"runAsUser", "runAsGroup", "runAsNonRoot"}
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{names.cluster}-adopt",
            "namespace": names.namespace,
            "labels": {CLUSTER: names.cluster},
            "ownerReferences": [owner],
        },
        "spec": {
            **{key: pod[key] for key in _PLACED if key in pod},
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"fsGroup": user, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "copy",
                    "image": syncer["image"],
                    **({"imagePullPolicy": pull} if (pull := syncer.get("imagePullPolicy")) else {}),
                    "command": ["python3", "-c", _SCRIPT, str(user)],
                    "securityContext": {"allowPrivilegeEscalation": False, **written_by},
                    "volumeMounts": [{"name": STORE, "mountPath": _FOLDER}],
                }
            ],
            "volumes": [
                {"name": STORE, "persistentVolumeClaim": {"claimName": f"{STORE}-{names.pod}"}},
            ],
        },
    }


async def copy_store(client: Client, names: Names, pod: Object, *, timeout: float) -> None:  # noqa: ASYNC109  a limit
    """Run the pod, and remove it.

    Raises:
        NotReadyError: it did not do it; the message has its last lines.
        ApiError: the host refuses it.
    """
    name = pod["metadata"]["name"]
    await remove_pod(client, names, name)
    await client.create(PODS, pod)
    phase = ""

    async def ended() -> bool:
        nonlocal phase
        found = await client.get(PODS, name, namespace=names.namespace)
        phase = (found.get("status") or {}).get("phase", "")
        return phase in {"Succeeded", "Failed"}

    await removal.until(ended, timeout=timeout)
    if phase != "Succeeded":
        raise NotReadyError(
            f"the store of virtual cluster {names.cluster!r} could not be copied: pod {name} is"
            f" {phase or 'unknown'}{await _last_lines(client, names, name)}"
        )
    await remove_pod(client, names, name)


async def remove_pod(client: Client, names: Names, name: str) -> None:
    """Remove the pod, if it is there, and wait until it is gone."""
    try:
        await client.delete(PODS, name, namespace=names.namespace, grace=0)
    except NotFound:
        return

    async def gone() -> bool:
        try:
            await client.get(PODS, name, namespace=names.namespace)
        except NotFound:
            return True
        return False

    await removal.until(gone, timeout=30)


async def _last_lines(client: Client, names: Names, name: str) -> str:
    try:
        text = await client.log(name, namespace=names.namespace, tail=_LAST_LINES)
    except ApiError:
        return ""
    return "".join(f"\n  {line}" for line in text.strip().splitlines())
