"""All about one virtual cluster that belongs in a support ticket."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Final

from vcli.catalog import MADE_ON_HOST
from vcli.contract.labels import synced_by
from vcli.controlplane import bundle
from vcli.controlplane.names import Names
from vcli.controlplane.roles import roles_of, statuses_of
from vcli.kube.client import Client
from vcli.kube.discovery import served
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import EVENTS, PODS, PVCS, SECRETS, SERVICES, Resource
from vcli.kube.types import Object
from vcli.kubeconfig.auth import load_access
from vcli.operations.certificate_ends import ends_of
from vcli.operations.describe_store import store as store_of
from vcli.operations.exposed import exposed
from vcli.operations.kinds import SyncerRules, custom_kinds_of, kind_states, not_enabled, syncer_rules
from vcli.operations.parts import parts, reference, selector
from vcli.operations.probe import recounted
from vcli.operations.resolve import VirtualCluster, check_place, resolve
from vcli.operations.stored import read_values

_WARNINGS: Final = 10


async def describe_cluster(
    name: str,
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    timeout: float | None = None,  # noqa: ASYNC109  the client's, of each request
) -> Object:
    """Everything about one virtual cluster, as JSON.

    A part that the host does not let us read is None.

    Args:
        name: of the virtual cluster.
        kubeconfig: ``--kubeconfig``.
        context: ``--context``, of the host.
        namespace: where it is; None looks everywhere.
        timeout: seconds for a request.

    Raises:
        UsageError: the name or the namespace is none.
        NotFoundError: there is none of that name.
        NotListableError: we may not look for it.
    """
    check_place(name, namespace)
    loaded = load_access(kubeconfig=kubeconfig, context=context)
    async with Client(loaded.access, timeout=timeout or 30.0) as client:
        cluster = await recounted(client, await resolve(client, name, namespace=namespace))
        service, pods, claims, store, values, certificates, warnings, synced, rules = await asyncio.gather(
            _allowed(_service(client, cluster)),
            _allowed(_pods(client, cluster)),
            _allowed(_claims(client, cluster)),
            _allowed(store_of(client, cluster)),
            _allowed(_values(client, cluster)),
            _allowed(_certificates(client, cluster)),
            _allowed(_warnings(client, cluster)),
            _allowed(_synced(client, cluster)),
            syncer_rules(client, Names(cluster.name, cluster.namespace)),
        )
        if synced is not None:
            synced |= await _synced_custom(client, cluster, values)
    return {
        "name": cluster.name,
        "namespace": cluster.namespace,
        "host": {"context": loaded.context_name, "server": loaded.access.server},
        "status": cluster.status,
        "version": cluster.version,
        "distro": cluster.distro,
        "created": cluster.created,
        "managedBy": "vcli" if cluster.ours else "loft-sh",
        "workload": {"kind": cluster.kind, "replicas": cluster.replicas, "ready": cluster.ready},
        "bundle": await _bundle(cluster),
        "service": service,
        "pods": pods,
        "claims": claims,
        "store": store,
        "certificates": certificates,
        "synced": synced,
        "notEnabled": not_enabled(values, rules[0]),
        "kinds": _kinds(cluster, values, rules, synced),
        "warnings": warnings,
        "values": values,
    }


async def _allowed(part: Awaitable[Any]) -> Any:
    """A part of the whole; None when it is not there, or not ours to read."""
    try:
        return await part
    except (Forbidden, NotFound):
        return None


async def _bundle(cluster: VirtualCluster) -> Object | None:
    """The syncer's code: the digest of what runs and of what this vcli would run; None if an image has it."""
    spec = cluster.workload["spec"].get("template", {}).get("spec", {})
    running = bundle.digest_of(spec, cluster.name)
    if running is None:
        return None
    own = await asyncio.to_thread(bundle.digest)
    return {"running": running, "own": own, "same": running == own}


async def _service(client: Client, cluster: VirtualCluster) -> Object:
    found = await client.get(SERVICES, cluster.name, namespace=cluster.namespace)
    spec = found["spec"]
    keys = ("name", "port", "nodePort")
    ingress = found.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    ways = await exposed(client, [cluster], namespace=cluster.namespace)
    return {
        "type": spec.get("type", "ClusterIP"),
        "clusterIP": spec.get("clusterIP"),
        "ports": [{key: port[key] for key in keys if port.get(key)} for port in spec["ports"]],
        "addresses": [each.get("ip") or each.get("hostname") for each in ingress],
        "exposed": ways.get((cluster.namespace, cluster.name)),
    }


async def _pods(client: Client, cluster: VirtualCluster) -> list[Object]:
    found = await client.list(PODS, namespace=cluster.namespace, label_selector=selector(cluster))
    return [
        {
            "name": pod["metadata"]["name"],
            "phase": pod.get("status", {}).get("phase"),
            "node": pod["spec"].get("nodeName"),
            "ip": pod.get("status", {}).get("podIP"),
            "components": _components(pod),
        }
        for pod in found["items"]
    ]


def _components(pod: Object) -> list[Object]:
    """The containers that keep running, with what they are doing and how often they were started again."""
    spec = pod["spec"]
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    states = {each["name"]: each for each in statuses_of(pod)}
    return [_component(each, states.get(each["name"], {})) for each in [*sidecars, *spec["containers"]]]


def _component(container: Object, status: Object) -> Object:
    [(state, detail)] = (status.get("state") or {"waiting": {}}).items()
    last = (status.get("lastState") or {}).get("terminated")
    component = {
        "name": container["name"],
        "roles": sorted(role.value for role in roles_of(container["name"])),
        "image": container.get("image"),
        "ready": bool(status.get("ready")),
        "state": detail.get("reason") or state.capitalize(),
        "restarts": status.get("restartCount", 0),
    }
    if last:
        keys = ("exitCode", "reason", "finishedAt")
        component["lastExit"] = {key: last[key] for key in keys if key in last}
    return component


async def _claims(client: Client, cluster: VirtualCluster) -> list[Object]:
    found = await client.list(PVCS, namespace=cluster.namespace, label_selector=selector(cluster))
    return [
        {
            "name": claim["metadata"]["name"],
            "phase": claim.get("status", {}).get("phase"),
            "size": claim.get("status", {}).get("capacity", {}).get("storage"),
            "storageClass": claim["spec"].get("storageClassName"),
        }
        for claim in found["items"]
    ]


async def _values(client: Client, cluster: VirtualCluster) -> str | None:
    found = await read_values(client, Names(cluster.name, cluster.namespace))
    return found.text or None if found else None


async def _certificates(client: Client, cluster: VirtualCluster) -> dict[str, str]:
    """When each certificate ends, RFC 3339."""
    secret = await client.get(SECRETS, f"{cluster.name}-certs", namespace=cluster.namespace)
    ends = ends_of(secret.get("data") or {})
    return {key: f"{end:%Y-%m-%dT%H:%M:%SZ}" for key, end in ends.items()}


async def _warnings(client: Client, cluster: VirtualCluster) -> list[Object]:
    """The last warnings about the control plane, the newest last."""
    found, known = await asyncio.gather(
        client.list(EVENTS, namespace=cluster.namespace, field_selector="type=Warning"),
        parts(client, cluster),
    )
    about = [each for each in found["items"] if reference(each.get("involvedObject") or {}) in known]
    about.sort(key=_when)
    return [
        {
            "time": _when(event),
            "object": "/".join(reference(event["involvedObject"])),
            "reason": event.get("reason"),
            "message": event.get("message"),
            "count": event.get("count") or 1,
        }
        for event in about[-_WARNINGS:]
    ]


def _when(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])


async def _synced(client: Client, cluster: VirtualCluster) -> dict[str, int]:
    """How many objects of each kind the syncer keeps on the host; kinds that we may not list are left out."""
    counts = await asyncio.gather(*(_allowed(_count(client, each, cluster)) for each in MADE_ON_HOST))
    found = zip(MADE_ON_HOST, counts, strict=True)
    return {resource.plural: count for resource, count in found if count is not None}


async def _synced_custom(client: Client, cluster: VirtualCluster, values: str | None) -> dict[str, int]:
    """The same for custom resources, by the names of their definitions."""
    found = {}
    for kind in custom_kinds_of(values):
        resource = kind.resource
        with suppress(Forbidden, NotFound):
            on_host = await served(client, group=resource.group, plural=resource.plural)
            if on_host and kind.direction == "toHost":
                found[resource.kind] = await _count(client, on_host[0].resource, cluster)
    return found


def _kinds(
    cluster: VirtualCluster, values: str | None, rules: SyncerRules, synced: dict[str, int] | None
) -> list[Object] | None:
    """Each kind with its state; None where the values are another tool's."""
    if not cluster.ours:
        return None
    role, cluster_role = rules
    return kind_states(values, role=role, cluster_role=cluster_role, counts=synced or {})


async def _count(client: Client, resource: Resource, cluster: VirtualCluster) -> int:
    synced = synced_by(cluster.name, cluster.namespace, namespaced=resource.namespaced)
    found = await client.list(resource, namespace=cluster.namespace, label_selector=synced)
    return len(found["items"])
