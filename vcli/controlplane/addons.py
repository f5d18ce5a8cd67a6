"""What is inside the virtual cluster from the start: CoreDNS, and what its first pod needs."""

from typing import Final

from vcli.config.schema import Metadata, Values
from vcli.controlplane import manifests, policies
from vcli.controlplane.images import place
from vcli.kube.types import Object, ObjectMeta, annotations, labels

_PODS: Final = "        pods insecure\n"


def render(values: Values) -> list[Object]:
    """The objects that the syncer applies in the virtual cluster, in order."""
    account = manifests.load("addons/default-account.yaml")
    if not values.control_plane.coredns.enabled:
        return account
    return [*account, *_coredns(values)]


def _coredns(values: Values) -> list[Object]:
    objects = manifests.load("addons/coredns.yaml")
    by_kind = {obj["kind"]: obj for obj in objects}
    _config(by_kind["ConfigMap"], values)
    _deployment(by_kind["Deployment"], values)
    _decorate(by_kind["Service"], values.control_plane.coredns.service)
    return objects


def _config(config_map: Object, values: Values) -> None:
    data, whole = config_map["data"], values.control_plane.coredns.overwrite_config
    domain = values.networking.advanced.cluster_domain
    own = data["Corefile"].replace(" cluster.local ", f" {domain} ")
    if values.networking.advanced.fallback_host_cluster:
        # What is not found falls through; where to in the host's domain is known to the syncer.
        own = own.replace(_PODS, f"        fallthrough {domain}\n{_PODS}")
    data["Corefile"] = whole or policies.corefile(own, values)


def _deployment(deployment: Object, values: Values) -> None:
    chosen = values.control_plane.coredns.deployment
    _decorate(deployment, chosen)
    deployment["spec"]["replicas"] = chosen.replicas
    pod = deployment["spec"]["template"]["spec"]
    fields = {
        "nodeSelector": chosen.node_selector,
        "affinity": chosen.affinity,
        "tolerations": list(chosen.tolerations),
    }
    pod.update({key: value for key, value in fields.items() if value})
    (container,) = pod["containers"]
    container["image"] = place(chosen.image, values).reference()
    if chosen.resources:
        container["resources"] = chosen.resources


def _decorate(obj: Object, extra: Metadata) -> None:
    metadata: ObjectMeta = obj["metadata"]
    if extra.labels:
        metadata["labels"] = {**extra.labels, **labels(obj)}
    if extra.annotations:
        metadata["annotations"] = {**extra.annotations, **annotations(obj)}
