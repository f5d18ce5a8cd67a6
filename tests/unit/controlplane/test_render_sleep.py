"""What a virtual cluster that goes to sleep has more, and one that does not has not."""

import json
import re
from typing import Any

import pytest
from controlplane_builders import BUNDLE, FACTS, NAMES

from value_examples import nested
from value_examples_sleep import ON, REFUSED
from vcli.config.load import from_mapping, load
from vcli.controlplane.render import render
from vcli.controlplane.rights import Right, required
from vcli.errors import UsageError

Object = dict[str, Any]
PATCH = Right("apps", "statefulsets", "patch")


def rendered(flat: dict[str, Any]) -> dict[tuple[str, str], Object]:
    values = from_mapping(nested(flat), name="values")
    objects = render(NAMES, values, FACTS, bundle=BUNDLE)
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


def test_the_api_server_writes_down_what_the_syncer_reads():
    found = rendered(ON)
    pod = found["StatefulSet", "demo"]["spec"]["template"]["spec"]
    containers = {each["name"]: each for each in pod["containers"]}
    assert "--audit-log-path=/audit/log" in containers["kube-apiserver"]["command"]
    assert {"name": "audit", "mountPath": "/audit"} in containers["kube-apiserver"]["volumeMounts"]
    assert {"name": "audit", "mountPath": "/audit", "readOnly": True} in containers["syncer"]["volumeMounts"]
    assert {"audit", "audit-policy"} <= {each["name"] for each in pod["volumes"]}
    data = found["ConfigMap", "vc-syncer-demo"]["data"]
    assert json.loads(data["settings.json"])["sleepAfter"] == 95 * 60
    assert json.loads(data["audit-policy.json"])["kind"] == "Policy"


def test_the_syncer_may_scale_its_own_workload_and_no_other():
    rules = rendered(ON)["Role", "vc-demo"]["rules"]
    [rule] = [each for each in rules if "statefulsets" in each["resources"]]
    assert (rule["resourceNames"], rule["verbs"]) == (["demo"], ["get", "patch"])
    assert PATCH in required(from_mapping(nested(ON), name="values"), "team")


def test_without_there_is_nothing_of_it():
    found = rendered({})
    assert "audit" not in json.dumps(found["StatefulSet", "demo"])
    assert set(found["ConfigMap", "vc-syncer-demo"]["data"]) == {"settings.json"}
    assert PATCH not in required(load(), "team")


@pytest.mark.parametrize("after", ["95m", "1h35m", 5700, "5700"])
def test_a_duration_or_seconds(after: int | str):
    values = from_mapping(nested({**ON, "sleepMode.autoSleep.afterInactivity": after}), name="values")
    assert values.sleep_mode.auto_sleep.seconds == 5700


@pytest.mark.parametrize(("flat", "message"), REFUSED)
def test_what_can_not_be_is_refused(flat: dict[str, Any], message: str):
    with pytest.raises(UsageError, match=message + "|extraArgs"):
        from_mapping(nested(flat), name="values")


NOT_YET = ("autoWakeup.schedule", "autoSleep.schedule", "timeZone", "autoSleep.exclude")


@pytest.mark.parametrize("key", NOT_YET)
def test_what_is_not_there_yet_is_refused_with_a_way_out(key: str):
    with pytest.raises(UsageError, match="not supported yet") as refused:
        from_mapping(nested({**ON, f"sleepMode.{key}": "0 6 * * *"}), name="values")
    assert re.search("afterInactivity|wakeup|outside", refused.value.hint or "")


def test_several_pods_do_not_sleep():
    replicas = "controlPlane.statefulSet.highAvailability.replicas"
    with pytest.raises(UsageError, match="sees its own requests alone"):
        from_mapping(nested({**ON, replicas: 3}), name="values")
