"""k3s: API server, controller manager and an SQLite store, in one process of one container."""

from typing import Final

from vcli.config.distros import tag
from vcli.config.schema import Values
from vcli.controlplane.components import Component, Store, load, ranged
from vcli.controlplane.images import place
from vcli.controlplane.names import Names

HAS_STORE: Final = True
_API_SERVER: Final = "--kube-apiserver-arg"


def components(names: Names, values: Values, store: Store) -> list[Component]:
    """The one container, and what it writes to.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        store: the claim for its data, if there is one.
    """
    distro, domain = values.control_plane.distro, values.networking.advanced.cluster_domain
    chosen = distro.k3s
    (loaded,) = load("control-plane/distros/k3s.yaml", names).values()
    component = loaded.configured(
        image=place(chosen.image, values).reference(tag(distro.k8s.version)),
        pull_policy=chosen.image_pull_policy,
        resources=chosen.resources,
    )
    if chosen.command:
        component.container["command"] = list(chosen.command)
    component.container["args"] = [
        *ranged(component.container["args"], values),
        f"--cluster-domain={domain}",
        # By default it names the node's address, which no certificate has.
        f"{_API_SERVER}=service-account-jwks-uri=https://kubernetes.default.svc.{domain}/openid/v1/jwks",
        *chosen.extra_args,
    ]
    return [component if store.claims else component.having({"name": "data", "emptyDir": {}})]
