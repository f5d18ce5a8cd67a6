"""What the translation of a pod needs from the caches."""

from collections.abc import Mapping
from typing import Final

from vcli.kube.resources import CONFIGMAPS, NAMESPACES, SECRETS, SERVICES
from vcli.kube.types import labels
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.kinds.indexes import BY_NAMESPACE
from vcli.syncer.kinds.pods.classes import priority_classes, service_account
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import PodContext

DNS_SERVICE: Final = VirtualName("kube-system", "kube-dns")
_HOSTNAME_OVERRIDE_SINCE: Final = (1, 35)
_OWN_RESOLVER: Final = frozenset({"Default", "None"})


class PodContexts:
    """Makes contexts.

    Args:
        ctx: both clusters.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self.expects_dns = any(map(_is_dns, ctx.settings.addons))
        """Whether kube-dns is still to be created; until it is, there is no resolver to give to a pod."""

    def waits_for_dns(self, pod: Object) -> bool:
        """Whether the pod wants the cluster's resolver, and its address is not final yet."""
        if pod["spec"].get("dnsPolicy") in _OWN_RESOLVER or self._dns_ip() is not None:
            return False
        return self.expects_dns or self._ctx.in_virtual(SERVICES, DNS_SERVICE) is not None

    def of(self, pod: Object) -> PodContext:
        """The context of one pod, as things are now."""
        ctx = self._ctx
        settings = ctx.settings
        namespace = pod["metadata"]["namespace"]
        return PodContext(
            scope=ctx.scope,
            service_account=service_account(ctx, pod),
            api_host=settings.service_ip,
            api_port=settings.service_port,
            dns_ip=self._dns_ip(),
            cluster_domain=settings.cluster_domain,
            services=ctx.virtual[SERVICES].by_index(BY_NAMESPACE, namespace),
            namespace_labels=self.namespace_labels(namespace),
            namespaces=self._namespaces(pod),
            environment_keys=self._environment_keys(pod),
            priority_classes=priority_classes(ctx, pod),
            hosts_image=settings.hosts_image,
            hostname_override=ctx.host_version.at_least(_HOSTNAME_OVERRIDE_SINCE),
            isolated=settings.isolated,
        )

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """The labels of a virtual namespace."""
        return labels(self._ctx.virtual[NAMESPACES].get(None, namespace))

    def _dns_ip(self) -> str | None:
        """The address of kube-dns once the host has it: a pod can't change its resolver later."""
        virtual = self._ctx.in_virtual(SERVICES, DNS_SERVICE)
        host = self._ctx.on_host(SERVICES, DNS_SERVICE)
        if virtual is None or host is None:
            return None
        address: str | None = virtual["spec"].get("clusterIP")
        return address if address == host["spec"].get("clusterIP") else None

    def _namespaces(self, pod: Object) -> Mapping[str, Mapping[str, str]]:
        affinity = pod["spec"].get("affinity") or {}
        if not (affinity.get("podAffinity") or affinity.get("podAntiAffinity")):
            return {}
        return {each["metadata"]["name"]: labels(each) for each in self._ctx.virtual[NAMESPACES].items()}

    def _environment_keys(self, pod: Object) -> dict[tuple[str, str], frozenset[str]]:
        spec, namespace = pod["spec"], pod["metadata"]["namespace"]
        found: dict[tuple[str, str], frozenset[str]] = {}
        for container in (*spec["containers"], *(spec.get("initContainers") or ())):
            for source in container.get("envFrom") or ():
                for field, kind, resource in _SOURCES:
                    name: str | None = (source.get(field) or {}).get("name")
                    if name and (config := self._ctx.virtual[resource].get(namespace, name)) is not None:
                        found[kind, name] = frozenset(config.get("data") or ())
        return found


_SOURCES: Final = (("configMapRef", "ConfigMap", CONFIGMAPS), ("secretRef", "Secret", SECRETS))


def _is_dns(addon: Object) -> bool:
    metadata = addon["metadata"]
    return addon.get("kind") == "Service" and (metadata.get("namespace"), metadata["name"]) == DNS_SERVICE
