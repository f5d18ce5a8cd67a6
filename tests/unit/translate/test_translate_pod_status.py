from typing import Any

import pytest
from translate_builders import SCOPE, context, pod, unchanged

from vcli.syncer.translate.pods import host_conditions, host_status_patch, to_host, virtual_status

NOW = "2026-01-01T00:00:00Z"


def condition(kind: str, status: str = "True", **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, "lastTransitionTime": NOW, **more}


def container_status(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "ready": True, "restartCount": 0, "state": {"running": {"startedAt": NOW}}, **more}


def host_of(
    virtual: dict[str, Any], status: dict[str, Any], *, generation: int | None = None
) -> dict[str, Any]:
    host = to_host(virtual, context())
    counted = {"generation": generation} if generation else {}
    return {**host, "metadata": {**host["metadata"], **counted}, "status": status}


def shown(virtual: dict[str, Any], status: dict[str, Any], **more: Any) -> dict[str, Any]:
    host = host_of(virtual, status, **more)
    with unchanged(virtual, host):
        return virtual_status(host, virtual, scope=SCOPE)


def test_all_of_it():
    status = {
        "phase": "Running",
        "hostIP": "192.0.2.7",
        "hostIPs": [{"ip": "192.0.2.7"}],
        "podIP": "10.1.2.3",
        "podIPs": [{"ip": "10.1.2.3"}],
        "startTime": NOW,
        "reason": "Because",
        "nominatedNodeName": "node-1",
        "resize": "Proposed",
        "resources": {"limits": {"cpu": "1"}},
        "allocatedResources": {"cpu": "1"},
        "containerStatuses": [container_status("main", allocatedResources={"cpu": "1"})],
        "conditions": [condition("Ready"), condition("PodScheduled")],
        "somethingNew": 7,
    }
    assert shown(pod(), status) == status | {"qosClass": "BestEffort"}


def test_the_qos_class_is_the_virtual_pods():
    assert shown(pod(), {"phase": "Running", "qosClass": "Burstable"})["qosClass"] == "BestEffort"


def test_mounts_of_injected_volumes_are_hidden():
    data, hosts = {"name": "data", "mountPath": "/data"}, {"name": "vcli-hosts", "mountPath": "/etc/hosts"}
    virtual = pod(
        containers=[
            {"name": "main", "image": "i", "volumeMounts": [data]},
            {"name": "bare", "image": "i"},
        ]
    )
    status = {
        "containerStatuses": [
            container_status("main", volumeMounts=[data, hosts]),
            container_status("bare", volumeMounts=[hosts]),
        ]
    }
    main, bare = shown(virtual, status)["containerStatuses"]
    assert main["volumeMounts"] == [data]
    assert "volumeMounts" not in bare


def test_statuses_of_injected_containers_are_hidden():
    virtual = pod(
        initContainers=[{"name": "init", "image": "i"}], ephemeralContainers=[{"name": "debug", "image": "i"}]
    )
    status = {
        "initContainerStatuses": [container_status("istio-init"), container_status("init")],
        "containerStatuses": [container_status("main"), container_status("istio-proxy")],
        "ephemeralContainerStatuses": [container_status("debug"), container_status("host-debug")],
    }
    found = shown(virtual, status)
    assert {key: [each["name"] for each in found[key]] for key in status} == {
        "initContainerStatuses": ["init"],
        "containerStatuses": ["main"],
        "ephemeralContainerStatuses": ["debug"],
    }


def test_names_in_texts_are_the_virtual_ones():
    virtual = pod(volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    state = {"waiting": {"reason": "R", "message": 'configmap "settings-x-default-x-demo" not found'}}
    last = {"terminated": {"reason": "StartError", "message": "in team-a/web-x-default-x-demo"}}
    found = shown(
        virtual,
        {
            "message": "Pod web-x-default-x-demo was evicted",
            "conditions": [condition("Ready", "False", message="web-x-default-x-demo_team-a(1234)")],
            "containerStatuses": [container_status("main", state=state, lastState=last)],
        },
    )
    assert found["message"] == "Pod web was evicted"
    assert found["conditions"][0]["message"] == "web_default(1234)"
    assert found["containerStatuses"][0]["state"]["waiting"]["message"] == 'configmap "settings" not found'
    assert found["containerStatuses"][0]["lastState"]["terminated"]["message"] == "in default/web"


@pytest.mark.parametrize("reason", ["Completed", "Error", "OOMKilled", None])
def test_what_a_container_says_at_its_end_is_its_own(reason: str | None):
    message = '[{"key":"url","value":"https://team-a.example.org/web-x-default-x-demo"},{"env":"team-a"}]'
    ended = {"terminated": {"exitCode": 0, "reason": reason, "message": message}}
    found = shown(
        pod(),
        {
            "initContainerStatuses": [container_status("other", state=ended)],
            "containerStatuses": [container_status("main", state=ended, lastState=ended)],
        },
    )
    [status] = found["containerStatuses"]
    assert status["state"]["terminated"]["message"] == message
    assert status["lastState"]["terminated"]["message"] == message


def test_names_of_containers_and_images_stay_whatever_they_hold():
    image = "registry.invalid/team-a/web-x-default-x-demo:team-a"
    virtual = pod(containers=[{"name": "team-a", "image": image}])
    pull = (
        f'Back-off pulling image "{image}": failed to resolve reference "{image}": failed to do request: Head'
        ' "https://registry.invalid/v2/team-a/web-x-default-x-demo/manifests/team-a": dial tcp: no such host'
    )
    crash = "back-off 10s restarting failed container=team-a pod=web-x-default-x-demo_team-a(uid)"
    state = {"waiting": {"reason": "ImagePullBackOff", "message": pull}}
    unready = condition("Ready", "False", message="containers with unready status: [team-a]")
    status = {"conditions": [unready], "containerStatuses": [container_status("team-a", state=state)]}
    found = shown(virtual, {**status, "message": crash})
    assert found["containerStatuses"][0]["state"]["waiting"]["message"] == pull
    assert found["conditions"][0]["message"] == "containers with unready status: [team-a]"
    assert found["message"] == "back-off 10s restarting failed container=team-a pod=web_default(uid)"


def test_resource_claim_statuses_stay_virtual():
    virtual = pod(status={"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "gpu-1"}]})
    found = shown(virtual, {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "host-gpu"}]})
    assert found["resourceClaimStatuses"] == [{"name": "gpu", "resourceClaimName": "gpu-1"}]


# --- generations


@pytest.mark.parametrize(
    ("observed", "old", "expected"),
    [(7, None, 3), (7, 2, 3), (6, 2, 2), (6, None, None), (None, None, None), (None, 2, 2)],
)
def test_observed_generation(observed: int | None, old: int | None, expected: int | None):
    virtual = pod(
        generation=3,
        status={
            **({"observedGeneration": old} if old else {}),
            "conditions": [condition("Ready", **({"observedGeneration": old} if old else {}))],
        },
    )
    counted = {"observedGeneration": observed} if observed else {}
    found = shown(virtual, {**counted, "conditions": [condition("Ready", **counted)]}, generation=7)
    assert found.get("observedGeneration") == expected
    assert found["conditions"][0].get("observedGeneration") == expected


def test_the_virtual_api_that_counts_no_generations_gets_none():
    found = shown(
        pod(),
        {"observedGeneration": 7, "conditions": [condition("Ready", observedGeneration=7)]},
        generation=7,
    )
    assert "observedGeneration" not in found
    assert "observedGeneration" not in found["conditions"][0]


def test_a_generation_not_yet_sent_to_the_host_is_not_observed():
    host = host_of(pod(generation=3), {"observedGeneration": 7}, generation=7)
    changed = pod(generation=4, status={"observedGeneration": 3})
    assert virtual_status(host, changed, scope=SCOPE)["observedGeneration"] == 3


# --- conditions and readiness gates


def gated(*conditions: dict[str, Any]) -> dict[str, Any]:
    return pod(readinessGates=[{"conditionType": "example.com/lb"}], status={"conditions": list(conditions)})


def test_readiness_gates_are_the_virtual_clusters():
    virtual = gated(condition("example.com/lb", "True"), condition("Ready", "False"))
    found = shown(virtual, {"conditions": [condition("Ready", "True"), condition("example.com/lb", "False")]})
    assert {each["type"]: each["status"] for each in found["conditions"]} == {
        "Ready": "True",
        "example.com/lb": "True",
    }


def test_conditions_of_virtual_controllers_stay_and_stale_ones_of_the_host_go():
    virtual = pod(status={"conditions": [condition("DisruptionTarget"), condition("PodResizePending")]})
    found = shown(virtual, {"conditions": [condition("Ready")]})
    assert [each["type"] for each in found["conditions"]] == ["Ready", "DisruptionTarget"]


def test_the_host_learns_of_readiness_gates():
    told_virtual = condition("example.com/lb", "True", reason="Attached", observedGeneration=2)
    virtual = gated(told_virtual, condition("Ready"))
    expected = {key: value for key, value in told_virtual.items() if key != "observedGeneration"}
    assert host_conditions(virtual) == [expected]
    patch = host_status_patch(host_of(virtual, {"conditions": [condition("Ready")]}), virtual)
    assert patch == {"status": {"conditions": [expected]}}
    assert host_status_patch(host_of(virtual, {"conditions": [expected]}), virtual) is None
    stale = {**expected, "status": "False"}
    assert host_status_patch(host_of(virtual, {"conditions": [stale]}), virtual) == patch


def test_a_pod_without_gates_has_no_conditions_for_the_host():
    virtual = pod(status={"conditions": [condition("example.com/lb"), condition("Ready")]})
    assert host_conditions(virtual) == []
    assert host_status_patch(host_of(virtual, {}), virtual) is None
