"""``vcli check`` on a host that enforces NetworkPolicies, and on one that does not."""

import json
from collections.abc import Iterator
from typing import Any

import embedded
import pytest
from embedded import Host, own_host

NAME = f"{embedded.NAME}-check"


@pytest.fixture(scope="module", params=["network-policy", ""])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of its own, with and without the add-on."""
    options = ("--with", request.param) if request.param else ()
    with own_host(f"{NAME}-{'on' if options else 'off'}", tmp_path_factory.mktemp("check"), *options) as host:
        yield host


def check(host: Host, *args: str) -> tuple[int, dict[str, Any]]:
    done = host.vcli("check", *args, "--output", "json", check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_what_the_host_enforces_is_found_out(host: Host) -> None:
    enforces = host.name.endswith("-on")
    host.create_namespace("team")
    code, data = check(host, "--namespace", "team")
    found = {each["name"]: each["status"] for each in data["checks"]}
    assert found.pop("network-policies") == ("ok" if enforces else "failed"), data
    # The namespace has no label yet, which is a warning: the virtual cluster refuses pods by itself.
    assert found == {"pod-security": "ok", "pod-security-label": "warning", "rights": "ok", "quota": "ok"}
    assert code == (0 if enforces else 1)
    listed = host.get("pods,networkpolicies", "--namespace", "team")["items"]
    assert [each["metadata"]["name"] for each in listed if "deletionTimestamp" not in each["metadata"]] == []
    names = [each["metadata"]["name"] for each in host.get("namespaces")["items"]
             if "deletionTimestamp" not in each["metadata"]]  # fmt: skip
    assert not [each for each in names if each.startswith("vcli-check")]


def test_a_cluster_that_is_not_isolated_needs_none_of_it(host: Host) -> None:
    enforces = host.name.endswith("-on")
    usual = ("demo", "--namespace", "of-demo")
    host.vcli("create", *usual, "--ephemeral", "--no-connect", "--set", "controlPlane.coredns.enabled=false")
    code, data = check(host, *usual)
    found = {each["name"]: each["status"] for each in data["checks"]}
    assert (code, found["network-policies"]) == (0, "ok" if enforces else "warning")
    assert data["isolated"] is False
