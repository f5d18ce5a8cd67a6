"""A virtual namespace and a host namespace on one real API server."""

from typing import Any

from vcli.kube.client import Client
from vcli.kube.resources import PODS
from vcli.syncer.translate.pods import PodContext, to_host
from vcli.syncer.translate.scope import Scope

Object = dict[str, Any]


class Pair:
    """A virtual namespace and a host namespace on one API server."""

    def __init__(self, client: Client, virtual: str, scope: Scope) -> None:
        self.client, self.virtual, self.scope = client, virtual, scope

    @property
    def context(self) -> PodContext:
        return PodContext(
            scope=self.scope,
            service_account="vc-workload-demo",
            api_host="10.96.3.4",
            api_port=443,
            dns_ip="10.96.0.77",
            namespace_labels={
                "kubernetes.io/metadata.name": self.virtual,
                "example.com/" + "k" * 63: "v" * 63,
            },
            hostname_override=True,
        )

    async def pod(self, name: str = "web", **spec: Any) -> Object:
        """Create a virtual pod; the API server defaults it."""
        metadata = {
            "name": name,
            "labels": spec.pop("labels", {"app": "web", "release": "demo", "hash": "1"}),
            "annotations": spec.pop("annotations", {"note": "x", "vcli.dev/name": "forged"}),
        }
        body = {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "nginx:1"}], **spec}}
        return await self.client.create(PODS, body, namespace=self.virtual)

    async def host_pod(self, virtual: Object) -> Object:
        return await self.client.create(PODS, to_host(virtual, self.context))

    async def patch_host(self, host: Object, patch: Object, subresource: str | None = None) -> Object:
        return await self.client.patch(
            PODS,
            host["metadata"]["name"],
            patch,
            namespace=self.scope.host_namespace,
            subresource=subresource,
            strategy="strategic",
        )

    async def patch_virtual(self, virtual: Object, patch: Object, subresource: str | None = None) -> Object:
        name = virtual["metadata"]["name"]
        return await self.client.patch(
            PODS, name, patch, namespace=self.virtual, subresource=subresource, strategy="strategic"
        )
