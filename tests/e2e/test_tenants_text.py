"""What tenants write never commands a terminal that shows it, nor looks like the control plane's own."""

import json
from typing import Any

import yaml
from embedded import Host
from polling import eventually
from space import container
from test_list import workload

EVIL = r"printf '\033[31mCONTROL PLANE COMPROMISED\033[0m\033]0;pwned\007\rover\nerror: forged\n'; exit 1"


def unhealthy(name: str) -> dict[str, Any]:
    """A pod whose readiness probe prints what a terminal obeys."""
    probe = {"periodSeconds": 1, "exec": {"command": ["sh", "-c", EVIL]}}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container("sleep 1000", readinessProbe=probe)]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_warnings_of_tenants_are_not_the_control_planes(desk: Host, namespace: str) -> None:
    desk.vcli("create", "demo", "-n", namespace, "--ephemeral", "--set", "controlPlane.coredns.enabled=false")
    # Too long for a host name that says whose pod it is; so it begins like the control plane's own.
    name = f"demo-0-{'a' * 55}"
    desk.apply("default", unhealthy(name))

    def warned() -> list[Any]:
        events = desk.get(
            "events", "-n", namespace, "--context", desk.name, "--field-selector", "type=Warning"
        )
        return [each for each in events["items"] if "COMPROMISED" in each["message"]]

    found = eventually(warned)
    assert found[0]["involvedObject"]["name"].startswith("demo-0-aaaa")
    assert "\x1b" in found[0]["message"]

    for output in ("table", "wide", "json", "yaml", "name"):
        done = desk.vcli("describe", "demo", "-n", namespace, "-o", output)
        assert "COMPROMISED" not in done.stdout
        assert "\x1b" not in done.stdout + done.stderr
    data = json.loads(desk.vcli("describe", "demo", "-n", namespace, "-o", "json").stdout)
    assert {each["object"] for each in data["warnings"]} <= {"Pod/demo-0", "Service/demo", "StatefulSet/demo"}
    assert [each["name"] for each in data["pods"]] == ["demo-0"]
    assert data["synced"]["pods"] >= 1
    assert (
        yaml.safe_load(desk.vcli("describe", "demo", "-n", namespace, "-o", "yaml").stdout)["name"] == "demo"
    )


def test_events_of_the_control_plane_are_escaped(desk: Host, namespace: str) -> None:
    """Nothing has to run for them to be shown."""
    desk.apply(namespace, workload("demo", ours=True))
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "demo-0.evil"},
        "involvedObject": {"kind": "Pod", "name": "demo-0", "namespace": namespace},
        "type": "Warning",
        "reason": "Unhealthy",
        "message": "\x1b[31mred\x1b[0m\r\nNAME \u202etxt",
        "lastTimestamp": "2099-01-01T00:00:00Z",
    }
    desk.apply(namespace, event)
    text = desk.vcli("describe", "demo", "-n", namespace).stdout
    assert "\\x1b[31mred\\x1b[0m\\r\\nNAME \\u202etxt" in text
    assert "\x1b" not in text
    data = json.loads(desk.vcli("describe", "demo", "-n", namespace, "-o", "json").stdout)
    assert data["warnings"][-1]["message"] == event["message"]
