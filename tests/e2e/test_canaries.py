"""Secrets are where they belong and nowhere else: words that nobody else uses, and a search for them.

Planted in the kubeconfig of the host (token, password, logins in the URLs of server and proxy), in values, in
Secrets and tokens of a virtual cluster. Looked for in all that vcli says and leaves behind, in the logs of
the control plane, in events and statuses of both clusters, and in the arguments of processes.
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded import Host
from polling import eventually
from space import IDLE, Space, pod, virtual_cluster, virtual_namespace

CANARY = f"canary{uuid.uuid4().hex[:12]}"
"""In all that is planted here."""


def said(host: Host, *args: str) -> str:
    """All that vcli prints, as it talks most."""
    done = host.vcli(*args, check=False, timeout=120)
    assert done.stderr or done.stdout, "nothing that could be searched"
    return done.stdout + done.stderr


def left_behind(folder: Path, *, but: Path) -> list[str]:
    """The files that have the word, beside the one where it was written."""
    files = (each for each in folder.rglob("*") if each.is_file() and each != but)
    return [str(each) for each in files if CANARY.encode() in each.read_bytes()]


def with_user(desk: Host, **user: Any) -> None:
    """Have these credentials in the kubeconfig, in place of those that are right."""
    config = yaml.safe_load(desk.kubeconfig.read_text())
    config["users"][0]["user"] = user
    desk.kubeconfig.write_text(yaml.safe_dump(config))


def with_cluster(desk: Host, **cluster: Any) -> None:
    """Have this in the kubeconfig about the server."""
    config = yaml.safe_load(desk.kubeconfig.read_text())
    config["clusters"][0]["cluster"] |= cluster
    desk.kubeconfig.write_text(yaml.safe_dump(config))


COMMANDS = (["list"], ["describe", "demo"], ["create", "demo"], ["connect", "demo"], ["delete", "demo"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("what", ["token", "password", "proxy", "wrong proxy", "server", "wrong server"])
def test_credentials_of_the_host_are_in_no_message(
    desk: Host, tmp_path: Path, what: str, command: list[str]
) -> None:
    match what:
        case "token":
            with_user(desk, token=CANARY)
        case "password":
            with_user(desk, username="jane", password=CANARY)
        case "proxy":
            with_cluster(desk, **{"proxy-url": f"http://jane:{CANARY}@127.0.0.1:1"})
        case "wrong proxy":
            with_cluster(desk, **{"proxy-url": f"gopher://jane:{CANARY}@127.0.0.1:1"})
        case "server":
            with_cluster(desk, server=f"https://jane:{CANARY}@127.0.0.1:1")
        case _:
            with_cluster(desk, server=f"https://jane:{CANARY}@127.0.0.1:port")
    assert CANARY not in said(desk, *command, "--debug", "--timeout", "5s")
    assert not left_behind(tmp_path, but=desk.kubeconfig)


@pytest.mark.parametrize(
    "given",
    [
        ("--set", "nothing.known={}"),
        ("--set", "a..b={}"),
        ("--set", "sync.toHost.pods={}"),
        ("--set", "controlPlane.coredns.enabled=true,{}"),
        ("--set-string", "password={}"),
        ("--set-json", 'password="{}'),
    ],
)
def test_values_are_in_no_message(desk: Host, tmp_path: Path, given: tuple[str, str]) -> None:
    option, expression = given
    output = said(desk, "create", "demo", "--dry-run", "--debug", option, expression.format(CANARY))
    assert "error" in output
    assert CANARY not in output
    assert not left_behind(tmp_path, but=desk.kubeconfig)


@pytest.fixture(scope="module")
def space(host: Host) -> Iterator[Space]:
    with (
        virtual_cluster(host, "canaries", dns=False) as cluster,
        virtual_namespace(cluster, host) as space,
    ):
        yield space


def everything_but_secrets(host: Host, namespace: str) -> str:
    """All of a namespace on the host, its Secrets as what they are called alone."""
    kinds = host.kubectl("api-resources", "--verbs=list", "--namespaced", "--output=name").split()
    items = host.get(",".join(kinds), "--namespace", namespace)["items"]
    for each in items:
        if each["kind"] == "Secret":
            each.pop("data", None)
    return json.dumps(items)


def test_secrets_of_a_tenant_are_in_no_log_event_or_argument(space: Space) -> None:
    host, cluster = space.host, space.cluster
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}}
    uses = {"envFrom": [{"secretRef": {"name": "mine"}}]}
    missing = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "none"}}}
    space.apply(
        {**secret, "stringData": {"password": CANARY}},
        pod("user", container=uses),
        pod("broken", container={"env": [missing]}),
    )
    space.wait("condition=Ready", "pod/user")
    eventually(lambda: "none" in space.kubectl("get", "events"))
    # One that the host rejects: what a server quotes of an object is in its message.
    space.apply({**secret, "metadata": {"name": "other"}, "type": "kubernetes.io/tls", "stringData": {
        "tls.crt": CANARY, "tls.key": CANARY,
    }})  # fmt: skip
    space.apply(pod("second", IDLE, container={"envFrom": [{"secretRef": {"name": "other"}}]}))
    token = space.sh("user", "cat /var/run/secrets/kubernetes.io/serviceaccount/token")
    assert token.count(".") == 2, "a token to look for"
    assert space.sh("user", "echo $password") == CANARY
    place = ("--namespace", cluster.namespace)
    texts = {
        "logs": said(host, "logs", cluster.name, *place),
        "describe": said(host, "describe", cluster.name, *place, "--debug"),
        "describe as JSON": said(host, "describe", cluster.name, *place, "--output", "json"),
        "list": said(host, "list", "--debug"),
        "events inside": space.kubectl("get", "events", "--output", "json"),
        "pods inside": space.kubectl("get", "pods", "--output", "json"),
        "the host namespace": everything_but_secrets(host, cluster.namespace),
        "arguments": "\n".join(arguments()),
    }
    for what, text in texts.items():
        for word in (CANARY, token, token.rpartition(".")[2]):
            assert word not in text, what


def arguments() -> Iterator[str]:
    """Of all processes of this machine, on which the host's run too."""
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
