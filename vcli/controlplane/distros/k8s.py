"""Upstream Kubernetes: kube-apiserver, kube-controller-manager and kube-scheduler, a container each."""

from typing import Final

from vcli.config.schema import ApiServer, ControllerManager, Scheduler, Values
from vcli.controlplane.components import Component, Store, load, ranged
from vcli.controlplane.images import place
from vcli.controlplane.names import Names
from vcli.controlplane.stores import SERVERS

HAS_STORE: Final = False


def components(names: Names, values: Values, store: Store) -> list[Component]:
    """What runs Kubernetes, all but its store.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        store: where the API server keeps its objects.
    """
    k8s = values.control_plane.distro.k8s
    loaded = load("control-plane/distros/k8s.yaml", names)
    api_server, manager = loaded["kube-apiserver"], loaded["kube-controller-manager"]
    api_server.container["command"] = [
        each
        for flag in ranged(api_server.container["command"], values)
        for each in ([f"{SERVERS}{store.endpoint}", *store.flags] if flag.startswith(SERVERS) else [flag])
    ]
    if store.volume:
        api_server.container["volumeMounts"].append(store.mount)
        api_server = api_server.having(store.volume)
    issuer = f"https://kubernetes.default.svc.{values.networking.advanced.cluster_domain}"

    def configured(
        component: Component, chosen: ApiServer | ControllerManager | Scheduler, *flags: str
    ) -> Component:
        return component.configured(
            image=place(chosen.image, values).reference(k8s.version),
            pull_policy=k8s.image_pull_policy,
            resources=chosen.resources,
            more_args=(*flags, *chosen.extra_args),
        )

    return [
        configured(
            api_server,
            k8s.api_server,
            f"--service-account-issuer={issuer}",
            # By default it names the pod's own address, which no certificate has.
            f"--service-account-jwks-uri={issuer}/openid/v1/jwks",
        ),
        configured(manager, k8s.controller_manager),
        *([configured(loaded["kube-scheduler"], k8s.scheduler)] if k8s.scheduler.enabled else []),
    ]
