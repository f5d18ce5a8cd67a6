"""A namespace in a virtual cluster, worked on by kubectl, and the host namespace behind it."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import direct
from direct import end_namespace, make_namespace
from embedded import SECONDS, Host
from kubernetes_versions import VIRTUAL

from vcli import VirtualCluster
from vcli.host.versions import KUBERNETES
from vcli.syncer.translate.names import VirtualName, host_name

Object = dict[str, Any]

BUSYBOX = "docker.io/library/busybox:1.36"
PYTHON = "docker.io/library/python:3.11-slim"


@dataclass(frozen=True, kw_only=True)
class Space:
    """What a test works in."""

    cluster: VirtualCluster
    host: Host
    name: str

    def kubectl(self, *args: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl in the virtual namespace; gives what it prints."""
        done = self.run(*args, stdin=stdin)
        if check:
            assert done.returncode == 0, f"kubectl {' '.join(args)}: {done.stderr}"
        return done.stdout

    def run(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl in the virtual namespace, whatever comes of it."""
        command = ["kubectl", "--namespace", self.name, *args]
        environ = {**self.host.env, "KUBECONFIG": str(self.cluster.kubeconfig)}
        return self.cluster.run(command, check=False, input=stdin, timeout=SECONDS, env=environ)

    def apply(self, *objects: Object) -> None:
        """Apply objects; they are of this namespace unless they name another."""
        document = {"apiVersion": "v1", "kind": "List", "items": objects}
        self.kubectl("apply", "--filename", "-", stdin=json.dumps(document))

    def get(self, *args: str) -> Any:
        """What kubectl get prints as JSON."""
        found = direct.get(self.cluster.kubeconfig, args, namespace=self.name)
        return json.loads(self.kubectl("get", *args, "--output", "json")) if found is None else found

    def wait(self, condition: str, *what: str) -> None:
        """Wait for a condition, or for a deletion."""
        self.kubectl("wait", f"--for={condition}", f"--timeout={SECONDS - 10}s", *what)

    def rollout(self, what: str) -> None:
        """Wait until a workload is all there."""
        self.kubectl("rollout", "status", what, f"--timeout={SECONDS - 10}s")

    def is_unschedulable(self, pod: str) -> bool:
        """Whether a scheduler has found no node for a pod."""
        conditions = self.get("pod", pod)["status"].get("conditions") or ()
        return any(each.get("reason") == "Unschedulable" for each in conditions)

    def sh(self, pod: str, script: str) -> str:
        """Run a shell script in a pod."""
        return self.kubectl("exec", pod, "--", "sh", "-c", script).strip()

    def on_host(self, kind: str) -> list[str]:
        """The names of what this namespace has on the host."""
        selector = f"vcli.dev/namespace={self.name}"
        listed = self.host.get(kind, "--namespace", self.cluster.namespace, "--selector", selector)
        return [each["metadata"]["name"] for each in listed["items"]]

    def host_name(self, name: str) -> str:
        """What an object of this namespace is called on the host."""
        return host_name(VirtualName(self.name, name), self.cluster.name)


@contextmanager
def virtual_cluster(
    host: Host, name: str, *, sets: Sequence[str] = (), dns: bool = True
) -> Iterator[VirtualCluster]:
    """A virtual cluster as `vcli create` makes it, in a host namespace of its own, with DNS up.

    ``VCLI_E2E_CLUSTER=NAMESPACE/NAME`` lends one that is there already, and stays; not for values of its own.

    Args:
        host: where.
        name: of the virtual cluster.
        sets: values, as ``--set`` takes them.
        dns: without, it has none: for tests in which no pod looks up a name.
    """
    if (lent := os.environ.get("VCLI_E2E_CLUSTER")) and not sets:
        namespace, _, name = lent.partition("/")
        with VirtualCluster.connect(name, namespace=namespace, kubeconfig=host.kubeconfig) as cluster:
            yield cluster
        return
    namespace = f"{name}-{uuid.uuid4().hex[:8]}"
    host.create_namespace(namespace)
    version = () if VIRTUAL == KUBERNETES else (f"controlPlane.distro.k8s.version={VIRTUAL}",)
    without = () if dns else ("controlPlane.coredns.enabled=false",)
    with VirtualCluster.create(
        name, namespace=namespace, kubeconfig=host.kubeconfig, sets=(*version, *without, *sets)
    ) as cluster:
        if dns:
            rollout = ["kubectl", "--namespace", "kube-system", "rollout", "status", "deployment/coredns"]
            cluster.run(rollout, env={**host.env, "KUBECONFIG": str(cluster.kubeconfig)})
        yield cluster
    host.end_namespace(namespace)


@contextmanager
def virtual_namespace(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    """A namespace with a default ServiceAccount, deleted after the block."""
    space = Space(cluster=cluster, host=host, name=f"test-{uuid.uuid4().hex[:6]}")
    make_namespace(cluster.kubeconfig, space.name)
    yield space
    end_namespace(cluster.kubeconfig, space.name)


def container(script: str, *, image: str = BUSYBOX, **fields: Any) -> Object:
    """A container that runs a shell script."""
    return {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
        **fields,
    }


IDLE = "trap 'exit 0' TERM; sleep 1d & wait"
"""A script that does nothing, and ends as soon as it is asked to."""


def pod(name: str, script: str = IDLE, *, labels: dict[str, str] | None = None, **fields: Any) -> Object:
    """A pod of one container; `fields` are of its spec, but for `container`, which is of the container."""
    extra = fields.pop("container", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"containers": [container(script, **extra)], "restartPolicy": "Never", **fields},
    }


def template(script: str, *, app: str, **fields: Any) -> Object:
    """The selector and pod template of a workload."""
    extra = fields.pop("container", {})
    return {
        "selector": {"matchLabels": {"app": app}},
        "template": {
            "metadata": {"labels": {"app": app}},
            "spec": {"containers": [container(script, **extra)], **fields},
        },
    }


def serving(text: str) -> str:
    """A script that answers HTTP on port 8080 with a text, in which the shell puts variables."""
    return (
        f'mkdir -p /tmp/www && echo "{text}" > /tmp/www/index.html && (httpd -f -p 8080 -h /tmp/www & {IDLE})'
    )
