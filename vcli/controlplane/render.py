"""Values and facts to the objects on the host. Pure: nothing is asked, nothing is changed."""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from vcli import yaml
from vcli.bootstrap.layout import API_INSIDE
from vcli.bootstrap.spec import CONTEXT, Spec
from vcli.config import data_source, inside
from vcli.config.dump import dump as dump_values
from vcli.config.networking import check_host_namespace, networking
from vcli.config.schema import Metadata, Values
from vcli.config.schema_kinds import nodes_of
from vcli.config.synced import (
    custom_resources,
    differences,
    kinds_on,
    mappings,
    schedules_inside,
    selectors,
)
from vcli.contract.labels import HOST_NAMESPACE
from vcli.contract.settings import ETCD_INSIDE, Settings, dump
from vcli.controlplane import (
    addons,
    export_rights,
    exposure,
    high_availability,
    manifests,
    packing,
    policies,
    rights,
    rights_elsewhere,
    shares,
    sleep,
    syncer,
)
from vcli.controlplane.bundle import Bundle, boot_script
from vcli.controlplane.distros import distro_of
from vcli.controlplane.exports import exports
from vcli.controlplane.facts import Facts
from vcli.controlplane.images import place, syncer_image
from vcli.controlplane.names import Names
from vcli.controlplane.stores import embedded_etcd, external_database, external_etcd, own, sqlite
from vcli.kube.resources import SERVICEACCOUNTS, Resource
from vcli.kube.types import Object, ObjectMeta, OwnerReference, annotations, labels


def service(names: Names, values: Values) -> Object:
    """The Service that clients use: it is created first, and owns all the rest."""
    obj, _ = _services(names, values)
    return _finished(obj, names, values, owner=None)


def render(
    names: Names,
    values: Values,
    facts: Facts,
    *,
    bundle: Bundle | None,
    owner: str = "",
    more: Sequence[Object] = (),
    renewed: str = "",
) -> list[Object]:
    """Every object but keys, certificates and facts about the host's network.

    The one secret among them is where a database is, if the values say it.
    They are in the order in which they depend on one another: the Service first, the pod's last.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host.
        bundle: the syncer's code; None when the values name an image that has it.
        owner: uid of the Service, if it is known: then it owns all the rest.
        more: objects that the pod needs as well, put before its own.
        renewed: when certificates were renewed; another one restarts the pod.

    Raises:
        UsageError: the values name another host namespace where they may not.
    """
    check_host_namespace(values, names.namespace)
    own_service, headless = _services(names, values)
    settings = _json(_settings(names, values, bundle))
    objects = [
        headless,
        *exposure.ingress(names, values),
        *_rights(names, values, facts),
        *rights_elsewhere.render(names, values, facts),
        *export_rights.render(names, values, facts),
        _config_map(
            names.values,
            data={"config.yaml": _readable(values)},
        ),
        _config_map(names.settings, data={"settings.json": settings, **sleep.data(values)}),
        *external_database.secret(names, values),
        *_bundle(names, bundle),
        *policies.render(names, values, facts),
        *high_availability.budget(names, values),
    ]
    pod = workload(names, values, facts, bundle=bundle, checksum=_checksum(settings), renewed=renewed)
    owned: OwnerReference | None = None
    if owner:
        owned = {"apiVersion": "v1", "kind": "Service", "name": names.service, "uid": owner}
    return [
        _finished(own_service, names, values, owner=None),
        *(_finished(obj, names, values, owner=owned) for obj in objects),
        *more,
        _finished(pod, names, values, owner=owned),
    ]


def workload(
    names: Names, values: Values, facts: Facts, *, bundle: Bundle | None, checksum: str, renewed: str = ""
) -> Object:
    """What the components run in, without the labels and owner that all objects get.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host.
        bundle: the syncer's code; None when an image has it.
        checksum: of the settings; another one restarts the pod.
        renewed: when certificates were renewed; another one restarts the pod.
    """
    distro = distro_of(values)
    store = _store_of(values).store(names, values, facts)
    components = [
        *store.components,
        *distro.components(names, values, store),
        syncer.component(names, values, bundle),
    ]
    components = high_availability.adapted(names, values, components)
    components = sleep.adapted(names, values, components)
    components = shares.shared(values, components)
    components = policies.applied(names, values, components)
    return packing.one_pod(names, values, components, claims=store.claims, checksum=checksum, renewed=renewed)


def _store_of(values: Values) -> ModuleType:
    if distro_of(values).HAS_STORE:
        return own
    chosen = values.control_plane.backing_store
    if chosen.database.embedded.enabled:
        return sqlite
    if chosen.database.external.enabled:
        return external_database
    return external_etcd if chosen.etcd.external.enabled else embedded_etcd


def spec(names: Names, values: Values) -> Spec:
    """Which keys, certificates and facts the virtual cluster gets."""
    exported = values.export_kube_config
    return Spec(
        namespace=names.namespace,
        service=names.service,
        headless=names.headless,
        pod=names.pod,
        certificates=names.certificates,
        access=names.access,
        facts=names.facts,
        domain=values.networking.advanced.cluster_domain,
        extra_sans=(*values.control_plane.proxy.extra_sans, *exposure.names_of(values)),
        server=exported.server or exposure.server(values),
        context=exported.context or CONTEXT,
        insecure=exported.insecure,
        labels=names.labels,
        annotations=values.control_plane.advanced.global_metadata.annotations,
        members=values.control_plane.stateful_set.high_availability.replicas,
        service_cidrs=tuple(filter(None, values.networking.service_cidr.split(","))),
    )


def _services(names: Names, values: Values) -> tuple[Object, Object]:
    own, headless = manifests.load("control-plane/services.yaml")
    own["metadata"]["name"], headless["metadata"]["name"] = names.service, names.headless
    for obj in (own, headless):
        obj["spec"]["selector"] = names.selector
    chosen = values.control_plane.service
    own["spec"] |= {key: value for key, value in dump_values(chosen.spec).items() if value}
    if chosen.https_node_port:
        own["spec"]["ports"][0]["nodePort"] = chosen.https_node_port
    _decorate(own, chosen)
    return exposure.marked(own, values), headless


def _rights(names: Names, values: Values, facts: Facts) -> list[Object]:
    account, workload, role, binding = rights.render(names, values, with_features=facts.features)
    advanced = values.control_plane.advanced
    for obj, chosen in ((account, advanced.service_account), (workload, advanced.workload_service_account)):
        _decorate(obj, chosen)
        if chosen.image_pull_secrets:
            obj["imagePullSecrets"] = list(chosen.image_pull_secrets)
    return [account, workload, role, binding, *rights.render_of_cluster(names, values)]


def _settings(names: Names, values: Values, bundle: Bundle | None) -> Object:
    rewrite = values.sync.to_host.pods.rewrite_hosts
    hosts_image = (
        rewrite.init_container.image.reference() or place(syncer_image(values, bundle), values).reference()
    )
    nodes = nodes_of(values.sync.from_host)
    settings = Settings(
        cluster=names.cluster,
        namespace=names.namespace,
        service=names.service,
        headless_service=f"{names.headless}.{names.namespace}.svc",
        workload_service_account=names.workload_service_account,
        cluster_domain=values.networking.advanced.cluster_domain,
        virtual_server=API_INSIDE,
        pki=Path("/pki"),
        kubernetes_version=values.control_plane.distro.k8s.version,
        addons=addons.render(values),
        hosts_image=hosts_image if rewrite.enabled else "",
        etcd=ETCD_INSIDE if _store_of(values) is embedded_etcd else "",
        metrics=values.integrations.metrics_server.enabled,
        external_ip_ranges=list(values.sync.to_host.services.external_ips.allowed_cidrs),
        # A scheduler has to see nodes before it can use them.
        nodes="all" if nodes.selector.all or nodes.selector.labels or schedules_inside(values) else "used",
        node_labels=dict(nodes.selector.labels),
        node_images=not nodes.clear_image_status,
        node_changes=nodes.sync_back_changes,
        scheduler=schedules_inside(values),
        kinds=differences(values),
        selectors=selectors(values),
        mappings=mappings(values),
        exports=exports(names, values),
        networking=networking(values),
        custom_resources=custom_resources(values),
        isolated=bool(values.policies.enforced_standard),
        host_metadata=_host_metadata(values),
        workload_pull_secrets=_workload_pull_secrets(values),
        election=high_availability.election(values),
        sleep_after=values.sleep_mode.auto_sleep.seconds if values.sleep_mode.enabled else 0,
        manifests=inside.objects(values.experimental.deploy.vcluster.manifests),
    )
    return {**dump(settings), "keys": spec(names, values).dump()}


def _host_metadata(values: Values) -> Object:
    """What passes to the host beside what always does; empty where all does."""
    policy = values.policies.host_metadata
    if not policy.enabled:
        return {}
    return {"labels": list(policy.labels), "annotations": list(policy.annotations)}


def _workload_pull_secrets(values: Values) -> list[Object]:
    """What the ServiceAccount of all pods would bring, for pods that have one of their own."""
    have_own = any(kind.resource == SERVICEACCOUNTS for kind in kinds_on(values))
    return list(values.control_plane.advanced.workload_service_account.image_pull_secrets) if have_own else []


def _bundle(names: Names, bundle: Bundle | None) -> list[Object]:
    if bundle is None:
        return []
    objects = [
        _config_map(
            names.bundle(bundle.digest, number),
            immutable=True,
            binaryData={f"vcli.code.xz.{number:02}": base64.b64encode(part).decode()},
        )
        for number, part in enumerate(bundle.parts)
    ]
    objects[0]["data"] = {"boot.py": boot_script()}
    return objects


def _config_map(name: str, **content: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **content}


def _finished(obj: Object, names: Names, values: Values, *, owner: OwnerReference | None) -> Object:
    """Give an object what all of them have: namespace, labels, annotations, owner."""
    added = {**values.control_plane.advanced.global_metadata.annotations, **annotations(obj)}
    full: ObjectMeta = {"name": obj["metadata"]["name"], "labels": {**labels(obj), **names.labels}}
    if Resource.of(obj).namespaced:
        full["namespace"] = obj["metadata"].get("namespace", names.namespace)
    if full.get("namespace") != names.namespace:
        full["labels"][HOST_NAMESPACE] = names.namespace
    if added:
        full["annotations"] = added
    if owner is not None and full.get("namespace") == names.namespace:
        full["ownerReferences"] = [owner]
    return {**obj, "metadata": full}


def _decorate(obj: Object, extra: Metadata) -> None:
    if extra.labels:
        obj["metadata"]["labels"] = extra.labels
    if extra.annotations:
        obj["metadata"]["annotations"] = extra.annotations


def _readable(values: Values) -> str:
    """The values that were given, but for what is secret."""
    return yaml.dump(data_source.without(values.given), sort_keys=False, unicode=False, width=80)


def _json(data: Object) -> str:
    """JSON, byte for byte as Go writes it: Helm is to have the same checksum of it."""
    text = json.dumps(data, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
