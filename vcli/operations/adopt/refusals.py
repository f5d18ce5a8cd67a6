"""Why a virtual cluster can't be adopted: all reasons at once, and what may be done about each. Pure."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from vcli.bootstrap import certificate
from vcli.bootstrap.pki import RENEW_BEFORE
from vcli.config.known.asking import is_empty, is_off
from vcli.config.schema import Values
from vcli.errors import ConflictError
from vcli.invocation import vcli
from vcli.operations.adopt.marks import misnamed
from vcli.operations.adopt.peer import STORE, Peer
from vcli.operations.pause import keeps_data_in_pod
from vcli.operations.versions import check_step
from vcli.operations.workloads import is_paused, title

_SHOWN: Final = 5
_APART: Final = "create another virtual cluster and apply your manifests there"
_STORES: Final = {
    "etcd.embedded": "embedded etcd",
    "etcd.deploy": "an etcd in pods of its own",
    "etcd.external": "an etcd outside",
    "database.external": "a database outside",
}
_OFF: Final = {
    "controlPlane.distro.k3s.enabled": "it runs k3s",
    "controlPlane.distro.k0s.enabled": "it runs k0s",
    "controlPlane.standalone.enabled": "it is a standalone control plane",
    "privateNodes.enabled": "it has nodes of its own",
    "experimental.isolatedControlPlane.enabled": "its control plane is isolated from its pods",
    "experimental.multiNamespaceMode.enabled": "it syncs to several namespaces",
    "sync.toHost.namespaces.enabled": "it syncs to several namespaces",
    "sync.fromHost.nodes.enabled": "its nodes are the host's own, and would be taken for its tenant's",
    "experimental.syncSettings.disableSync": "it syncs nothing",
}
_EMPTY: Final = {
    "plugins": "it has plugins, which only that tool runs",
    "plugin": "it has plugins, which only that tool runs",
    "experimental.syncSettings.targetNamespace": "it syncs to another namespace",
    "controlPlane.backingStore.database.embedded.dataSource": "its database is not the usual SQLite file",
    "controlPlane.statefulSet.persistence.volumeClaimTemplates": "its volumes are not the usual ones",
    "controlPlane.statefulSet.persistence.dataVolume": "its volumes are not the usual ones",
    "controlPlane.distro.k8s.apiServer.command": "its API server is another program",
    "controlPlane.distro.k8s.controllerManager.command": "its controller manager is another program",
}


def refuse(peer: Peer, *, now: dt.datetime) -> None:
    """See that nothing stands in the way.

    Raises:
        ConflictError: something does; the message lists all of it.
    """
    found = list(dict.fromkeys(_reasons(peer, now)))
    if not found:
        return
    listed = "".join(f"\n  - {each}" for each in found) if len(found) > 1 else f" {found[0]}"
    raise ConflictError(
        f"{title(peer.cluster)} can't be adopted:{listed}",
        hint=f"nothing was changed; {_APART}, or leave it with the tool that made it",
    )


def check_values(peer: Peer, values: Values) -> None:
    """See that the values leave store and version as far as they must.

    Raises:
        ConflictError: they don't.
    """
    names, plane = peer.names, values.control_plane
    where = f"virtual cluster {names.cluster!r} in namespace {names.namespace!r}"
    if not plane.backing_store.database.embedded.enabled or plane.distro.k3s.enabled:
        raise ConflictError(
            f"{where} keeps its objects in SQLite, and the values ask for something else",
            hint="leave --store, --distro and controlPlane.backingStore out",
        )
    if values.policies.host_metadata.enabled:
        raise ConflictError(
            f"{where} has pods with all of their labels on the host, and the values let few of them pass",
            hint="adopt it without --isolate and policies.hostMetadata; they can be added then: "
            + vcli("upgrade", names.cluster, "--isolate", namespace=names.namespace),
        )
    command = vcli("adopt", names.cluster, namespace=names.namespace)
    check_step(peer.version, plane.distro.k8s.version, command=command)


def _reasons(peer: Peer, now: dt.datetime) -> Iterator[str]:
    if peer.service is None:
        yield f"it has no Service {peer.names.service}"
    if is_paused(peer.cluster):
        resume = vcli("resume", peer.names.cluster, namespace=peer.names.namespace)
        yield f"it is paused, first {resume}"
    if peer.values is None:
        yield f"it has no Secret {peer.names.values} with its values, as versions before 0.20 have none"
    yield from _of_values(peer)
    yield from _of_store(peer)
    if peer.version is None:
        yield "its version of Kubernetes can't be read from an image"
    yield from _of_keys(peer, now)
    yield from _of_names(peer)


def _of_values(peer: Peer) -> Iterator[str]:
    for path, text in _OFF.items():
        value = peer.said(path)
        if value is not None and not is_off(value):
            yield f"{text} ({path})"
    for path, text in _EMPTY.items():
        value = peer.said(path)
        if value is not None and not is_empty(value):
            yield f"{text} ({path})"
    for path, text in _STORES.items():
        key = f"controlPlane.backingStore.{path}.enabled"
        value = peer.said(key)
        if value is not None and not is_off(value):
            yield f"its objects are in {text}, and SQLite is the only store that can be taken over ({key})"


def _of_store(peer: Peer) -> Iterator[str]:
    if peer.cluster.replicas > 1:
        yield f"it has {peer.cluster.replicas} control-plane pods, and SQLite is of one"
    if peer.cluster.kind != "StatefulSet" or keeps_data_in_pod(peer.workload):
        yield "it keeps its data in its pod only, where nothing can take it from"
    elif peer.claim is None:
        yield f"there is no PersistentVolumeClaim {STORE}-{peer.names.pod}"


def _of_keys(peer: Peer, now: dt.datetime) -> Iterator[str]:
    if missing := peer.missing_files():
        yield f"Secret {peer.names.certificates} lacks {', '.join(missing)}"
        return
    if peer.has_several_authorities():
        yield "it has several CAs, or one that is just being replaced"
        return
    for name in ("ca", "front-proxy-ca"):
        try:
            end = certificate.parse(peer.files()[f"{name}.crt"]).not_after
        except ValueError:
            yield f"{name}.crt in Secret {peer.names.certificates} is no certificate"
            continue
        if end - now < RENEW_BEFORE:
            yield f"its CA {name} expires on {end:%Y-%m-%d}, first replace it with the tool that made it"


def _of_names(peer: Peer) -> Iterator[str]:
    found = misnamed(peer.synced, peer.names)
    if not found:
        return
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    yield (
        "these have a long name that would be shortened in another way, so they would be made again:"
        f" {', '.join(found[:_SHOWN])}{more}"
    )
