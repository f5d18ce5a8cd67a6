"""Values that are right one by one and don't go together, or that this version can't do."""

import ipaddress
import re
from dataclasses import replace

from vcli.catalog import SYNCED
from vcli.catalog.kind import SyncedKind
from vcli.config import inside
from vcli.config.checks_controllers import check_controllers
from vcli.config.checks_custom import check_custom
from vcli.config.checks_distros import check_distro
from vcli.config.checks_exposure import check_exposure
from vcli.config.checks_ha import check_high_availability
from vcli.config.checks_mappings import check_mappings
from vcli.config.checks_networking import check_networking
from vcli.config.checks_pods import check_pods
from vcli.config.checks_policies import check_policies
from vcli.config.checks_rbac import check_rbac
from vcli.config.checks_sleep import check_sleep
from vcli.config.checks_stores import check_stores
from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.config.schema import Scheduler, Values
from vcli.config.schema_kinds import by_name_of, nodes_of, selector_of, switch_of
from vcli.config.schema_selector import LABEL_KEY, LABEL_VALUE, Selector

_NODES = next(kind for kind in SYNCED if kind.path == "fromHost.nodes")
_STORAGE_CLASSES = next(kind for kind in SYNCED if kind.path == "fromHost.storageClasses")


def check(values: Values, document: Document) -> Values:
    """Complain, and write the Kubernetes version in full.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    plane = values.control_plane
    distro = check_distro(plane, document)
    check_controllers(plane, document)
    check_stores(values, document)
    check_high_availability(values, document)
    check_pods(values, document)
    check_exposure(values, document)
    _check_ranges(values, document)
    _check_nodes(values, document)
    _check_kinds(values, document)
    _check_exports(values, document)
    check_networking(values, document)
    _check_scheduler(values, document)
    check_custom(values, document)
    check_policies(values, document)
    check_sleep(values, document)
    check_rbac(values, document)
    _check_manifests(values, document)
    return replace(values, control_plane=replace(plane, distro=distro))


def _check_manifests(values: Values, document: Document) -> None:
    try:
        inside.objects(values.experimental.deploy.vcluster.manifests)
    except ValueError as error:
        raise fail(document, ("experimental", "deploy", "vcluster", "manifests"), f"{error}") from error


def _check_ranges(values: Values, document: Document) -> None:
    for text in values.sync.to_host.services.external_ips.allowed_cidrs:
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise fail(
                document,
                ("sync", "toHost", "services", "externalIPs", "allowedCIDRs"),
                f"{error}",
                hint="write a range as 203.0.113.0/24, a single address as 203.0.113.7/32",
            ) from error


def _check_nodes(values: Values, document: Document) -> None:
    nodes, keys = nodes_of(values.sync.from_host), ("sync", "fromHost", "nodes")
    selector, is_on = nodes.selector, switch_of(values.sync.from_host, _NODES)
    of_no_use = {
        "selector": selector.all or selector.labels,
        "clearImageStatus": not nodes.clear_image_status,
        "syncBackChanges": nodes.sync_back_changes,
    }
    for key, given in of_no_use.items():
        if given and not is_on:
            hint = "set sync.fromHost.nodes.enabled to true"
            if key == "selector" and selector.labels:
                hint += ": then pods run on such Nodes alone"
            raise fail(document, (*keys, key), "of no use while Nodes are not synced", hint=hint)
    if selector.all and selector.labels:
        raise fail(document, (*keys, "selector", "all"), "all Nodes, or those with labels: not both")
    for key, value in selector.labels.items():
        if not re.fullmatch(LABEL_KEY, key) or not re.fullmatch(LABEL_VALUE, value):
            raise fail(document, (*keys, "selector", "labels", key), f"{key}={value} is no label of a Node")


def _check_exports(values: Values, document: Document) -> None:
    exported = values.export_kube_config
    if exported.secret.namespace and not exported.secret.name:
        raise fail(document, ("exportKubeConfig", "secret", "namespace"), "of no use without secret.name")
    if exported.secret.name and exported.additional_secrets:
        hint = "name all of them in additionalSecrets"
        raise fail(document, ("exportKubeConfig", "secret"), "not together with additionalSecrets", hint=hint)
    names: set[tuple[str, str]] = set()
    for index, each in enumerate(exported.additional_secrets):
        place = ("exportKubeConfig", "additionalSecrets", index)
        if (each.namespace, each.name) in names:
            raise fail(document, (*place, "name"), f"{each.name} is the name of another one")
        names.add((each.namespace, each.name))
        account = each.service_account
        if (account.namespace or account.cluster_role) and not account.name:
            raise fail(document, (*place, "serviceAccount"), "of no use without a name")


def _check_kinds(values: Values, document: Document) -> None:
    for kind in SYNCED:
        if kind.selectable:
            keys: Keys = ("sync", *kind.path.split("."), "selector")
            _check_selector(selector_of(values.sync.from_host, kind), keys, document)
        if kind.mapped:
            _check_mapped(values, kind, document)
    for name, custom in values.sync.from_host.custom_resources.items():
        keys = ("sync", "fromHost", "customResources", name, "selector")
        _check_selector(custom.selector, keys, document)


def _check_scheduler(values: Values, document: Document) -> None:
    keys = ("controlPlane", "distro", "k8s", "scheduler")
    enabled = ".".join((*keys, "enabled"))
    scheduler, from_host = values.control_plane.distro.k8s.scheduler, values.sync.from_host
    if not scheduler.enabled:
        if scheduler != Scheduler():
            raise fail(document, keys, "of no use while the host schedules", hint=f"set {enabled} to true")
        return
    if not switch_of(from_host, _NODES):
        raise fail(
            document,
            (*keys, "enabled"),
            "a scheduler inside needs the host's nodes, and sync.fromHost.nodes.enabled is false",
            hint="set sync.fromHost.nodes.enabled to true",
        )
    if switch_of(from_host, _STORAGE_CLASSES) is False:
        raise fail(
            document,
            ("sync", "fromHost", "storageClasses", "enabled"),
            f"a scheduler inside needs them, and {enabled} is true",
            hint="leave it at auto, or set it to true",
        )


def _check_selector(selector: Selector, keys: Keys, document: Document) -> None:
    for key, value in selector.match_labels.items():
        place = (*keys, "matchLabels", key)
        if not re.fullmatch(LABEL_KEY, key):
            raise fail(document, place, f"{key!r} is not a label key, such as example.com/tier")
        if not re.fullmatch(LABEL_VALUE, value):
            raise fail(document, place, f"{value!r} is not a label's value")
    for index, each in enumerate(selector.match_expressions):
        place = (*keys, "matchExpressions", index, "values")
        if bool(each.values) != (each.operator in ("In", "NotIn")):
            wanted = "must be given" if not each.values else "must be empty"
            raise fail(document, place, f"{wanted} for {each.operator}")
        if wrong := [value for value in each.values if not re.fullmatch(LABEL_VALUE, value)]:
            raise fail(document, place, f"{wrong[0]!r} is not a label's value")


def _check_mapped(values: Values, kind: SyncedKind, document: Document) -> None:
    section, by_name = ("sync", *kind.path.split(".")), by_name_of(values.sync.from_host, kind)
    place, is_on = (*section, "mappings", "byName"), switch_of(values.sync.from_host, kind)
    if is_on and not by_name:
        hint = f"name objects of the host in {'.'.join(place)}"
        raise fail(document, (*section, "enabled"), "of no use while no object is named", hint=hint)
    if by_name and not is_on:
        raise fail(document, place, "of no use while it is off", hint=f"set {kind.switch} to true")
    check_mappings(by_name, place, document)
