"""``vcli verify`` on a host that enforces policies: isolated beside a neighbour, and a default cluster."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from embedded import SECONDS, Host
from polling import eventually
from space import virtual_cluster

from vcli import VirtualCluster

ISOLATED = (
    "policies.networkPolicy.enabled=true",
    "policies.podSecurityStandard=baseline",
    "policies.resourceQuota.enabled=true",
    "policies.limitRange.enabled=true",
)


@pytest.fixture(scope="module")
def isolated(host: Host) -> Iterator[VirtualCluster]:
    with virtual_cluster(host, "apart", sets=ISOLATED) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def neighbour(host: Host) -> Iterator[VirtualCluster]:
    """A default one, in a namespace of its own: its pods may be reached by anybody who is not isolated."""
    with virtual_cluster(host, "beside", dns=False) as cluster:
        yield cluster


def verify(host: Host, cluster: VirtualCluster, *args: str) -> tuple[int, dict[str, Any]]:
    where = ("verify", cluster.name, "--namespace", cluster.namespace, "--output", "json")
    done = host.vcli(*where, *args, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def of(report: dict[str, Any], verdict: str) -> dict[str, str]:
    return {each["name"]: each["observed"] for each in report["attempts"] if each["verdict"] == verdict}


def leftovers(cluster: VirtualCluster) -> list[str]:
    listed = cluster.run(
        ["kubectl", "get", "namespaces,nodes,csr", "-o", "name"], capture_output=True, text=True
    )
    return [each for each in listed.stdout.split() if "vcli-verify" in each]


def test_nothing_gets_through_from_an_isolated_cluster(
    host: Host, isolated: VirtualCluster, neighbour: VirtualCluster
) -> None:
    other = f"{neighbour.namespace}/{neighbour.name}"
    code, report = verify(host, isolated, "--neighbour", other)
    assert (of(report, "gotThrough"), of(report, "unknown")) == ({}, {})
    assert code == 0
    assert report["profile"] == "isolated"
    held = of(report, "held")
    assert {
        "volume-nfs",
        "neighbour-pod",
        "neighbour-api",
        "kubelet",
        "host-dns",
        "external-ip",
    } <= held.keys()
    assert leftovers(isolated) == leftovers(neighbour) == []


def test_a_default_cluster_shows_what_is_open(
    host: Host, isolated: VirtualCluster, neighbour: VirtualCluster
) -> None:
    code, report = verify(host, neighbour, "--neighbour", f"{isolated.namespace}/{isolated.name}")
    assert (code, report["profile"]) == (0, "default")
    assert {"volume-hostpath", "host-pid", "container-privileged", "kubelet", "host-dns"} <= of(
        report, "open"
    ).keys()
    # The neighbour's isolation keeps out who is not isolated as well.
    assert {"neighbour-pod", "neighbour-service", "neighbour-api", "external-ip"} <= of(report, "held").keys()
    assert leftovers(neighbour) == []


def test_a_default_cluster_fails_by_the_isolated_profile(host: Host, neighbour: VirtualCluster) -> None:
    where = ("verify", neighbour.name, "--namespace", neighbour.namespace)
    done = host.vcli(*where, "--profile", "isolated", "--output", "junit", check=False)
    assert done.returncode == 1, done.stderr
    suite = ET.fromstring(done.stdout)  # noqa: S314  our own
    failed = {case.get("name", "") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert any(each.startswith("volume-hostpath:") for each in failed)
    assert int(suite.get("failures", "0")) == len(failed)


def test_nothing_is_left_after_an_interrupt(host: Host, neighbour: VirtualCluster) -> None:
    command = [sys.executable, "-m", "vcli", "verify", neighbour.name, "--namespace", neighbour.namespace]
    with subprocess.Popen(
        command, env=host.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as program:
        eventually(lambda: bool(leftovers(neighbour)))
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=SECONDS)
    assert program.returncode == 130, said.decode()
    eventually(lambda: leftovers(neighbour) == [])
