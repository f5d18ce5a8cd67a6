import pytest

from vcli.controlplane import roles
from vcli.controlplane.roles import Role
from vcli.operations.readiness import lacks_image, progress, serves, unrecoverable_reason


def pod(*, phase="Running", node="n", conditions=(), init=(), containers=(), deleting=False):
    return {
        "metadata": {"name": "demo-0"} | ({"deletionTimestamp": "now"} if deleting else {}),
        "spec": {"nodeName": node} if node else {},
        "status": {
            "phase": phase,
            "conditions": list(conditions),
            "initContainerStatuses": list(init),
            "containerStatuses": list(containers),
        },
    }


def container(name="kube-apiserver", *, ready=False, waiting=None, last=None, message=None):
    state = {"waiting": {"reason": waiting, "message": message}} if waiting else {"running": {}}
    return {"name": name, "ready": ready, "state": state, "lastState": {"terminated": last} if last else {}}


READY = {"type": "Ready", "status": "True"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pod(conditions=[READY]), True),
        (pod(conditions=[READY], deleting=True), False),
        (pod(phase="Pending", conditions=[READY]), False),
        (pod(init=[container(ready=True)], containers=[container("syncer")]), True),
        (pod(init=[container(ready=False)], containers=[container("syncer", ready=True)]), False),
        (pod(containers=[container("syncer", ready=True)]), True),
        (pod(containers=[container("other", ready=True)]), False),
    ],
)
def test_whether_a_pod_serves_the_api(given, expected):
    assert serves(given) is expected


def test_reasons_to_give_up():
    stuck = pod(containers=[container(waiting="ImagePullBackOff", message="back-off\npulling")])
    assert unrecoverable_reason([stuck]) == "container kube-apiserver: ImagePullBackOff: back-off"
    assert lacks_image([pod(containers=[container()]), stuck])
    assert not lacks_image([stuck], "kine")
    assert lacks_image([stuck], container()["name"])
    assert not lacks_image([pod(containers=[container(waiting="CrashLoopBackOff")])])
    last = {"exitCode": 1, "reason": "Error"}
    crashed = pod(init=[container("etcd", waiting="CrashLoopBackOff", last=last) | {"restartCount": 9}])
    assert (
        unrecoverable_reason([crashed])
        == "container etcd: CrashLoopBackOff, last ended with exit code 1 (Error)"
    )
    assert unrecoverable_reason([pod(containers=[container(waiting="ContainerCreating")])]) is None
    assert unrecoverable_reason([]) is None


def test_keys_that_are_yet_to_be_made_are_waited_for():
    def waits(name: str, message: str):
        return pod(containers=[container(name, waiting="CreateContainerConfigError", message=message)])

    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"):
        for message in ('secret "demo-certs" not found', 'configmap "vc-facts-demo" not found'):
            assert unrecoverable_reason([waits(name, message)]) is None
            assert progress([waits(name, message)]) == "keys and certificates are being made"
    assert unrecoverable_reason([waits("kube-apiserver", "couldn't find key ca.crt in Secret")])
    assert unrecoverable_reason([waits("etcd", 'secret "other" not found')])


def test_only_what_is_not_the_api_server_may_be_restarted(monkeypatch):
    def crashed(name: str, restarts: int):
        return pod(containers=[container(name, waiting="CrashLoopBackOff") | {"restartCount": restarts}])

    for name in ("kube-controller-manager", "kube-scheduler"):
        assert unrecoverable_reason([crashed(name, 3)]) is None
        assert unrecoverable_reason([crashed(name, 4)])
    both = frozenset({Role.API_SERVER, Role.CONTROLLER_MANAGER})
    monkeypatch.setattr(roles, "_CONTAINERS", {"all": both})
    assert unrecoverable_reason([crashed("all", 1)])
    assert serves(pod(containers=[container("all", ready=True)]))


def test_the_last_line_of_what_crashed_is_in_the_reason():
    last = {"exitCode": 1, "reason": "Error", "message": "a line\nSecret demo-certs has no good ca.key\n"}
    crashed = pod(containers=[container("syncer", waiting="CrashLoopBackOff", last=last)])
    crashed["status"]["containerStatuses"][0]["restartCount"] = 2
    reason = unrecoverable_reason([crashed])
    assert reason is not None
    assert reason.endswith("exit code 1 (Error): Secret demo-certs has no good ca.key")


def test_a_pod_may_wait_for_a_node_only_so_long():
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes are available",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    waiting = pod(phase="Pending", node=None, conditions=[condition])
    at = 1767225600.0
    assert unrecoverable_reason([waiting], now=at + 5) is None
    assert unrecoverable_reason([waiting], now=at + 60) == "no node takes its pod: 0/1 nodes are available"
    # A volume may come yet, and room for it: by pods that end, or by an autoscaler.
    for reason in (
        "pod has unbound immediate PersistentVolumeClaims",
        "1 Insufficient cpu",
        "1 Too many pods",
    ):
        condition["message"] = f"0/1 nodes are available: {reason}. preemption: none helps"
        assert unrecoverable_reason([waiting], now=at + 60) is None
        assert reason in unrecoverable_reason([waiting], now=at + 120)
        assert progress([waiting]) == f"pod demo-0 waits for a node: 0/1 nodes are available: {reason}"


def test_what_it_is_at():
    assert progress([]) == "its pod does not exist yet"
    assert progress([pod(node=None)]) == "pod demo-0 waits for a node"
    assert progress([pod(containers=[container(waiting="PodInitializing")])]) == "pod demo-0 is starting"
    assert progress([pod(init=[container("etcd")])]) == "container etcd is starting"
    pulling = pod(containers=[container(waiting="ErrImagePull")])
    assert progress([pulling]) == "container kube-apiserver: ErrImagePull"
