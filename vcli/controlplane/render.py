"""Values and facts to the objects on the host. Pure: nothing is asked, nothing is changed."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from vcli.config.schema import Metadata, Values
from vcli.controlplane import addons, manifests, rights, stateful_set
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.certificates import Files
from vcli.controlplane.facts import Facts
from vcli.controlplane.kubeconfigs import kubeconfig
from vcli.controlplane.names import HOST_NAMESPACE_LABEL, Names
from vcli.kube.resources import Resource

Object = dict[str, Any]

API_PORT = 8443
HEALTH_PORT = 8080
_INSIDE = f"https://127.0.0.1:{API_PORT}"
_REDACTED = b"<redacted>"


def service(names: Names, values: Values) -> Object:
    """The Service that clients use: it is created first, and owns all the rest."""
    obj, _ = _services(names, values)
    return _finished(obj, names, values, owner=None)


def render(
    names: Names, values: Values, facts: Facts, *, files: Files, bundle: Bundle | None
) -> list[Object]:
    """Every object, in the order in which they depend on one another: the Service first, the pod's last.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host, and the Service.
        files: the PKI, from `certificates.issue` with the names of `sans`.
        bundle: the syncer's code; None when the values name an image that has it.
    """
    own_service, headless = _services(names, values)
    settings = json.dumps(_settings(names, values, facts, bundle), separators=(",", ":"), sort_keys=True)
    objects = [
        headless,
        *_rights(names, values, facts),
        _secret(names.certificates, _pki(files)),
        _secret(names.access, _access(files, values)),
        _secret(names.values, {"config.yaml": yaml.safe_dump(values.given, sort_keys=False).encode()}),
        _config_map(names.settings, data={"settings.json": settings}),
        *_bundle(names, bundle),
        stateful_set.render(
            names, values, facts, bundle=bundle, checksum=_checksum(settings.encode(), *_sorted(files))
        ),
    ]
    owner = {"apiVersion": "v1", "kind": "Service", "name": names.service, "uid": facts.service_uid}
    return [
        _finished(own_service, names, values, owner=None),
        *(_finished(obj, names, values, owner=owner) for obj in objects),
    ]


def sans(names: Names, values: Values, service_ips: Iterable[str]) -> Mapping[str, list[str]]:
    """The names and addresses that each serving certificate must have.

    Whoever connects is shown a certificate, tenants included. So those with the host namespace in their names
    have one of their own, which kube-apiserver shows only to who asks for such a name.
    """
    domain = values.networking.advanced.cluster_domain

    def of_service(name: str, namespace: str) -> list[str]:
        dotted = f"{name}.{namespace}"
        return [name, dotted, f"{dotted}.svc", f"{dotted}.svc.cluster.local"]

    kubernetes = [*of_service("kubernetes", "default"), f"kubernetes.default.svc.{domain}"]
    local = ["localhost", "127.0.0.1", "::1"]
    short, *dotted = of_service(names.service, names.namespace)
    # The same name inside: metrics.k8s.io, and the kubelets for a metrics-server.
    inside = of_service(names.headless, "kube-system")
    return {
        "apiserver": [short, *kubernetes, *local, *service_ips, *values.control_plane.proxy.extra_sans],
        "apiserver-host": dotted,
        "kubelet": [names.headless, f"*.{names.headless}", *inside, names.pod, *local],
    }


def redact(obj: Object) -> Object:
    """The object as it may be shown: a Secret without its content, a bundle without its bytes."""
    hidden = dict(obj)
    for key in ("data", "binaryData"):
        if key in obj and (obj["kind"] == "Secret" or key == "binaryData"):
            hidden[key] = dict.fromkeys(obj[key], base64.b64encode(_REDACTED).decode())
    return hidden


def _services(names: Names, values: Values) -> tuple[Object, Object]:
    own, headless = manifests.load("control-plane/services.yaml")
    own["metadata"]["name"], headless["metadata"]["name"] = names.service, names.headless
    for obj in (own, headless):
        obj["spec"]["selector"] = names.selector
    chosen = values.control_plane.service
    own["spec"]["type"] = chosen.spec.type
    if chosen.https_node_port:
        own["spec"]["ports"][0]["nodePort"] = chosen.https_node_port
    _decorate(own, chosen)
    return own, headless


def _rights(names: Names, values: Values, facts: Facts) -> list[Object]:
    account, workload, role, binding = rights.render(names, with_features=facts.features)
    advanced = values.control_plane.advanced
    for obj, chosen in ((account, advanced.service_account), (workload, advanced.workload_service_account)):
        _decorate(obj, chosen)
        if chosen.image_pull_secrets:
            obj["imagePullSecrets"] = list(chosen.image_pull_secrets)
    of_cluster = rights.render_of_cluster(names) if values.rbac.cluster_role.enabled is True else ()
    return [account, workload, role, binding, *of_cluster]


def _pki(files: Files) -> Files:
    """What goes into NAME-certs: all but the user's own key, and the controller manager's kubeconfig."""
    user = "kube-controller-manager"
    kept = {name: data for name, data in files.items() if not name.startswith("admin.")}
    kept[f"{user}.kubeconfig"] = kubeconfig(
        server=_INSIDE,
        authority=files["ca.crt"],
        certificate=files[f"{user}.crt"],
        key=files[f"{user}.key"],
        context="virtual",
        user=user,
    )
    return kept


def _access(files: Files, values: Values) -> Files:
    chosen = values.export_kube_config
    return {
        "config": kubeconfig(
            server=chosen.server or f"https://localhost:{API_PORT}",
            authority=files["ca.crt"],
            certificate=files["admin.crt"],
            key=files["admin.key"],
            context=chosen.context or "my-vcluster",
            user=chosen.context or "my-vcluster",
        ),
        "certificate-authority": files["ca.crt"],
        "client-certificate": files["admin.crt"],
        "client-key": files["admin.key"],
    }


def _settings(names: Names, values: Values, facts: Facts, bundle: Bundle | None) -> Object:
    rewrite = values.sync.to_host.pods.rewrite_hosts
    hosts_image = (
        rewrite.init_container.image.reference()
        or stateful_set.place(stateful_set.syncer_image(values, bundle), values).reference()
    )
    return {
        "cluster": names.cluster,
        "namespace": names.namespace,
        "service": names.service,
        "serviceUID": facts.service_uid,
        "serviceIP": facts.service_ips[0],
        "servicePort": 443,
        "headlessService": f"{names.headless}.{names.namespace}.svc",
        "workloadServiceAccount": names.workload_service_account,
        "clusterDomain": values.networking.advanced.cluster_domain,
        "virtualServer": _INSIDE,
        "pki": "/pki",
        "kubernetesVersion": values.control_plane.distro.k8s.version,
        "addons": addons.render(values, service_cidrs=facts.service_cidrs),
        "hostsImage": hosts_image if rewrite.enabled else "",
        "metrics": values.integrations.metrics_server.enabled,
        "healthPort": HEALTH_PORT,
        "defaultServiceAccountReady": True,
    }


def _bundle(names: Names, bundle: Bundle | None) -> list[Object]:
    if bundle is None:
        return []
    obj = _config_map(names.bundle(bundle.digest))
    return [{**obj, "immutable": True, "binaryData": {"vcli.zip": base64.b64encode(bundle.data).decode()}}]


def _secret(name: str, files: Files) -> Object:
    data = {key: base64.b64encode(value).decode() for key, value in sorted(files.items())}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "Opaque",
        "data": data,
    }


def _config_map(name: str, **content: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **content}


def _finished(obj: Object, names: Names, values: Values, *, owner: Object | None) -> Object:
    """Give an object what all of them have: namespace, labels, annotations, owner."""
    metadata = obj["metadata"]
    annotations = {
        **values.control_plane.advanced.global_metadata.annotations,
        **metadata.get("annotations", {}),
    }
    full: Object = {"name": metadata["name"], "labels": {**metadata.get("labels", {}), **names.labels}}
    if Resource.of(obj).namespaced:
        full["namespace"] = names.namespace
    else:
        full["labels"][HOST_NAMESPACE_LABEL] = names.namespace
    if annotations:
        full["annotations"] = annotations
    if owner is not None and owner["uid"] and "namespace" in full:
        full["ownerReferences"] = [owner]
    return {**obj, "metadata": full}


def _decorate(obj: Object, extra: Metadata) -> None:
    if extra.labels:
        obj["metadata"]["labels"] = extra.labels
    if extra.annotations:
        obj["metadata"]["annotations"] = extra.annotations


def _sorted(files: Files) -> list[bytes]:
    return [name.encode() + b"\0" + files[name] for name in sorted(files)]


def _checksum(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]
