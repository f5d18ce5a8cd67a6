"""What the pod mounts: keys and facts that it may have to make itself, and the syncer's code."""

import base64
import json
import random
import re
from dataclasses import replace

import pytest
import yaml
from controlplane_builders import (
    BUNDLE,
    FACTS,
    FILES,
    HOST_FACTS,
    KEYS,
    NAMES,
    SPEC,
    container_of,
    find,
    pod_of,
    rendered,
    text_of,
)

from vcli.bootstrap.facts import HostFacts, config_map
from vcli.bootstrap.issue import PUBLIC
from vcli.config import load
from vcli.controlplane import bundle as bundles
from vcli.controlplane import render
from vcli.controlplane.bundle import PART, Bundle

SCHEDULED = ("controlPlane.distro.k8s.scheduler.enabled=true", "sync.fromHost.nodes.enabled=true")


def test_the_syncer_has_no_key_of_a_ca():
    pod = pod_of(rendered())
    mounts = {
        mount["mountPath"]: mount["name"] for mount in container_of(rendered(), "syncer")["volumeMounts"]
    }
    (volume,) = [each for each in pod["volumes"] if each["name"] == mounts["/pki"]]
    paths = {
        item["path"] for source in volume["projected"]["sources"] for item in source["secret"].get("items")
    }
    assert {path for path in paths if path.endswith(".key")} == {"syncer.key", "kubelet.key"}
    assert paths - {"syncer.key", "kubelet.key"} == PUBLIC


def sources_of(objects):
    """What each volume takes from where: kind, name, keys (None: all), and whether it may be missing."""
    for volume in pod_of(objects)["volumes"]:
        for source in volume.get("projected", {}).get("sources", [volume]):
            for kind, name_key in (("secret", "name"), ("configMap", "name"), ("secret", "secretName")):
                if name_key in source.get(kind, {}):
                    part = source[kind]
                    keys = [item["key"] for item in part["items"]] if "items" in part else None
                    yield kind.lower(), part[name_key], keys, part.get("optional", False)


def test_what_is_mounted_is_there_and_optional_if_the_pod_makes_it():
    static = {(obj["kind"].lower(), obj["metadata"]["name"]): obj for obj in rendered()}
    made = {(obj["kind"].lower(), obj["metadata"]["name"]): obj for obj in KEYS}
    assert made.keys().isdisjoint(static)
    for kind, name, keys, optional in sources_of(rendered()):
        if name == "kube-root-ca.crt":
            continue
        assert optional is ((kind, name) in made)
        assert set(keys or ()) <= set({**static, **made}[kind, name]["data"])
    certificates = made["secret", "demo-certs"]["data"]
    for container in pod_of(rendered(*SCHEDULED))["containers"]:
        for word in container.get("command", ()):
            for file in re.findall(r"/pki/([\w.-]+)", word):
                assert file in certificates, word


@pytest.mark.parametrize("name", ["kube-apiserver", "kube-controller-manager", "kube-scheduler"])
def test_what_needs_keys_is_not_created_before_they_are_there(name: str):
    made = {obj["metadata"]["name"]: obj["data"] for obj in KEYS}
    waits_for = set()
    for variable in container_of(rendered(*SCHEDULED), name)["env"]:
        (reference,) = variable["valueFrom"].values()
        assert reference["key"] in made[reference["name"]]
        assert not reference.get("optional")
        waits_for.add(reference["name"])
    assert waits_for == {"demo-certs", "vc-facts-demo"}


@pytest.mark.parametrize("name", ["kube-controller-manager", "kube-scheduler"])
def test_a_component_reads_files_again_that_are_renewed(name: str):
    config = yaml.safe_load(text_of(KEYS[1], f"{name}.kubeconfig"))
    user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
    named = {*user.values(), cluster["certificate-authority"]}
    assert named == {f"{name}.crt", f"{name}.key", "ca.crt"}
    assert named <= KEYS[1]["data"].keys()


def test_the_kubeconfig_that_others_look_for():
    secret = find(KEYS, "Secret", "vc-demo")
    parts = {"certificate-authority", "client-certificate", "client-key"}
    assert set(secret["data"]) == {"config", "value", *parts}
    config = yaml.safe_load(text_of(secret, "config"))
    assert config["clusters"][0]["cluster"]["server"] == "https://localhost:8443"
    assert text_of(secret, "certificate-authority").encode() == FILES["ca.crt"]
    assert base64.b64decode(config["users"][0]["user"]["client-key-data"]) == FILES["admin.key"]
    assert "admin.key" not in find(KEYS, "Secret", "demo-certs")["data"]


def test_it_is_restarted_when_certificates_were_renewed():
    def annotations(renewed):
        objects = render.render(NAMES, load(), FACTS, bundle=BUNDLE, renewed=renewed)
        return find(objects, "StatefulSet", "demo")["spec"]["template"]["metadata"]["annotations"]

    assert annotations("2026-01-01T00:00:00Z") == {
        **annotations(""),
        "vcli.dev/certificates-renewed": "2026-01-01T00:00:00Z",
    }


def test_the_syncer_from_a_bundle():
    container = container_of(rendered(), "syncer")
    assert container["image"] == "docker.io/library/python:3.11-slim"
    assert container["command"][:4] == ["python", "-S", "/bundle/boot.py", "vcli.syncer"]
    bundle = find(rendered(), "ConfigMap", "vc-bundle-0123456789-0-demo")
    assert bundle["immutable"] is True
    assert base64.b64decode(bundle["binaryData"]["vcli.code.xz.00"]) == b"zip"


def test_a_bundle_of_several_parts():
    data = random.Random(1).randbytes(2 * PART + 1)  # noqa: S311
    objects = rendered(bundle=Bundle("0123456789", data, "3.11"))
    found = [obj for obj in objects if obj["metadata"]["name"].startswith("vc-bundle-")]
    mounted = [name for kind, name, _, _ in sources_of(objects) if name.startswith("vc-bundle-")]
    assert mounted == [obj["metadata"]["name"] for obj in found]
    assert len(set(mounted)) == 3
    parts = {key: text for obj in found for key, text in obj["binaryData"].items()}
    assert b"".join(base64.b64decode(parts[key]) for key in sorted(parts)) == data


def test_kubectl_can_keep_a_copy_of_each_object_in_an_annotation():
    values = load([], ["controlPlane.advanced.globalMetadata.annotations.a=b"])
    for obj in rendered(values=values, bundle=bundles.load()):
        assert len(json.dumps(obj)) < 256 * 1024 - 1024


def test_the_syncer_from_an_image():
    objects = rendered("controlPlane.statefulSet.image=ghcr.io/me/syncer:1", bundle=None)
    container = container_of(objects, "syncer")
    assert container["image"] == "ghcr.io/me/syncer:1"
    assert container["command"] == ["python", "-m", "vcli.syncer", "--settings", "/etc/vcli/settings.json"]
    assert not any(each["name"].startswith("vc-bundle-") for each in pod_of(objects)["volumes"])
    assert not any(obj["metadata"]["name"].startswith("vc-bundle-") for obj in objects)


def test_facts_of_a_host_with_two_ip_families():
    dual = replace(HOST_FACTS, service_cidrs=("10.96.0.0/16", "fd00::/108"))
    data = config_map(SPEC, dual)["data"]
    assert data["SERVICE_CIDRS"] == "10.96.0.0/16,fd00::/108"
    assert HostFacts.load(data) == dual
