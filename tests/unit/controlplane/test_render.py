"""Values and facts to objects: names, owners, what the pod may and may not."""

import json
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
)
from hypothesis import given
from hypothesis import strategies as st

from vcli.bootstrap import layout, pki
from vcli.bootstrap.facts import config_map
from vcli.bootstrap.spec import Spec
from vcli.catalog import SYNCED
from vcli.config import load
from vcli.controlplane import manifests, render
from vcli.controlplane.names import LONGEST_NAME, Names, check_name
from vcli.errors import UsageError
from vcli.kube.resources import Resource


def test_the_objects_and_their_names():
    found = {(obj["kind"], obj["metadata"]["name"]) for obj in rendered()}
    assert found == {
        ("Service", "demo"),
        ("Service", "demo-headless"),
        ("ServiceAccount", "vc-demo"),
        ("ServiceAccount", "vc-workload-demo"),
        ("Role", "vc-demo"),
        ("RoleBinding", "vc-demo"),
        ("ConfigMap", "vc-config-demo"),
        ("ConfigMap", "vc-syncer-demo"),
        ("ConfigMap", "vc-bundle-0123456789-0-demo"),
        ("StatefulSet", "demo"),
    }


def test_everything_is_labelled_owned_and_in_the_namespace():
    for obj in [*rendered(owner="uid-of-service"), *KEYS]:
        metadata = obj["metadata"]
        assert metadata["namespace"] == "team-a"
        assert (
            metadata["labels"].items()
            >= {
                "app": "vcluster",
                "release": "demo",
                "vcli.dev/cluster": "demo",
            }.items()
        )
        owners = [(each["kind"], each["name"], each["uid"]) for each in metadata.get("ownerReferences", ())]
        is_owner = (obj["kind"], metadata["name"]) == ("Service", "demo")
        assert owners == ([] if is_owner else [("Service", "demo", "uid-of-service")])


def test_where_the_service_has_no_uid_yet_nothing_is_owned():
    assert not [obj for obj in rendered() if "ownerReferences" in obj["metadata"]]


def test_the_service_is_the_same_before_and_after_it_has_an_address():
    assert render.service(NAMES, load()) == rendered()[0]


def test_rendering_is_pure():
    first = rendered("controlPlane.statefulSet.pods.labels.a=b")
    assert rendered("controlPlane.statefulSet.pods.labels.a=b") == first
    assert rendered() != first


def test_every_kind_is_one_the_client_knows():
    for obj in rendered():
        Resource.of(obj)


def test_no_credentials_of_the_host_but_for_the_syncer():
    pod = pod_of(rendered())
    assert pod["automountServiceAccountToken"] is False
    token = "/var/run/secrets/kubernetes.io/serviceaccount"
    holders = [
        each["name"]
        for each in pod["containers"]
        if any(mount["mountPath"] == token for mount in each["volumeMounts"])
    ]
    assert holders == ["syncer"]


def test_no_container_has_more_than_the_restricted_profile_allows():
    pod = pod_of(rendered())
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"]["drop"] == ["ALL"]
        assert set(security["capabilities"].get("add", ())) <= {"NET_BIND_SERVICE"}
        assert "runAsUser" not in security


def test_settings():
    settings = json.loads(find(rendered(), "ConfigMap", "vc-syncer-demo")["data"]["settings.json"])
    addons = settings.pop("addons")
    assert Spec.load(settings.pop("keys")) == SPEC
    assert settings == {
        "cluster": "demo",
        "namespace": "team-a",
        "service": "demo",
        "servicePort": 443,
        "headlessService": "demo-headless.team-a.svc",
        "workloadServiceAccount": "vc-workload-demo",
        "clusterDomain": "cluster.local",
        "virtualServer": "https://127.0.0.1:8443",
        "pki": "/pki",
        "kubernetesVersion": "v1.36.3",
        "hostsImage": "docker.io/library/python:3.11-slim",
        "metrics": True,
        "healthPort": 8080,
        "externalIPRanges": [],
        "defaultServiceAccountReady": True,
    }
    assert [addon["kind"] for addon in addons] == [
        "ServiceAccount",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "Service",
        "Deployment",
    ]


def test_dns_answers_for_its_domain_and_the_addresses_of_services():
    settings = find(
        rendered("networking.advanced.clusterDomain=corp.example"), "ConfigMap", "vc-syncer-demo"
    )["data"]["settings.json"]
    [config] = [each for each in json.loads(settings)["addons"] if each["kind"] == "ConfigMap"]
    assert " kubernetes corp.example SERVICE_CIDRS 10.0.0.0/8 " in config["data"]["Corefile"]


def test_values_are_kept_as_they_were_given():
    kept = find(rendered("controlPlane.coredns.enabled=false"), "ConfigMap", "vc-config-demo")
    assert yaml.safe_load(kept["data"]["config.yaml"]) == {"controlPlane": {"coredns": {"enabled": False}}}


def checksum(objects):
    metadata = find(objects, "StatefulSet", "demo")["spec"]["template"]["metadata"]
    return metadata["annotations"]["vcli.dev/checksum"]


def test_what_the_pod_reads_once_restarts_it():
    assert checksum(rendered()) == checksum(rendered())
    assert checksum(rendered()) != checksum(rendered("controlPlane.coredns.deployment.replicas=2"))


def volume_of(objects):
    return next((each for each in pod_of(objects)["volumes"] if each["name"] == "data"), None)


def test_storage():
    spec = find(rendered(), "StatefulSet", "demo")["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
        "volumeMode": "Filesystem",
    }
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Retain"}
    assert volume_of(rendered()) is None
    assert "--unsafe-no-fsync" not in container_of(rendered(), "etcd")["command"]


def test_without_a_class_the_data_is_in_the_pod_and_still_synced_to_disk():
    objects = rendered(facts=replace(FACTS, storage=None))
    assert volume_of(objects) == {"name": "data", "emptyDir": {}}
    assert "volumeClaimTemplates" not in find(objects, "StatefulSet", "demo")["spec"]
    assert "--unsafe-no-fsync" not in container_of(objects, "etcd")["command"]


def test_ephemeral():
    objects = rendered("controlPlane.statefulSet.persistence.volumeClaim.enabled=false")
    assert volume_of(objects) == {"name": "data", "emptyDir": {}}
    assert "--unsafe-no-fsync" in container_of(objects, "etcd")["command"]


def test_a_class_by_name():
    objects = rendered("controlPlane.statefulSet.persistence.volumeClaim.storageClass=fast")
    (claim,) = find(objects, "StatefulSet", "demo")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "fast"


def test_a_mirror_has_every_image():
    objects = rendered("controlPlane.advanced.defaultImageRegistry=mirror.example.org/k8s")
    images = [each["image"] for each in pod_of(objects)["containers"]]
    settings = json.loads(find(objects, "ConfigMap", "vc-syncer-demo")["data"]["settings.json"])
    (deployment,) = [addon for addon in settings["addons"] if addon["kind"] == "Deployment"]
    images.append(deployment["spec"]["template"]["spec"]["containers"][0]["image"])
    assert len(images) == 5
    assert all(image.startswith("mirror.example.org/k8s/") for image in images)


def test_flags_of_the_api_server():
    command = container_of(rendered("controlPlane.distro.k8s.apiServer.extraArgs={--v=4}"), "kube-apiserver")[
        "command"
    ]
    assert "--service-cluster-ip-range=$(SERVICE_CIDRS)" in command
    assert "--service-node-port-range=$(NODE_PORTS)" in command
    assert "--service-account-issuer=https://kubernetes.default.svc.cluster.local" in command
    assert command[-1] == "--v=4"


@pytest.mark.parametrize("missing", [frozenset(), frozenset({"debugging"})])
def test_rights_follow_those_that_can_be_given(missing):
    facts = replace(FACTS, features=FACTS.features - missing)
    rules = find(rendered(facts=facts), "Role", "vc-demo")["rules"]
    resources = {resource for rule in rules for resource in rule["resources"]}
    assert ("pods/ephemeralcontainers" in resources) is not bool(missing)
    assert "pods/resize" in resources


def test_rights_beyond_the_namespace_are_given_when_asked_for():
    assert not [obj for obj in rendered() if obj["kind"].startswith("Cluster")]
    objects = rendered("rbac.clusterRole.enabled=true")
    role, binding = (
        find(objects, kind, "vcli:team-a:demo") for kind in ("ClusterRole", "ClusterRoleBinding")
    )
    assert binding["roleRef"]["name"] == "vcli:team-a:demo"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "vc-demo", "namespace": "team-a"}]
    assert {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get"]} in role["rules"]
    on = [kind for kind in SYNCED if kind.is_on(kind.enabled, cluster_role=True)]
    assert role["rules"] == [rule.dump() for kind in on for rule in kind.cluster_rules]
    for obj in (role, binding):
        # By these labels delete finds them: what is in no namespace has no owner.
        assert not {"namespace", "ownerReferences"} & obj["metadata"].keys()
        wanted = {"vcli.dev/cluster": "demo", "vcli.dev/host-namespace": "team-a"}
        assert wanted.items() <= obj["metadata"]["labels"].items()


def test_no_right_is_a_wildcard():
    for rule in find(rendered(), "Role", "vc-demo")["rules"]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]


def test_labels_of_the_users_never_break_the_selector():
    objects = rendered("controlPlane.statefulSet.pods.labels.release=other")
    spec = find(objects, "StatefulSet", "demo")["spec"]
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_nothing_that_is_rendered_is_a_secret():
    objects = rendered()
    assert "Secret" not in [obj["kind"] for obj in objects]
    text = manifests.dump(objects)
    assert list(yaml.safe_load_all(text)) == objects
    assert "PRIVATE KEY" not in text


def test_manifests_have_only_what_code_replaces_or_keeps():
    names = Names("other", "ns")
    spec = render.spec(names, load())
    keys = [config_map(spec, HOST_FACTS), *layout.secrets(spec, FILES, owner="")]
    shown = [*render.render(names, load(), FACTS, bundle=BUNDLE), *keys]
    assert "demo" not in json.dumps(shown)
    assert not [name for names in pki.sans(spec, []).values() for name in names if "demo" in name]


NAME = st.from_regex(rf"[a-z]([-a-z0-9]{{0,{LONGEST_NAME - 2}}}[a-z0-9])?", fullmatch=True)


@given(NAME)
def test_every_name_that_passes_gives_names_that_fit(name):
    check_name(name)
    names = Names(name, f"vcluster-{name}")
    for label in (names.service, names.headless, names.namespace, f"{names.stateful_set}-5d4f8c7b9d"):
        assert len(label) <= 63


@pytest.mark.parametrize("name", ["", "1a", "A", "a_b", "a-", "-a", "a.b", "a" * 53])
def test_names_that_wont_do(name):
    with pytest.raises(UsageError):
        check_name(name)
