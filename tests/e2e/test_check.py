"""``vcli check`` on a host that enforces NetworkPolicies, and on one that does not."""

import json
from typing import Any

import pytest
from embedded import WITH_ADDONS, Host


@pytest.fixture(params=["host_with_addons", "host"])
def host(request: pytest.FixtureRequest) -> Host:
    """One that enforces them, and one that does not."""
    found: Host = request.getfixturevalue(request.param)
    return found


def check(host: Host, *args: str) -> tuple[int, dict[str, Any]]:
    done = host.vcli("check", *args, "--output", "json", check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def enforces(host: Host) -> bool:
    return host.name.endswith(WITH_ADDONS.suffix)


def test_what_the_host_enforces_is_found_out(host: Host, namespace: str) -> None:
    code, data = check(host, "--namespace", namespace)
    found = {each["name"]: each["status"] for each in data["checks"]}
    assert found.pop("network-policies") == ("ok" if enforces(host) else "failed"), data
    # The namespace has no label yet, which is a warning: the virtual cluster refuses pods by itself.
    assert found == {"pod-security": "ok", "pod-security-label": "warning", "rights": "ok", "quota": "ok"}
    assert code == (0 if enforces(host) else 1)
    listed = host.get("pods,networkpolicies", "--namespace", namespace)["items"]
    assert [each["metadata"]["name"] for each in listed if "deletionTimestamp" not in each["metadata"]] == []
    names = [each["metadata"]["name"] for each in host.get("namespaces")["items"]
             if "deletionTimestamp" not in each["metadata"]]  # fmt: skip
    assert not [each for each in names if each.startswith("vcli-check")]


def test_a_cluster_that_is_not_isolated_needs_none_of_it(host: Host, namespace: str) -> None:
    usual = ("demo", "--namespace", namespace)
    host.vcli("create", *usual, "--ephemeral", "--no-connect", "--set", "controlPlane.coredns.enabled=false")
    code, data = check(host, *usual)
    found = {each["name"]: each["status"] for each in data["checks"]}
    assert (code, found["network-policies"]) == (0, "ok" if enforces(host) else "warning")
    assert data["isolated"] is False
