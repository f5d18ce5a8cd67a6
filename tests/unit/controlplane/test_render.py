"""Values and facts to objects: names, owners, what the pod may and may not."""

import base64
import json
import re
from dataclasses import replace

import pytest
import yaml
from controlplane_builders import BUNDLE, FACTS, FILES, NAMES, container_of, find, pod_of, rendered
from hypothesis import given
from hypothesis import strategies as st

from vcli.config import load
from vcli.controlplane import manifests, render
from vcli.controlplane.facts import Storage
from vcli.controlplane.names import LONGEST_NAME, Names, check_name
from vcli.errors import UsageError
from vcli.kube.resources import Resource


def text_of(obj, key):
    return base64.b64decode(obj["data"][key]).decode()


def test_the_objects_and_their_names():
    found = {(obj["kind"], obj["metadata"]["name"]) for obj in rendered()}
    assert found == {
        ("Service", "demo"),
        ("Service", "demo-headless"),
        ("ServiceAccount", "vc-demo"),
        ("ServiceAccount", "vc-workload-demo"),
        ("Role", "vc-demo"),
        ("RoleBinding", "vc-demo"),
        ("Secret", "demo-certs"),
        ("Secret", "vc-demo"),
        ("Secret", "vc-config-demo"),
        ("ConfigMap", "vc-syncer-demo"),
        ("ConfigMap", "vc-bundle-0123456789-demo"),
        ("StatefulSet", "demo"),
    }


def test_everything_is_labelled_owned_and_in_the_namespace():
    for obj in rendered():
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


def test_the_syncer_has_no_key_of_a_ca():
    pod = pod_of(rendered())
    mounts = {
        mount["mountPath"]: mount["name"] for mount in container_of(rendered(), "syncer")["volumeMounts"]
    }
    (volume,) = [each for each in pod["volumes"] if each["name"] == mounts["/pki"]]
    keys = {item["key"] for item in volume["secret"]["items"]}
    assert keys == {
        "ca.crt",
        "front-proxy-ca.crt",
        "syncer.crt",
        "syncer.key",
        "kubelet.crt",
        "kubelet.key",
    }


def test_what_is_mounted_is_there():
    objects = rendered()
    pki = find(objects, "Secret", "demo-certs")["data"]
    for volume in pod_of(objects)["volumes"]:
        for item in volume.get("secret", {}).get("items", ()):
            assert item["key"] in pki
    for container in pod_of(objects)["containers"]:
        for word in container.get("command", ()):
            for file in re.findall(r"/pki/([\w.-]+)", word):
                assert file in pki, word


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


def test_only_etcd_is_root_and_only_where_it_must():
    objects = rendered(facts=replace(FACTS, storage=Storage.of("std", provisioner="kubernetes.io/host-path")))
    roots = [each["name"] for each in pod_of(objects)["containers"] if "runAsUser" in each["securityContext"]]
    assert roots == ["etcd"]
    csi = replace(FACTS, storage=Storage.of("std", provisioner="ebs.csi.aws.com"))
    assert container_of(rendered(facts=csi), "etcd") == container_of(rendered(), "etcd")


def test_settings():
    settings = json.loads(find(rendered(), "ConfigMap", "vc-syncer-demo")["data"]["settings.json"])
    addons = settings.pop("addons")
    assert settings == {
        "cluster": "demo",
        "namespace": "team-a",
        "service": "demo",
        "serviceUID": "uid-of-service",
        "serviceIP": "10.96.3.4",
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
        "serviceCIDRs": ["10.96.0.0/16"],
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
        rendered(
            "networking.advanced.clusterDomain=corp.example",
            facts=replace(FACTS, service_cidrs=("34.118.224.0/20",)),
        ),
        "ConfigMap",
        "vc-syncer-demo",
    )["data"]["settings.json"]
    [config] = [each for each in json.loads(settings)["addons"] if each["kind"] == "ConfigMap"]
    assert " kubernetes corp.example 34.118.224.0/20 10.0.0.0/8 " in config["data"]["Corefile"]


def test_the_kubeconfig_that_others_look_for():
    secret = find(rendered(), "Secret", "vc-demo")
    assert set(secret["data"]) == {"config", "certificate-authority", "client-certificate", "client-key"}
    config = yaml.safe_load(text_of(secret, "config"))
    assert config["clusters"][0]["cluster"]["server"] == "https://localhost:8443"
    assert text_of(secret, "certificate-authority").encode() == FILES["ca.crt"]
    assert base64.b64decode(config["users"][0]["user"]["client-key-data"]) == FILES["admin.key"]
    assert "admin.key" not in find(rendered(), "Secret", "demo-certs")["data"]


def test_values_are_kept_as_they_were_given():
    secret = find(rendered("controlPlane.coredns.enabled=false"), "Secret", "vc-config-demo")
    assert yaml.safe_load(text_of(secret, "config.yaml")) == {"controlPlane": {"coredns": {"enabled": False}}}


def checksum(objects):
    metadata = find(objects, "StatefulSet", "demo")["spec"]["template"]["metadata"]
    return metadata["annotations"]["vcli.dev/checksum"]


def test_the_api_server_finds_its_kubelets_without_the_hosts_dns():
    assert pod_of(rendered())["hostAliases"] == [{"ip": "127.0.0.1", "hostnames": ["demo-headless"]}]


def test_what_the_pod_reads_once_restarts_it():
    assert checksum(rendered()) == checksum(rendered())
    assert checksum(rendered()) != checksum(rendered("controlPlane.coredns.deployment.replicas=2"))
    other = render.render(NAMES, load(), FACTS, files=FILES | {"ca.crt": b"other"}, bundle=BUNDLE)
    assert checksum(rendered()) != checksum(other)


def volume_of(objects):
    return next((each for each in pod_of(objects)["volumes"] if each["name"] == "data"), None)


def test_storage():
    spec = find(rendered(), "StatefulSet", "demo")["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
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


def test_the_syncer_from_a_bundle():
    container = container_of(rendered(), "syncer")
    assert container["image"] == "docker.io/library/python:3.11-slim"
    assert {"name": "PYTHONPATH", "value": "/bundle/vcli.zip"} in container["env"]
    bundle = find(rendered(), "ConfigMap", "vc-bundle-0123456789-demo")
    assert bundle["immutable"] is True
    assert base64.b64decode(bundle["binaryData"]["vcli.zip"]) == b"zip"


def test_the_syncer_from_an_image():
    objects = rendered("controlPlane.statefulSet.image=ghcr.io/me/syncer:1", bundle=None)
    container = container_of(objects, "syncer")
    assert container["image"] == "ghcr.io/me/syncer:1"
    assert container["command"] == ["python", "-m", "vcli.syncer", "--settings", "/etc/vcli/settings.json"]
    assert not any(each["name"].startswith("vc-bundle-") for each in pod_of(objects)["volumes"])
    assert not any(obj["metadata"]["name"].startswith("vc-bundle-") for obj in objects)


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
    assert "--service-cluster-ip-range=10.96.0.0/16" in command
    assert "--service-account-issuer=https://kubernetes.default.svc.cluster.local" in command
    assert command[-1] == "--v=4"
    dual = replace(FACTS, service_cidrs=("10.96.0.0/16", "fd00::/108"))
    command = container_of(rendered(facts=dual), "kube-apiserver")["command"]
    assert "--service-cluster-ip-range=10.96.0.0/16,fd00::/108" in command


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
    assert role["rules"] == [{"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get"]}]
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


def test_a_shown_object_has_no_secret():
    text = manifests.dump([render.redact(obj) for obj in rendered()])
    shown = list(yaml.safe_load_all(text))
    assert len(shown) == len(rendered())
    for name, data in FILES.items():
        if name.endswith(".key"):
            assert base64.b64encode(data).decode() not in text
            assert data.decode().splitlines()[1] not in text


def test_manifests_have_only_what_code_replaces_or_keeps():
    assert "demo" not in json.dumps(
        render.render(Names("other", "ns"), load(), FACTS, files=FILES, bundle=BUNDLE)
    )


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
