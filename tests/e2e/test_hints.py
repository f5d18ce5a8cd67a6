"""What vcli says when the host does not accept what they ask for; each hint works when it is pasted."""

import json
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import Host
from tenants import tenant
from test_create import NOWHERE

SIZE = "controlPlane.statefulSet.persistence.volumeClaim.size=1Gi"


@pytest.fixture
def other(host: Host) -> Iterator[str]:
    """Another namespace."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    host.kubectl("create", "namespace", name)
    yield name
    host.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def user(desk: Host, namespace: str, tmp_path: Path) -> Host:
    """The administrator of one namespace, whose context names none."""
    limited = tenant(desk, namespace, tmp_path)
    limited.kubectl("config", "set-context", "--current", "--namespace=")
    return limited


def test_a_user_of_one_namespace_is_told_which_to_name(user: Host, namespace: str):
    done = user.vcli("create", "mine", "--no-connect", check=False)
    assert (done.returncode, done.stdout) == (6, "")
    error, hint = done.stderr.splitlines()[-2:]
    assert error == (
        "error: virtual cluster 'mine' can't be created in namespace 'vcluster-mine': you have no rights in"
        " namespace 'vcluster-mine', and may not create namespaces"
    )
    command = f"kubectl config set-context --current --namespace={namespace}"
    assert f"hint: the same command with -n {namespace} will do; or set it in the context: {command};" in hint
    user.kubectl(*command.split()[1:])
    assert "StatefulSet" in user.vcli("create", "mine", "--dry-run").stdout


def test_a_user_of_one_namespace_sees_that_one(user: Host, namespace: str):
    for command in (["list"], ["list", "-A"]):
        done = user.vcli(*command)
        limited, none = done.stderr.splitlines()
        assert limited == f"you may not list all namespaces, so only {namespace} is shown"
        assert (
            none
            == f"no virtual clusters in namespace {namespace}; vcli create NAME -n {namespace} creates one"
        )
    done = user.vcli("describe", "mine", check=False)
    assert done.returncode == 3
    assert "there is no virtual cluster 'mine' in namespace " in done.stderr
    assert f"'{namespace}'" in done.stderr


def test_a_user_without_rights_is_told_how_to_name_a_namespace(desk: Host, namespace: str):
    config = json.loads(desk.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    config["users"][0]["user"] |= {"as": "jane", "as-groups": ["system:authenticated"]}
    desk.kubeconfig.write_text(json.dumps(config))
    for command in (["list"], ["connect", "demo"], ["delete", "demo"]):
        done = desk.vcli(*command, check=False)
        assert (done.returncode, done.stdout) == (6, "")
        error, hint = done.stderr.splitlines()[-2:]
        assert error.startswith("error: you may not list virtual clusters in all namespaces: ")
        assert error.endswith("the host knows you as 'jane'")
        assert "-n NAMESPACE" in hint
        assert "kubectl config set-context --current --namespace=NAMESPACE" in hint
    done = desk.vcli("list", "-n", namespace, check=False)
    assert f"you may not list virtual clusters in namespace '{namespace}'" in done.stderr


def test_missing_rights_are_one_line(desk: Host, user: Host, namespace: str, other: str):
    account = f"--serviceaccount={namespace}:tenant"
    desk.kubectl("create", "rolebinding", "tenant", "-n", other, "--clusterrole=view", account)
    done = user.vcli("create", "mine", "-n", other, check=False)
    assert (done.returncode, done.stdout) == (6, "")
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert f"you lack rights in namespace {other!r}: " in error
    for text in ("create, patch roles.rbac", "create, get pods/exec", "secrets"):
        assert text in error
    assert f"hint: the same command with -n {namespace} will do" in done.stderr


@pytest.mark.parametrize(
    ("quota", "options", "ways"),
    [
        ("requests.storage=1Gi", [], ["--ephemeral keeps the data in the pod", f"--set {SIZE}"]),
        ("requests.memory=64Mi", ["--ephemeral"], ["controlPlane.distro.k8s.apiServer.resources"]),
        ("limits.cpu=8", ["--ephemeral"], ["controlPlane.backingStore.etcd.embedded.resources"]),
    ],
)
def test_what_helps_against_a_quota(
    desk: Host, namespace: str, quota: str, options: list[str], ways: list[str]
):
    desk.kubectl("create", "quota", "tight", "-n", namespace, f"--hard={quota}")
    done = desk.vcli("create", "demo", "-n", namespace, *options, check=False)
    assert done.returncode == 6
    hint = done.stderr.splitlines()[-1]
    for way in [*ways, f"kubectl describe quota -n {namespace} shows the quota", "nothing was changed"]:
        assert way in hint
    assert ("--ephemeral" in hint) == (not options)
    if not options:
        for way in (["--ephemeral"], ["--set", SIZE]):
            desk.vcli("create", "demo", "-n", namespace, "--dry-run", *way)


def test_pod_security_takes_the_control_plane_and_rejects_root(desk: Host, namespace: str):
    desk.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    root = (
        '--set-json=controlPlane.statefulSet.security.podSecurityContext={"runAsUser":0,"runAsNonRoot":false}'
    )
    done = desk.vcli("create", "demo", "-n", namespace, "--no-connect", root, check=False)
    assert done.returncode == 6
    assert "the pod is rejected by the host: violates PodSecurity" in done.stderr
    assert "--ephemeral" not in done.stderr, "it would not help"
    desk.vcli("create", "demo", "-n", namespace, *NOWHERE)
    desk.kubectl("wait", "-n", namespace, "pod/demo-0", "--for=create", "--timeout=60s")


def test_hints_carry_the_flags_that_were_given(desk: Host, namespace: str, tmp_path: Path):
    path = tmp_path / "my kubeconfig"
    path.write_bytes(desk.kubeconfig.read_bytes())
    desk.kubeconfig.unlink()
    flags = ["--context", desk.name, "--kubeconfig", str(path)]
    done = desk.vcli("list", "-n", namespace, *flags)
    _, _, command = done.stderr.strip().removesuffix(" creates one").partition("; ")
    assert command == f"vcli create NAME -n {namespace} {shlex.join(flags)}"
    done = desk.vcli("describe", "nothing", "-n", namespace, *flags, check=False)
    (hint,) = [line for line in done.stderr.splitlines() if line.startswith("hint: ")]
    pasted = shlex.split(hint.removeprefix("hint: ").removesuffix(" shows what there is"))
    assert pasted[0] == "vcli"
    assert desk.vcli(*pasted[1:]).returncode == 0


def test_credentials_that_are_not_accepted_are_named(desk: Host):
    desk.kubectl("config", "set-credentials", "stranger", "--token=not-a-token")
    desk.kubectl("config", "set-context", "strange", f"--cluster={desk.name}", "--user=stranger")
    done = desk.vcli("list", "--context", "strange", check=False)
    assert (done.returncode, done.stdout) == (6, "")
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: https://127.0.0.1:")
    assert error.endswith(
        " does not accept the credentials of user 'stranger' of context 'strange' (401 Unauthorized)"
    )
    assert "kubectl auth whoami --context strange" in hint


def test_a_server_that_is_no_api_server(desk: Host):
    server = desk.kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    desk.kubectl("config", "set-cluster", desk.name, f"--server={server}/wrong/prefix")
    for command in (["list"], ["describe", "demo"], ["delete", "demo", "-n", "x", "--ignore-not-found"]):
        done = desk.vcli(*command, check=False)
        assert (done.returncode, done.stdout) == (6, "")
        assert f"error: {server} answered 404 to /" in done.stderr
        assert "(404 page not found): it is not a Kubernetes API server" in done.stderr
        assert "kubectl config view --minify" in done.stderr
