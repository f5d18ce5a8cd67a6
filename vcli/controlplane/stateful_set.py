"""The StatefulSet: the manifest, with names, addresses and values filled in."""

from typing import Any

from vcli import __version__
from vcli.config.schema import Image, Values, VolumeClaim
from vcli.controlplane import manifests
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names

Object = dict[str, Any]

CHECKSUM = "vcli.dev/checksum"
VERSION = "vcli.dev/version"
"""Annotation: the vcli that made or upgraded it."""
RENEWED = "vcli.dev/certificates-renewed"
"""Annotation of the pod: when certificates were renewed that a running component does not read again."""
BUNDLE_FOLDER = "/bundle"


def render(
    names: Names, values: Values, facts: Facts, *, bundle: Bundle | None, checksum: str, renewed: str = ""
) -> Object:
    """The StatefulSet, without the labels and owner that all objects get.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host.
        bundle: the syncer's code; None when an image has it.
        checksum: of the settings, which the pod reads once only; another one restarts the pod.
        renewed: when certificates were renewed; another one restarts the pod.
    """
    (sts,) = manifests.load("control-plane/statefulset.yaml")
    chosen = values.control_plane.stateful_set
    spec, template = sts["spec"], sts["spec"]["template"]
    sts["metadata"] = {
        "name": names.stateful_set,
        "labels": chosen.labels,
        # On the object only, not on its pods: another version alone is no reason to restart them.
        "annotations": {**chosen.annotations, VERSION: __version__},
    }
    spec["serviceName"] = names.headless
    spec["selector"]["matchLabels"] = names.selector
    template["metadata"] = {
        # The selector's labels win: without them the StatefulSet would not find its pod.
        "labels": {**chosen.pods.labels, **names.labels},
        "annotations": {
            **chosen.pods.annotations,
            CHECKSUM: checksum,
            **({RENEWED: renewed} if renewed else {}),
        },
    }
    pod = template["spec"]
    pod["serviceAccountName"] = names.service_account
    _schedule(pod, values)
    _volumes(pod, names)
    _store(spec, names, chosen.persistence.volume_claim, facts.storage)
    containers = {container["name"]: container for container in pod["containers"]}
    _images(containers, values, bundle)
    _flags(containers, values)
    _syncer(pod, containers["syncer"], names, bundle)
    _resources(containers, values)
    _secure(pod, values)
    return sts


def wants_claim(claim: VolumeClaim, storage: Storage | None) -> bool:
    """Whether the data is kept on a volume claim."""
    return storage is not None if claim.enabled == "auto" else claim.enabled


def _schedule(pod: Object, values: Values) -> None:
    scheduling = values.control_plane.stateful_set.scheduling
    fields = {
        "nodeSelector": scheduling.node_selector,
        "affinity": scheduling.affinity,
        "tolerations": list(scheduling.tolerations),
        "topologySpreadConstraints": list(scheduling.topology_spread_constraints),
        "priorityClassName": scheduling.priority_class_name,
    }
    pod.update({key: value for key, value in fields.items() if value})


def _volumes(pod: Object, names: Names) -> None:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    volumes["pki"]["secret"]["secretName"] = names.certificates
    certificates, access = volumes["syncer-pki"]["projected"]["sources"]
    certificates["secret"]["name"], access["secret"]["name"] = names.certificates, names.access
    settings, facts = volumes["settings"]["projected"]["sources"]
    settings["configMap"]["name"], facts["configMap"]["name"] = names.settings, names.facts
    for container in pod["containers"]:
        for variable in container.get("env", ()):
            source = variable.get("valueFrom", {})
            if "configMapKeyRef" in source:
                source["configMapKeyRef"]["name"] = names.facts
            elif "secretKeyRef" in source:
                source["secretKeyRef"]["name"] = names.certificates


def _store(spec: Object, names: Names, claim: VolumeClaim, storage: Storage | None) -> None:
    pod = spec["template"]["spec"]
    etcd = next(container for container in pod["containers"] if container["name"] == "etcd")
    spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] = claim.retention_policy
    if not wants_claim(claim, storage):
        pod["volumes"].append({"name": "data", "emptyDir": {}})
        if claim.enabled is False:
            # The data ends with the pod anyway: no use to wait for the disk at every write.
            etcd["command"].append("--unsafe-no-fsync")
        return
    wanted: Object = {
        "accessModes": list(claim.access_modes),
        "resources": {"requests": {"storage": claim.size}},
        "volumeMode": "Filesystem",
    }
    if claim.storage_class:
        wanted["storageClassName"] = claim.storage_class
    spec["volumeClaimTemplates"] = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", "labels": names.labels},
            "spec": wanted,
            # These and the volume mode are defaults: written out, as tools compare this list as a whole.
            "status": {"phase": "Pending"},
        }
    ]


def _images(containers: dict[str, Object], values: Values, bundle: Bundle | None) -> None:
    plane = values.control_plane
    k8s = plane.distro.k8s
    chosen: list[tuple[str, Image, str, str]] = [
        ("etcd", plane.backing_store.etcd.embedded.image, "", k8s.image_pull_policy),
        ("kube-apiserver", k8s.api_server.image, k8s.version, k8s.image_pull_policy),
        ("kube-controller-manager", k8s.controller_manager.image, k8s.version, k8s.image_pull_policy),
        ("syncer", syncer_image(values, bundle), "", plane.stateful_set.image_pull_policy),
    ]
    for name, image, tag, policy in chosen:
        containers[name]["image"] = place(image, values).reference(tag)
        if policy:
            containers[name]["imagePullPolicy"] = policy


def syncer_image(values: Values, bundle: Bundle | None) -> Image:
    """The image of the syncer's container: the one that was named, or Python itself for the bundle."""
    if bundle is None:
        return values.control_plane.stateful_set.image
    return Image(registry="docker.io", repository="library/python", tag=f"{bundle.python}-slim")


def place(image: Image, values: Values) -> Image:
    """The image in the mirror that the values name, if they do."""
    mirror = values.control_plane.advanced.default_image_registry.rstrip("/")
    return Image(registry=mirror, repository=image.repository, tag=image.tag) if mirror else image


def _flags(containers: dict[str, Object], values: Values) -> None:
    issuer = f"https://kubernetes.default.svc.{values.networking.advanced.cluster_domain}"
    plane = values.control_plane
    containers["kube-apiserver"]["command"] += [
        f"--service-account-issuer={issuer}",
        # By default it names the pod's own address, which no certificate has.
        f"--service-account-jwks-uri={issuer}/openid/v1/jwks",
        *plane.distro.k8s.api_server.extra_args,
    ]
    containers["kube-controller-manager"]["command"] += plane.distro.k8s.controller_manager.extra_args
    containers["etcd"]["command"] += plane.backing_store.etcd.embedded.extra_args


def _syncer(pod: Object, container: Object, names: Names, bundle: Bundle | None) -> None:
    if bundle is None:
        return
    python, _, *rest = container["command"]
    # -S: nothing outside the bundle and the standard library is wanted from the image.
    container["command"] = [python, "-S", f"{BUNDLE_FOLDER}/boot.py", *rest]
    container["volumeMounts"].append({"name": "bundle", "mountPath": BUNDLE_FOLDER, "readOnly": True})
    sources = [
        {"configMap": {"name": names.bundle(bundle.digest, part)}} for part, _ in enumerate(bundle.parts)
    ]
    pod["volumes"].append({"name": "bundle", "projected": {"sources": sources}})


def _resources(containers: dict[str, Object], values: Values) -> None:
    plane = values.control_plane
    for name, resources in (
        ("etcd", plane.backing_store.etcd.embedded.resources),
        ("kube-apiserver", plane.distro.k8s.api_server.resources),
        ("kube-controller-manager", plane.distro.k8s.controller_manager.resources),
        ("syncer", plane.stateful_set.resources),
    ):
        if resources:
            containers[name]["resources"] = resources


def _secure(pod: Object, values: Values) -> None:
    security = values.control_plane.stateful_set.security
    if security.pod_security_context:
        pod["securityContext"] = security.pod_security_context
    if security.container_security_context:
        for container in pod["containers"]:
            container["securityContext"] = security.container_security_context
