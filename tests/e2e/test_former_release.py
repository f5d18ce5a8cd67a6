"""A virtual cluster that the release before made: today's vcli lists, upgrades and deletes it.

Its objects are kept as that release printed them; ``scripts/former_release.py`` writes the file again.
"""

import json
import lzma
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import Host
from polling import eventually
from test_create import left, on_host
from upgrading import certificates, inside, precious

FORMER = lzma.decompress(Path(__file__).with_name("former_release.yaml.xz").read_bytes()).decode()
SIGNING = "--cluster-signing-cert-file=/pki/ca-signing.pem"


@pytest.fixture
def former(desk: Host) -> Iterator[str]:
    """Its namespace."""
    namespace = f"former-{uuid.uuid4().hex[:8]}"
    desk.create_namespace(namespace)
    documents = FORMER.replace("namespace: former\n", f"namespace: {namespace}\n")
    documents = documents.replace("demo-headless.former.svc", f"demo-headless.{namespace}.svc")
    documents = documents.replace('"namespace":"former"', f'"namespace":"{namespace}"')
    desk.kubectl("--context", desk.name, "apply", "--server-side", "-f", "-", stdin=documents)
    yield namespace
    desk.end_namespace(namespace)


def manager_command(desk: Host, namespace: str) -> list[str]:
    pod = on_host(desk, "statefulset", "demo", "-n", namespace)["spec"]["template"]["spec"]
    [command] = [each["command"] for each in pod["containers"] if each["name"] == "kube-controller-manager"]
    return list(command)


def test_it_is_taken_over(desk: Host, former: str) -> None:
    assert SIGNING not in manager_command(desk, former), "it is of today: write it again by the script"
    kept = precious(desk, former)  # connects, and waits until it runs
    [row] = json.loads(desk.vcli("list", "-n", former, "-o", "json").stdout)
    assert (row["name"], row["status"]) == ("demo", "Running")
    described = json.loads(desk.vcli("describe", "demo", "-n", former, "-o", "json").stdout)
    assert described["certificates"]["apiserver.crt"].endswith("Z")
    assert desk.vcli("certs", "check", "demo", "-n", former).returncode == 0
    refused = desk.vcli("certs", "rotate-ca", "demo", "-n", former, check=False)
    assert refused.returncode == 5
    assert f"first vcli upgrade demo -n {former}" in refused.stderr
    before = certificates(desk, former)

    desk.vcli("upgrade", "demo", "-n", former, "--yes")
    after = certificates(desk, former)
    assert {name: after[name] for name in before} == before
    assert SIGNING in manager_command(desk, former)
    assert inside(desk, former, "get", "configmap", kept, "-o", "name").stdout == f"configmap/{kept}\n"
    inside(desk, former, "create", "namespace", "later")
    found = "kube-root-ca.crt"
    eventually(
        lambda: inside(desk, former, "get", "configmap", found, "-n", "later", check=False).returncode == 0
    )
    desk.vcli("certs", "rotate-ca", "demo", "-n", former)
    desk.vcli("delete", "demo", "-n", former)
    assert left(desk, former) == set()
