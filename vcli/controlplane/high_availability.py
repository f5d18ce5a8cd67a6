"""Several control-plane pods instead of one: what is different in each, and what goes with them. Pure.

All pods are alike: each has all components. etcd has a member in each; controller managers and schedulers
elect a leader by leases inside, syncers by one on the host.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from vcli.bootstrap.issue import PEERS_PUBLIC
from vcli.config.schema import Values
from vcli.controlplane import manifests
from vcli.controlplane.components import Component, load
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, containers_of, in_role
from vcli.kube.types import Object

PEERS: Final = "--initial-cluster="
_PEER_URLS: Final = "--listen-peer-urls="
_ALONE: Final = "--leader-elect=false"
_ELECTED: Final = "--leader-elect=true"
_SYNCER_PKI: Final = "syncer-pki"


def adapted(names: Names, values: Values, components: Sequence[Component]) -> list[Component]:
    """The components of one pod, as they are when there are several pods.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        components: of one pod, in any order.
    """
    replicas = values.control_plane.stateful_set.high_availability.replicas
    if replicas == 1:
        return list(components)
    adapted = [_peer(each, names, replicas) if Role.STORE in each.roles else each for each in components]
    return [_syncer(each) if Role.SYNCER in each.roles else _elected(each) for each in adapted]


def spread(workload: Object, values: Values) -> None:
    """Give the workload its replicas, on different nodes if that is possible."""
    chosen = values.control_plane.stateful_set
    if not chosen.high_availability.is_on:
        return
    spec = workload["spec"]
    spec["replicas"] = chosen.high_availability.replicas
    if not chosen.scheduling.affinity:
        term = {
            "labelSelector": {"matchLabels": spec["selector"]["matchLabels"]},
            "topologyKey": "kubernetes.io/hostname",
        }
        preferred = [{"weight": 100, "podAffinityTerm": term}]
        spec["template"]["spec"]["affinity"] = {
            "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}
        }


def budget(names: Names, values: Values) -> list[Object]:
    """What keeps evictions from more than one pod at a time; nothing for one pod."""
    if not values.control_plane.stateful_set.high_availability.is_on:
        return []
    (found,) = manifests.load("control-plane/disruption-budget.yaml")
    found["metadata"]["name"] = names.cluster
    found["spec"]["selector"]["matchLabels"] = names.selector
    return [found]


def election(values: Values) -> Object:
    """The syncers' election, as `vcli.contract.settings.Settings.election` has it."""
    chosen = values.control_plane.stateful_set.high_availability
    if not chosen.is_on:
        return {}
    return {
        "leaseDuration": chosen.lease_duration,
        "renewDeadline": chosen.renew_deadline,
        "retryPeriod": chosen.retry_period,
    }


def rules(lease: str, values: Values) -> list[Object]:
    """What the syncers' Role has for it. A name can't be asked for where something is created."""
    if not values.control_plane.stateful_set.high_availability.is_on:
        return []
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    return [
        {**leases, "verbs": ["create"]},
        {**leases, "verbs": ["get", "update"], "resourceNames": [lease]},
    ]


def members_of(workload: Object) -> int:
    """How many members the store of a control plane was made with."""
    for etcd in in_role(Role.STORE, containers_of(workload["spec"].get("template", {}).get("spec", {}))):
        for flag in etcd.get("command") or ():
            if flag.startswith(PEERS):
                return len(str(flag).split(","))
    return 1


def _peer(etcd: Component, names: Names, replicas: int) -> Component:
    """The member of the store that is in each pod."""
    (more,) = load("control-plane/stores/etcd-peers.yaml", names).values()
    members = [f"{names.stateful_set}-{number}" for number in range(replicas)]
    peers = ",".join(f"{each}=https://{each}.{names.headless}:2380" for each in members)
    alone = [flag for flag in etcd.container["command"] if not flag.startswith(_PEER_URLS)]
    # The user's own flags are last, and win.
    flags = [alone[0], *more.container["command"], f"{PEERS}{peers}", *alone[1:]]
    container = {
        **etcd.container,
        "command": flags,
        "env": more.container["env"],
        "ports": more.container["ports"],
        "volumeMounts": [*etcd.container["volumeMounts"], *more.container["volumeMounts"]],
    }
    return replace(etcd, container=container, volumes=(*etcd.volumes, *more.volumes))


def _elected(component: Component) -> Component:
    container = component.container
    command = [_ELECTED if flag == _ALONE else flag for flag in container["command"]]
    return replace(component, container={**container, "command": command})


def _syncer(syncer: Component) -> Component:
    """It knows which pod it is in, and sees to the members' certificates as well."""
    own = {"POD_NAME": "metadata.name", "POD_UID": "metadata.uid"}
    more = [{"name": key, "valueFrom": {"fieldRef": {"fieldPath": path}}} for key, path in own.items()]
    container = {**syncer.container, "env": [*syncer.container["env"], *more]}
    for volume in syncer.volumes:
        if volume["name"] == _SYNCER_PKI:
            items = volume["projected"]["sources"][0]["secret"]["items"]
            items += [{"key": name, "path": name} for name in sorted(PEERS_PUBLIC)]
    return replace(syncer, container=container)
