"""k3s as the control plane: one container, with its store in it."""

import subprocess
from pathlib import Path

import pytest
from controlplane_builders import FILES, NAMES, container_of, find, pod_of, rendered

from vcli.controlplane.roles import Role, roles_of
from vcli.errors import ConflictError
from vcli.operations.distros import check_distro
from vcli.operations.resolve import cluster_of

ON = "controlPlane.distro.k3s.enabled=true"
CLAIM = "controlPlane.statefulSet.persistence.volumeClaim.enabled"
COPIES = {
    "server-ca": "ca",
    "client-ca": "ca",
    "request-header-ca": "front-proxy-ca",
}


def workload(*sets: str):
    return find(rendered(*sets), "StatefulSet", "demo")


def test_one_container_is_all_but_the_syncer():
    assert [each["name"] for each in pod_of(rendered(ON))["containers"]] == ["k3s", "syncer"]
    assert roles_of("k3s") == {Role.STORE, Role.API_SERVER, Role.CONTROLLER_MANAGER}


def test_its_data_is_on_the_claim_or_ends_with_the_pod():
    (claim,) = workload(ON)["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data"
    assert "data" not in [each["name"] for each in pod_of(rendered(ON))["volumes"]]
    ephemeral = workload(ON, f"{CLAIM}=false")["spec"]
    assert "volumeClaimTemplates" not in ephemeral
    assert {"name": "data", "emptyDir": {}} in ephemeral["template"]["spec"]["volumes"]


def test_it_is_known_whatever_its_image_is_called():
    named = workload(ON, "controlPlane.distro.k3s.image=mirror/it:v1.35.2-k3s1")
    cluster = cluster_of(named, kind="StatefulSet")
    assert (cluster.distro, cluster.version) == ("k3s", "v1.35.2+k3s1")


def test_a_control_plane_does_not_change_its_distribution():
    with pytest.raises(ConflictError, match="runs k8s and can't become k3s") as caught:
        check_distro(NAMES, workload(), workload(ON))
    assert "--distro k8s" in (caught.value.hint or "")
    with pytest.raises(ConflictError, match="runs k3s and can't become k8s"):
        check_distro(NAMES, workload(ON), workload())
    check_distro(NAMES, workload(ON), workload(ON, "controlPlane.distro.k8s.version=1.37.0"))


def test_flags_of_the_values_come_last_and_a_command_takes_the_place_of_ours():
    container = container_of(rendered(ON, "controlPlane.distro.k3s.extraArgs={--a=1,b c}"), "k3s")
    assert container["args"][-2:] == ["--a=1", "b c"]
    own = container_of(rendered(ON, "controlPlane.distro.k3s.command={k3s,server}"), "k3s")
    assert own["command"] == ["k3s", "server"]
    assert own["args"] == container["args"][:-2]


def test_what_its_command_does(tmp_path: Path):
    """It is run as it is, but for folders and the program: twice, as a container that is started again."""
    container = container_of(rendered(ON), "k3s")
    shell, option, script, name = container["command"]
    pki, program = tmp_path / "pki", tmp_path / "k3s"
    pki.mkdir()
    for file, content in FILES.items():
        (pki / file).write_bytes(content)
        (pki / file).chmod(0o440)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$K3S_TOKEN" "$@"\n')
    program.chmod(0o755)
    (tmp_path / "rancher").mkdir()
    script = script.replace("/etc/rancher", str(tmp_path / "rancher"))
    script = script.replace("/pki", str(pki)).replace("/data", str(tmp_path / "data"))
    script = script.replace("exec k3s", f"exec {program}")
    command = [shell, option, script, name, "--a=b c"]
    said = {subprocess.run(command, capture_output=True, check=True, text=True).stdout for _ in range(2)}
    (text,) = said
    token, *arguments = text.splitlines()
    assert len(token) == 64
    assert arguments == ["server", "--a=b c"]
    tls = tmp_path / "data" / "k3s" / "server" / "tls"
    for copy, original in COPIES.items():
        for part in ("crt", "key"):
            assert (tls / f"{copy}.{part}").read_bytes() == FILES[f"{original}.{part}"]
    assert (tls / "service.key").read_bytes() == FILES["sa.key"]
    (tmp_path / "rancher" / "node" / "password").write_text("secret")
    assert (tmp_path / "data" / "k3s" / "node" / "password").read_text() == "secret"
