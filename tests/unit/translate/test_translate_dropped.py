"""Fields of a pod that the host's API server does not keep."""

import copy

from translate_builders import context, pod

from vcli.syncer.translate.dropped import dropped_fields, sentences
from vcli.syncer.translate.pods import to_host


def desired(**spec):
    return to_host(pod(**spec), context())


def container(name="main", **fields):
    return {"name": name, "image": "busybox", **fields}


def test_what_is_kept_is_not_named_whatever_is_added():
    sent = desired(
        containers=[container(env=[{"name": "A", "value": "1"}], resources={}), container("other")],
        volumes=[{"name": "v", "emptyDir": {}}],
        tolerations=[{"key": "a", "operator": "Exists"}],
        nodeName="",
    )
    made = copy.deepcopy(sent)
    made["spec"] |= {"schedulerName": "default-scheduler", "priority": 0}
    made["spec"]["containers"].insert(0, {"name": "injected", "image": "proxy"})
    made["spec"]["containers"][1]["image"] = "mirror/busybox"
    made["spec"]["tolerations"].append({"key": "b"})
    del made["spec"]["nodeName"], made["spec"]["containers"][1]["resources"]
    assert dropped_fields(sent, made) == []


def test_fields_that_are_gone_are_named_by_where_they_were():
    sent = desired(
        containers=[
            container(),
            container(
                "side", lifecycle={"stopSignal": "SIGUSR1"}, restartPolicyRules=[{"action": "Restart"}]
            ),
        ],
        resources={"limits": {"memory": "64Mi"}},
        tolerations=[{"key": "a", "operator": "Gt", "value": "1"}],
    )
    made = copy.deepcopy(sent)
    del made["spec"]["resources"], made["spec"]["tolerations"][0]["value"]
    made["spec"]["containers"][1]["lifecycle"] = {}
    del made["spec"]["containers"][1]["restartPolicyRules"]
    assert sorted(dropped_fields(sent, made)) == [
        "spec.containers[side].lifecycle.stopSignal",
        "spec.containers[side].restartPolicyRules",
        "spec.resources",
        "spec.tolerations[0].value",
    ]


def test_elements_of_lists_that_are_gone_are_named():
    sent = desired(
        containers=[container()], tolerations=[{"key": "a"}], volumes=[{"name": "v", "emptyDir": {}}]
    )
    made = copy.deepcopy(sent)
    made["spec"] |= {"tolerations": [], "volumes": []}
    assert sorted(dropped_fields(sent, made)) == ["spec.tolerations[0]", "spec.volumes[v]"]
    [sentence] = sentences(sent, made)
    assert sentence.endswith(": not kept by the host, whose Kubernetes may not have it")
    assert sentences(sent, sent) == []
