"""``vcli connect`` on a real host: exit code, stdout and stderr together."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from bare import Bare
from embedded import Host, Program, run
from polling import eventually

VCLI = [sys.executable, "-m", "vcli"]
NAMESPACES = ["get", "namespaces", "-o", "name"]


# --- a connection that stays


@pytest.mark.skew
def test_kubectl_talks_to_the_virtual_cluster_afterwards(desk: Host, bare: Bare) -> None:
    done = desk.vcli("connect", bare.name, "-n", bare.namespace)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"connected to virtual cluster {bare.name}: kubectl talks to it now",
        "vcli disconnect goes back to the context from before",
    ]
    assert desk.kubectl("config", "current-context").strip() == bare.context
    assert "namespace/kube-system" in desk.kubectl(*NAMESPACES)
    assert f"namespace/{bare.namespace}" not in desk.kubectl(*NAMESPACES)
    assert desk.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_connecting_again_uses_the_same_tunnel(desk: Host, bare: Bare) -> None:
    first, second = (
        json.loads(desk.vcli("connect", bare.name, "-n", bare.namespace, "-o", "json").stdout)
        for _ in range(2)
    )
    assert first == second
    assert first["context"] == bare.context
    assert first["server"] == f"https://127.0.0.1:{first['tunnel']['port']}"
    tunnels = json.loads(desk.vcli("tunnels", "-o", "json").stdout)
    assert [(each["name"], each["pid"]) for each in tunnels] == [(bare.name, first["tunnel"]["pid"])]


@pytest.mark.skew
def test_the_tunnel_survives_the_shell_and_a_new_pod(desk: Host, bare: Bare) -> None:
    """Traps 5 and 6: the tunnel ends with its first failure, or with the pod that it was made for."""
    run(["setsid", *VCLI, "connect", bare.name, "-n", bare.namespace], env=desk.env)
    desk.kubectl(*NAMESPACES)
    bare.host.kubectl("delete", "pod", "-n", bare.namespace, f"{bare.name}-0", "--now")
    bare.wait()
    assert "namespace/default" in desk.kubectl(*NAMESPACES)


@pytest.mark.parametrize(
    "spelling", [["--update-current=false"], ["--update-current", "false"], ["--no-update-current"]]
)
def test_the_current_kubeconfig_may_stay_untouched(
    desk: Host, bare: Bare, tmp_path: Path, spelling: list[str]
) -> None:
    before = desk.kubeconfig.read_bytes()
    argv = [*VCLI, "connect", *spelling, bare.name, "-n", bare.namespace]
    done = subprocess.run(argv, env=desk.env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert desk.kubeconfig.read_bytes() == before
    written = tmp_path / "kubeconfig.yaml"
    assert str(written) in done.stderr
    assert written.stat().st_mode & 0o777 == 0o600
    assert "namespace/default" in desk.kubectl("--kubeconfig", str(written), *NAMESPACES)


def test_another_file_may_get_it(desk: Host, bare: Bare, tmp_path: Path) -> None:
    before = desk.kubeconfig.read_bytes()
    written = tmp_path / "new" / "demo.yaml"
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--kube-config", str(written))
    assert desk.kubeconfig.read_bytes() == before
    assert "namespace/default" in desk.kubectl("--kubeconfig", str(written), *NAMESPACES)


def test_print_prints_yaml_and_nothing_else(desk: Host, bare: Bare, tmp_path: Path) -> None:
    before = desk.kubeconfig.read_bytes()
    done = desk.vcli("connect", bare.name, "-n", bare.namespace, "--print")
    assert done.stderr == ""
    assert yaml.safe_load(done.stdout)["current-context"] == bare.context
    assert desk.kubeconfig.read_bytes() == before
    (tmp_path / "printed").write_text(done.stdout)
    assert "namespace/default" in desk.kubectl("--kubeconfig", str(tmp_path / "printed"), *NAMESPACES)
    as_json = desk.vcli("connect", bare.name, "-n", bare.namespace, "--print", "-o", "json")
    assert json.loads(as_json.stdout) == yaml.safe_load(done.stdout)


def test_a_context_of_that_name_is_not_overwritten(desk: Host, bare: Bare) -> None:
    """Trap 8."""
    desk.kubectl("config", "set-context", bare.context, "--cluster=precious", "--user=mine")
    before = desk.kubeconfig.read_bytes()
    done = desk.vcli("connect", bare.name, "-n", bare.namespace, check=False)
    assert (done.returncode, done.stdout) == (5, "")
    assert f"context '{bare.context}' that vcli did not create" in done.stderr
    assert "hint: choose another name with --context-name" in done.stderr
    assert desk.kubeconfig.read_bytes() == before
    assert json.loads(desk.vcli("tunnels", "-o", "json").stdout) == []
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--context-name", "dev")
    assert desk.kubectl("config", "current-context").strip() == "dev"
    assert "namespace/default" in desk.kubectl(*NAMESPACES)


def test_several_files_links_and_comments(desk: Host, bare: Bare, tmp_path: Path) -> None:
    """Trap 9."""
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "mine"
    text = (
        "# my own\napiVersion: v1\nkind: Config\nx-note: keep  # this\nusers:\n# me\n- name: me\n  user: {}\n"
    )
    real.write_text(text)
    link = tmp_path / "link"
    link.symlink_to(real)
    env = desk.env | {"KUBECONFIG": f"{tmp_path}/missing:{link}:{desk.kubeconfig}"}
    host_file = desk.kubeconfig.read_bytes()
    both = Host(name=desk.name, kubeconfig=link, env=env)
    both.vcli("connect", bare.name, "-n", bare.namespace)
    assert "namespace/default" in both.kubectl(*NAMESPACES)
    assert desk.kubeconfig.read_bytes() == host_file
    assert link.is_symlink()
    for line in text.splitlines():
        assert line in real.read_text()
    both.vcli("disconnect")
    assert desk.kubeconfig.read_bytes() == host_file
    assert both.kubectl("config", "current-context").strip() == bare.parent
    assert yaml.safe_load(real.read_text())["users"] == [{"name": "me", "user": {}}]
    assert not list(tmp_path.glob("**/*.lock"))


def test_a_local_port_of_ones_own(desk: Host, bare: Bare) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        argv = ["connect", bare.name, "-n", bare.namespace, "--local-port", str(port)]
        done = desk.vcli(*argv, check=False)
        assert (done.returncode, done.stdout) == (5, "")
        assert f"port {port}" in done.stderr
    connected = json.loads(desk.vcli(*argv, "-o", "json").stdout)
    assert connected["server"] == f"https://127.0.0.1:{port}"
    assert "namespace/default" in desk.kubectl(*NAMESPACES)


def test_a_server_of_ones_own_needs_no_tunnel(desk: Host, bare: Bare) -> None:
    printed = yaml.safe_load(desk.vcli("connect", bare.name, "-n", bare.namespace, "--print").stdout)
    server = printed["clusters"][0]["cluster"]["server"]
    argv = ["connect", bare.name, "-n", bare.namespace, "--server", server.replace("127.0.0.1", "localhost")]
    connected = json.loads(desk.vcli(*argv, "-o", "json").stdout)
    assert connected["tunnel"] is None
    assert connected["server"].startswith("https://localhost:")
    assert "namespace/default" in desk.kubectl(*NAMESPACES)
    done = desk.vcli(*argv, "--local-port", "1", check=False)
    assert done.returncode == 2


@pytest.mark.skew
def test_as_a_service_account(desk: Host, bare: Bare) -> None:
    argv = ["connect", bare.name, "-n", bare.namespace, "--service-account", "kube-system/robot"]
    desk.vcli(*argv, "--token-expiration", "1h")
    (user,) = [each["user"] for each in config(desk)["users"] if each["name"] == bare.context]
    assert set(user) == {"token", "extensions"}
    whoami = json.loads(desk.kubectl("auth", "whoami", "-o", "json"))
    assert whoami["status"]["userInfo"]["username"] == "system:serviceaccount:kube-system:robot"
    assert desk.kubectl("auth", "can-i", "list", "namespaces", check=False).strip() == "no"
    for _ in range(2):  # the second time all of it exists
        desk.vcli(*argv, "--cluster-role", "cluster-admin")
        # The API server grants what a binding says as soon as it has seen it.
        eventually(lambda: "namespace/default" in desk.kubectl(*NAMESPACES))
    done = desk.vcli(*argv, "--cluster-role", "no-such-role", check=False)
    assert done.returncode == 3
    assert "no-such-role" in done.stderr
    done = desk.vcli("connect", bare.name, "-n", bare.namespace, "--cluster-role", "view", check=False)
    assert done.returncode == 2
    done = desk.vcli(*argv, "--token-expiration", "1m", check=False)
    assert done.returncode == 2


def test_kubectl_asks_for_the_key(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    (user,) = [each["user"] for each in config(desk)["users"] if each["name"] == bare.context]
    assert set(user) == {"exec", "extensions"}
    assert "namespace/default" in desk.kubectl(*NAMESPACES)
    asked = json.loads(desk.vcli("token", bare.name, "-n", bare.namespace).stdout)
    assert set(asked["status"]) == {"clientCertificateData", "clientKeyData", "expirationTimestamp"}
    done = desk.vcli("token", "nobody", check=False)
    assert (done.returncode, done.stdout) == (3, "")
    done = desk.vcli("connect", bare.name, "--no-key", "--service-account", "robot", check=False)
    assert done.returncode == 2


def test_other_clients_ask_for_the_key_as_well(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    code = (
        "from kubernetes import client, config; config.load_kube_config();"
        "print(*(each.metadata.name for each in client.CoreV1Api().list_namespace().items))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=desk.env, capture_output=True, text=True, check=True
    )
    assert "kube-system" in done.stdout.split()


def test_a_key_in_the_file_for_those_that_can_not_ask(desk: Host, bare: Bare, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--inline-key", "--kube-config", str(alone))
    (user,) = [each["user"] for each in yaml.safe_load(alone.read_text())["users"]]
    assert set(user) == {"client-certificate-data", "client-key-data", "extensions"}
    elsewhere = desk.env | {"HOME": str(tmp_path), "PATH": "/nowhere", "VCLI_STATE_DIR": "/nowhere"}
    kubectl = shutil.which("kubectl", path=desk.env["PATH"])
    argv = [str(kubectl), "--kubeconfig", str(alone), *NAMESPACES]
    assert "namespace/default" in run(argv, env=elsewhere).stdout


def config(desk: Host) -> Any:
    return json.loads(desk.kubectl("config", "view", "--raw", "-o", "json"))


def test_a_load_balancer_that_answers_needs_no_tunnel(desk: Host, bare: Bare) -> None:
    argv = ["connect", bare.name, "-n", bare.namespace]
    printed = yaml.safe_load(desk.vcli(*argv, "--print").stdout)
    port = int(printed["clusters"][0]["cluster"]["server"].rpartition(":")[2])
    expose(bare, "LoadBalancer", port)
    try:
        status = {"status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}}
        service = ["service", bare.name, "-n", bare.namespace]
        bare.host.kubectl("patch", *service, "--subresource=status", "--type=merge", "-p", json.dumps(status))
        connected = json.loads(desk.vcli(*argv, "-o", "json").stdout)
        assert (connected["tunnel"], connected["server"]) == (None, f"https://127.0.0.1:{port}")
        assert "namespace/default" in desk.kubectl(*NAMESPACES)
        assert "namespace/default" in desk.vcli(*argv, "--", "kubectl", *NAMESPACES).stdout
        desk.vcli("disconnect", "--all")  # now nothing answers there any more
        connected = json.loads(desk.vcli(*argv, "-o", "json").stdout)
        assert connected["tunnel"] is not None
    finally:
        expose(bare, "ClusterIP", 443)


def expose(bare: Bare, kind: str, port: int) -> None:
    ports = [{"name": "https", "port": port, "targetPort": 8443}]
    changes = [
        {"op": "replace", "path": "/spec/type", "value": kind},
        {"op": "replace", "path": "/spec/ports", "value": ports},
    ]
    service = ["service", bare.name, "-n", bare.namespace]
    bare.host.kubectl("patch", *service, "--type=json", "-p", json.dumps(changes))


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_everything_is_as_before_afterwards(desk: Host, bare: Bare, signum: int) -> None:
    before = desk.kubeconfig.read_bytes()
    argv = [*VCLI, "connect", bare.name, "-n", bare.namespace, "--foreground"]
    with Program(argv, env=desk.env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        eventually(lambda: desk.kubeconfig.read_bytes() != before, seconds=30)
        assert "namespace/default" in desk.kubectl(*NAMESPACES)
        process.send_signal(signum)
        assert process.wait(20) == 128 + signum
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert yaml.safe_load(desk.kubeconfig.read_bytes()) == yaml.safe_load(before)
    assert json.loads(desk.vcli("tunnels", "-o", "json").stdout) == []


# --- what can't be connected to


def test_a_name_that_does_not_exist(desk: Host, bare: Bare) -> None:
    done = desk.vcli("connect", "bear", "-n", bare.namespace, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no virtual cluster 'bear'" in done.stderr
    done = desk.vcli("connect", bare.name, "-n", "default", "-o", "json", check=False)
    assert done.returncode == 3
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "NotFound"
    assert bare.namespace in error["hint"]


def sleeping(name: str, *, replicas: int, image: str) -> dict[str, Any]:
    labels = {"app": "vcluster", "release": name}
    pod = {"containers": [{"name": "kube-apiserver", "image": image}], "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def test_a_paused_one_and_a_name_in_two_namespaces(desk: Host, bare: Bare, namespace: str) -> None:
    desk.apply(namespace, sleeping(bare.name, replicas=0, image="none.invalid/none:1"))
    done = desk.vcli("connect", bare.name, check=False)
    assert done.returncode == 2
    assert bare.namespace in done.stderr
    assert namespace in done.stderr
    done = desk.vcli("connect", bare.name, "-n", namespace, "--", "true", check=False)
    assert done.returncode == 4  # there is no such image
    assert f"'{bare.name}' in namespace '{namespace}' was paused: it is resumed\n" in done.stderr
    assert desk.get("statefulset", bare.name, "-n", namespace)["spec"]["replicas"] == 1


def test_waiting_ends_at_once_when_it_is_in_vain(desk: Host, namespace: str) -> None:
    """Traps 7 and 12: to wait for ever, and in silence."""
    desk.apply(namespace, sleeping("broken", replicas=1, image="none.invalid/none:1"))
    started = time.monotonic()
    done = desk.vcli("connect", "broken", "-n", namespace, "--timeout", "100s", check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert "container kube-apiserver: ImagePullBackOff" in done.stderr
    assert time.monotonic() - started < 60
    done = desk.vcli("connect", "broken", "-n", namespace, "--timeout", "1ms", check=False)
    assert done.returncode == 4


def test_with_rights_in_one_namespace_only(desk: Host, bare: Bare, tmp_path: Path) -> None:
    rule = {"apiGroups": ["", "apps"], "verbs": ["get", "list", "create"]}
    resources = ["pods", "pods/portforward", "secrets", "services", "statefulsets", "deployments"]
    meta = {"name": "tenant"}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"},
        "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": bare.namespace}],
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    desk.apply(bare.namespace, account, role | {"rules": [rule | {"resources": resources}]}, binding)
    token = desk.kubectl("create", "token", "tenant", "-n", bare.namespace).strip()
    tenant = ["--user=tenant", f"--namespace={bare.namespace}"]
    desk.kubectl("config", "set-credentials", "tenant", f"--token={token}")
    cluster = config(desk)["contexts"][0]["context"]["cluster"]
    desk.kubectl("config", "set-context", "tenant", f"--cluster={cluster}", *tenant)
    desk.kubectl("config", "use-context", "tenant")
    eventually(lambda: desk.kubectl("auth", "can-i", "list", "pods", check=False).strip() == "yes")
    assert "namespace/default" in desk.vcli("connect", bare.name, "--", "kubectl", *NAMESPACES).stdout
    desk.vcli("connect", bare.name)
    assert "namespace/default" in desk.kubectl(*NAMESPACES)
    desk.vcli("disconnect")
    done = desk.vcli("connect", "other", "-n", "kube-system", check=False)
    assert done.returncode == 6
    assert "you may not list virtual clusters in namespace 'kube-system'" in done.stderr
