"""Resources of the control plane as a whole: what each container gets of them; security contexts in part."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.config import load
from vcli.config.load import from_mapping
from vcli.config.quantity import units
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.render import render
from vcli.controlplane.shares import share
from vcli.errors import UsageError

Object = dict[str, Any]
_SET = "controlPlane.statefulSet"


def stateful_set(*sets: str) -> Object:
    values = load([], [("--set-json", each) for each in sets])
    return render(Names("demo", "team"), values, Facts(), bundle=None)[-1]


def containers(*sets: str) -> dict[str, Object]:
    return {each["name"]: each for each in stateful_set(*sets)["spec"]["template"]["spec"]["containers"]}


def total(found: dict[str, Object], key: str, resource: str) -> int:
    return sum(units(resource, each["resources"][key].get(resource, 0)) for each in found.values())


def test_requests_and_limits_are_those_of_all_containers_together():
    found = containers(
        f'{_SET}.resources={{"requests": {{"cpu": "900m", "memory": "3Gi"}}, "limits": {{"memory": "6Gi"}}}}'
    )
    assert total(found, "requests", "cpu") == 900
    assert total(found, "requests", "memory") == 3 << 30
    assert total(found, "limits", "memory") == 6 << 30
    assert found["kube-apiserver"]["resources"] == {
        "requests": {"cpu": "450m", "memory": "1755Mi"},
        "limits": {"memory": "3510Mi"},
    }


def test_limits_alone_keep_the_requests():
    plain, found = containers(), containers(f'{_SET}.resources={{"limits": {{"memory": "6Gi"}}}}')
    assert total(found, "limits", "memory") == 6 << 30
    for name, each in found.items():
        assert each["resources"]["requests"] == plain[name]["resources"]["requests"]


def test_requests_alone_raise_limits_that_are_lower():
    found = containers(f'{_SET}.resources={{"requests": {{"memory": "8Gi"}}}}')
    api = found["kube-apiserver"]["resources"]
    assert api["requests"]["memory"] == api["limits"]["memory"] == "4681Mi"
    assert found["etcd"]["resources"]["limits"]["memory"] == "1170Mi"


@pytest.mark.parametrize(
    ("section", "container"),
    [
        ("controlPlane.distro.k8s.apiServer", "kube-apiserver"),
        ("controlPlane.backingStore.etcd.embedded", "etcd"),
        ("controlPlane.backingStore.database.embedded", "kine"),
    ],
)
def test_a_container_with_resources_of_its_own_gets_no_share(section: str, container: str):
    own = [f'{section}.resources={{"limits": {{"memory": "4Gi"}}}}']
    if container == "kine":
        own.append(f"{section}.enabled=true")
    found = containers(*own, f'{_SET}.resources={{"requests": {{"memory": "3Gi"}}}}')
    assert found.pop(container)["resources"] == {"limits": {"memory": "4Gi"}}
    assert total(found, "requests", "memory") == 3 << 30


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ('{"limits": {"memory": "64Mi"}}', "limits.memory: 64Mi is less than the control plane requests, "),
        ('{"requests": {"cpu": 2}, "limits": {"cpu": 1}}', "limits.cpu: 1 is less than"),
        ('{"limits": {"nvidia.com/gpu": 1}}', "can be shared out over containers"),
        ('{"limits": "64Mi"}', "must be a mapping"),
        ('{"requests": {"memory": "500m"}}', "'500m' is not a quantity, such as 1Gi"),
        ('{"requests": {"cpu": true}}', "is not a quantity, such as 500m"),
    ],
)
def test_what_cant_be_shared_out(resources: str, message: str):
    with pytest.raises(UsageError, match=message):
        containers(f"{_SET}.resources={resources}")


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), unique=True)
AMOUNTS = st.integers(0, 1 << 44)


@given(NAMES, AMOUNTS, AMOUNTS)
def test_sums_are_kept_and_no_limit_is_below_a_request(names: list[str], requests: int, more: int):
    defaults = {
        name: {"requests": {"cpu": f"{number * 7}m", "memory": f"{number * 9}Mi"}, "limits": {}}
        for number, name in enumerate([*names, "syncer"], 1)
    }
    whole = {"requests": {"memory": str(requests)}, "limits": {"memory": str(requests + more)}}
    found = share(whole, defaults)
    memory = {
        key: [units("memory", each[key]["memory"]) for each in found.values()]
        for key in ("requests", "limits")
    }
    assert (sum(memory["requests"]), sum(memory["limits"])) == (requests, requests + more)
    assert all(low <= high for low, high in zip(*memory.values(), strict=True))


def test_security_contexts_in_part_keep_the_rest():
    pod = stateful_set(f'{_SET}.security.podSecurityContext={{"fsGroup": 2000}}')["spec"]["template"]["spec"]
    plain = stateful_set()["spec"]["template"]["spec"]
    assert pod["securityContext"] == {**plain["securityContext"], "fsGroup": 2000}
    found = containers(f'{_SET}.security.containerSecurityContext={{"capabilities": {{"add": ["CHOWN"]}}}}')
    context = found["kube-apiserver"]["securityContext"]
    assert context["capabilities"] == {"add": ["NET_BIND_SERVICE", "CHOWN"], "drop": ["ALL"]}
    assert context["allowPrivilegeEscalation"] is False


def test_root_that_charts_have_by_default_is_left_out():
    context = {"allowPrivilegeEscalation": False, "runAsUser": 0, "runAsGroup": 0}
    values = from_mapping(
        {"controlPlane": {"statefulSet": {"security": {"containerSecurityContext": context}}}}, name="values"
    )
    assert values.control_plane.stateful_set.security.container_security_context == {
        "allowPrivilegeEscalation": False
    }
    [note] = values.warnings
    assert "runAsUser and runAsGroup left out: no container of the control plane runs as root" in note


def test_root_of_the_pod_has_to_be_asked_for():
    with pytest.raises(UsageError, match="0 is root"):
        stateful_set(f'{_SET}.security.podSecurityContext={{"runAsUser": 0}}')
    asked = f'{_SET}.security.podSecurityContext={{"runAsUser": 0, "runAsNonRoot": false}}'
    pod = stateful_set(asked)["spec"]["template"]["spec"]
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (0, False)


def test_pods_may_start_one_after_the_other_but_not_members_of_a_store():
    policy = f'{_SET}.scheduling.podManagementPolicy="OrderedReady"'
    assert stateful_set(policy)["spec"]["podManagementPolicy"] == "OrderedReady"
    with pytest.raises(UsageError, match="podManagementPolicy: the members of the store wait"):
        stateful_set(policy, f"{_SET}.highAvailability.replicas=3")
