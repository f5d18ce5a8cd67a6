"""What a container finds around it: names, variables, resolver, tokens."""

import base64
import json

import pytest
from kubernetes_versions import HOST, minor
from polling import eventually
from space import Object, Space, pod

MAIN = {"requests": {"cpu": "20m", "memory": "16Mi"}}
OVERRIDE = 35  # since then a host has hostnameOverride
QOS: dict[str, Object] = {
    "guaranteed": {"limits": MAIN["requests"], "requests": MAIN["requests"]},
    "burstable": MAIN,
    "besteffort": {},
}


def service(name: str, **spec: object) -> Object:
    ports = [{"port": 80, "targetPort": 8080, "name": "http"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports, **spec},
    }


@pytest.mark.skew
def test_a_pod_with_a_subdomain_knows_its_full_name_and_keeps_its_class_of_service(space: Space) -> None:
    aliases = [{"ip": "192.0.2.1", "hostnames": ["elsewhere.example"]}]
    peers = {"subdomain": "db", "hostAliases": aliases, "labels": {"app": "db"}}
    space.apply(
        service("db", clusterIP="None"),
        *(
            pod(name, hostname=name, container={"resources": resources}, **peers)
            for name, resources in QOS.items()
        ),
        pod("named", hostname="other", setHostnameAsFQDN=True, **peers),
        pod("plain"),
    )
    space.wait("condition=Ready", "pod", "--all")
    domain = f"db.{space.name}.svc.cluster.local"
    for name in QOS:
        told = space.get("pod", name)
        assert space.sh(name, "hostname; hostname -f").split() == [name, f"{name}.{domain}"]
        hosts = space.sh(name, "cat /etc/hosts").splitlines()
        assert f"{told['status']['podIP']}\t{name}.{domain}\t{name}" in hosts
        assert "192.0.2.1\telsewhere.example" in hosts
        assert told["status"]["qosClass"].lower() == name
        on_host = space.host.get("pod", space.host_name(name), "--namespace", space.cluster.namespace)
        assert on_host["status"]["qosClass"].lower() == name
        assert "initContainerStatuses" not in told["status"]
    assert space.sh("named", "hostname") == (f"other.{domain}" if minor(HOST) >= OVERRIDE else "other")
    assert space.sh("plain", "hostname") == "plain"
    address = space.get("pod", "burstable")["status"]["podIP"]
    lookup = f"nslookup burstable.{domain} || true"
    eventually(lambda: address in space.sh("plain", lookup), seconds=60)
    events = space.get("events")["items"]
    assert not [each for each in events if "vcli-hosts" in json.dumps(each)]


@pytest.mark.skew
def test_variables_come_in_their_order_and_the_users_own_win(space: Space) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}}
    data = {"WEB_SERVICE_PORT": "from-config", "OTHER": "from-config"}
    space.apply(service("web"), {**config, "data": data})
    address = space.get("service", "web")["spec"]["clusterIP"]
    api = space.get("service", "kubernetes", "--namespace", "default")["spec"]["clusterIP"]
    env = [
        {"name": "URL", "value": "http://$(WEB_SERVICE_HOST):$(WEB_SERVICE_PORT)"},
        {"name": "WEB_PORT", "value": "mine"},
        {"name": "TWICE", "value": "one"},
        {"name": "LATER", "value": "$(TWICE)-$(NOT_YET)-$$(TWICE)"},
        {"name": "NOT_YET", "value": "set"},
        {"name": "TWICE", "value": "two"},
    ]
    source = [{"configMapRef": {"name": "conf"}}]
    names = ("URL", "WEB_PORT", "TWICE", "LATER", "WEB_SERVICE_HOST", "KUBERNETES_SERVICE_HOST", "OTHER")
    show = "; ".join(f'echo "{name}=${name}"' for name in names)
    space.apply(
        pod("linked", f"{show}; env | grep -c _PORT_", container={"env": env, "envFrom": source}),
        pod("bare", "env | grep -v ^KUBERNETES | grep -c _SERVICE_ || true", enableServiceLinks=False),
    )
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/linked", "pod/bare")
    lines = space.kubectl("logs", "linked").splitlines()
    assert lines[:7] == [
        f"URL=http://{address}:from-config",
        "WEB_PORT=mine",
        "TWICE=two",
        "LATER=one-$(NOT_YET)-$(TWICE)",
        f"WEB_SERVICE_HOST={address}",
        f"KUBERNETES_SERVICE_HOST={api}",
        "OTHER=from-config",
    ]
    assert space.kubectl("logs", "bare").strip() == "0"


def test_the_resolver_is_the_clusters_own_with_what_the_user_adds(space: Space) -> None:
    theirs = {
        "nameservers": ["192.0.2.53"],
        "searches": ["corp.example"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    space.apply(
        pod("merged", dnsConfig=theirs),
        pod("none", dnsPolicy="None", dnsConfig=theirs),
        pod("node", dnsPolicy="Default"),
        pod("host", hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"),
    )
    space.wait("condition=Ready", "pod", "--all")
    dns = space.get("service", "kube-dns", "--namespace", "kube-system")["spec"]["clusterIP"]
    own = f"search {space.name}.svc.cluster.local svc.cluster.local cluster.local"

    def resolver(name: str) -> list[str]:
        lines = space.sh(name, "cat /etc/resolv.conf").splitlines()
        # A kubelet writes options in any order.
        return [" ".join(sorted(each.split())) if each.startswith("options") else each for each in lines]

    assert resolver("merged") == [
        f"{own} corp.example",
        f"nameserver {dns}",
        "nameserver 192.0.2.53",
        "edns0 ndots:2 options",
    ]
    assert resolver("none") == ["search corp.example", "nameserver 192.0.2.53", "edns0 ndots:2 options"]
    assert f"nameserver {dns}" not in resolver("node")
    assert resolver("host") == [own, f"nameserver {dns}", "ndots:5 options"]


def claims(token: str) -> Object:
    payload = token.split(".")[1]
    decoded: Object = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return decoded


@pytest.mark.skew
def test_tokens_are_each_their_own_and_name_pod_and_node_from_the_first_read(space: Space) -> None:
    def source(path: str, **asked: object) -> Object:
        return {"serviceAccountToken": {"path": path, "expirationSeconds": 600, **asked}}

    sources = [source("api"), source("vault", audience="vault"), source("deep/er", audience="vault")]
    volume = {"name": "tokens", "projected": {"defaultMode": 0o440, "sources": sources}}
    mounts = [{"name": "tokens", "mountPath": "/tokens"}]
    shown = "cd /tokens; for each in api vault deep/er; do cat $each; echo; done; stat -L -c %a api"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    first = "cat /var/run/secrets/kubernetes.io/serviceaccount/token; echo"
    space.apply(
        account,
        pod(
            "several", shown, serviceAccountName="robot", volumes=[volume], container={"volumeMounts": mounts}
        ),
        pod("without", "ls /var/run/secrets 2>/dev/null | wc -l", automountServiceAccountToken=False),
        *(pod(f"quick-{number}", first) for number in range(6)),
    )
    names = ["several", "without", *(f"quick-{number}" for number in range(6))]
    space.wait("jsonpath={.status.phase}=Succeeded", *(f"pod/{name}" for name in names))
    assert space.kubectl("logs", "without").strip() == "0"
    for name in names[2:]:
        told = space.get("pod", name)
        bound = claims(space.kubectl("logs", name).strip())["kubernetes.io"]
        assert bound["pod"] == {"name": name, "uid": told["metadata"]["uid"]}
        assert bound["node"]["name"] == told["spec"]["nodeName"]
        assert bound["namespace"] == space.name

    *tokens, mode = space.kubectl("logs", "several").split()
    assert mode == "440"
    audiences = [claims(token)["aud"] for token in tokens]
    assert audiences[1:] == [["vault"], ["vault"]]
    assert audiences[0] != ["vault"]
    assert len(set(tokens)) == 3
    assert review(space, tokens[1])["user"]["username"] == f"system:serviceaccount:{space.name}:robot"
    lives = claims(tokens[1])
    assert lives["exp"] - lives["iat"] == 600

    # A token is worth nothing once its pod is gone, and nothing of it stays on the host.
    space.kubectl("delete", "pod", *names)
    eventually(lambda: not pod_tokens(space))
    eventually(lambda: not review(space, tokens[1]).get("authenticated"))  # known for ten seconds more


def review(space: Space, token: str) -> Object:
    """What the API server thinks of a token."""
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
    body = json.dumps({**kind, "spec": {"token": token, "audiences": ["vault"]}})
    said = json.loads(space.kubectl("create", "--filename", "-", "--output", "json", stdin=body))
    status: Object = said["status"]
    return status


def pod_tokens(space: Space) -> list[str]:
    """The Secrets with tokens that the host has for this namespace."""
    mine = ("--namespace", space.cluster.namespace, "--selector", f"vcli.dev/namespace={space.name}")
    found = space.host.get("secrets", *mine)["items"]
    return [each for each in found if each["metadata"]["annotations"].get("vcli.dev/kind") == "PodTokens"]
