"""What a virtual cluster has in its host namespace before its syncer starts."""

from collections.abc import Sequence

from apiserver import ApiServer, free_port

from vcli.config import load
from vcli.config.networking import networking
from vcli.config.synced import custom_resources, differences, schedules_inside
from vcli.contract.settings import Settings
from vcli.controlplane import rights
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.resources import SERVICES, Resource


async def make_control_plane(
    client: Client, namespace: str, virtual: ApiServer, *, sets: Sequence[str] = ()
) -> Settings:
    """The Service that owns everything, and the rights of the user `syncer`; gives the syncer's settings.

    Args:
        client: an administrator of the host.
        namespace: on the host.
        virtual: the virtual cluster's API server.
        sets: values, as for `--set`: which kinds are on.
    """
    service = await client.create(
        SERVICES,
        {
            "metadata": {"name": "demo"},
            "spec": {"ports": [{"port": 443, "targetPort": 8443}], "selector": {"app": "vcluster"}},
        },
        namespace=namespace,
    )
    await grant_rights(client, namespace, user="syncer", sets=sets)
    values = load([], sets)
    return Settings(
        cluster="demo",
        namespace=namespace,
        service="demo",
        service_uid=service["metadata"]["uid"],
        service_ip=service["spec"]["clusterIP"],
        headless_service="localhost",
        workload_service_account="vc-workload-demo",
        virtual_server=virtual.access.server,
        pki=virtual.pki,
        kubernetes_version="v1.36.3",
        health_port=free_port(),
        etcd="",
        service_cidrs=["10.96.0.0/16"],
        default_service_account_ready=False,
        networking=networking(values),
        kinds=differences(values),
        nodes="all" if schedules_inside(values) else "used",
        scheduler=schedules_inside(values),
        custom_resources=custom_resources(values),
    )


async def grant_rights(
    client: Client, namespace: str, *, user: str, optional: bool = True, sets: Sequence[str] = ()
) -> None:
    """Give a user what the syncer's ServiceAccount has with such values, and nothing else."""
    names, values = Names("demo", namespace), load([], sets)
    features = frozenset(rights.features(values)) if optional else frozenset()
    of_namespace = rights.render(names, values, with_features=features)
    for manifest in (*of_namespace, *rights.render_of_cluster(names, values)):
        if manifest["kind"] in ("RoleBinding", "ClusterRoleBinding"):
            manifest["subjects"] = [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}]
        await client.apply(Resource.of(manifest), manifest, namespace=namespace)
