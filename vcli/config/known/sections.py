"""Keys of a newest vcluster.yaml in the sections other than controlPlane."""

from collections.abc import Mapping
from typing import Any

from vcli.config.known.entry import default, later, moved, note, scope

_FOR_PODS: tuple[str, ...] = (
    "priorityClassName",
    "runtimeClassName",
    "patches",
    "enforceTolerations",
    "hybridScheduling",
    "translateImage",
    "rewriteHosts.initContainer.resources",
)
_PATCHED_TO_HOST: tuple[str, ...] = (
    "ingresses",
    "networkPolicies",
    "persistentVolumes",
    "podDisruptionBudgets",
    "priorityClasses",
    "resourceClaims",
    "serviceAccounts",
    "services",
    "storageClasses",
    "volumeSnapshotContents",
    "volumeSnapshots",
)
_PATCHED_FROM_HOST: tuple[str, ...] = (
    "configMaps",
    "csiDrivers",
    "csiNodes",
    "csiStorageCapacities",
    "customResources.*",
    "deviceClasses",
    "events",
    "ingressClasses",
    "nodes",
    "priorityClasses",
    "runtimeClasses",
    "secrets",
    "storageClasses",
    "volumeSnapshotClasses",
)
_NETWORK = "policies.networkPolicy"


def _public(value: Any) -> Mapping[str, Any]:
    """``publicEgress``: which addresses pods may reach; off, none."""
    if not isinstance(value, dict) or value.keys() - {"enabled", "cidr", "except"}:
        raise ValueError("must be a mapping of enabled, cidr and except")
    block = f"{_NETWORK}.outgoingConnections.ipBlock"
    if value.get("enabled") is False:
        return {f"{block}.cidr": ""}
    return {f"{block}.{key}": each for key, each in value.items() if key != "enabled"}


def _sleep(value: Any) -> Mapping[str, Any]:
    """``sleep.auto``, which has no switch: a time turns it on."""
    if value in (None, "", 0):
        return {}
    return {"sleepMode.enabled": True, "sleepMode.autoSleep.afterInactivity": value}


_GATEWAY_KINDS = ("backendTLSPolicies", "gateways", "grpcRoutes", "httpRoutes", "tcpRoutes", "tlsRoutes")

KEYS = (
    *(
        default(f"sync.toHost.{kind}.enabled", True, text="they are always synced")
        for kind in ("pods", "services")
    ),
    *(
        default(f"sync.toHost.{kind}", *values, text="those are synced that something refers to")
        for kind, values in (
            ("configMaps", ({"enabled": True}, {"enabled": True, "all": False}, {"all": False})),
            ("secrets", ({"enabled": True}, {"enabled": True, "all": False}, {"all": False})),
            ("endpoints", ({"enabled": True},)),
            ("endpointSlices", ({"enabled": True},)),
            ("persistentVolumeClaims", ({"enabled": True},)),
        )
    ),
    *later(*(f"sync.toHost.pods.{key}" for key in _FOR_PODS)),
    *later(
        *(f"sync.fromHost.{kind}.patches" for kind in _PATCHED_FROM_HOST),
        *(f"sync.toHost.{kind}.patches" for kind in _PATCHED_TO_HOST),
        "sync.toHost.namespaces",
        "sync.toHost.resourceClaimTemplates",
    ),
    default("sync.toHost.pods.useSecretsForSATokens", True, text="tokens are kept in Secrets"),
    note("sync.toHost.gatewayApi.referenceGrants", "ReferenceGrants are heeded inside; the host needs none"),
    *later(
        "sync.fromHost.gatewayClasses.patches",
        "sync.toHost.gatewayApi.patches",
        *(f"sync.toHost.gatewayApi.{kind}.patches" for kind in _GATEWAY_KINDS),
    ),
    *later(
        *(
            f"sync.fromHost.gateways.{key}"
            for key in ("allowedRoutes", "metadata", "patches", "sanitize", "selector", "status")
        ),
        text="sync.fromHost.gateways.mappings names each Gateway",
    ),
    *later(
        "exportKubeConfig.serviceAccount",
        "experimental.deploy.host",
        "experimental.deploy.vcluster.helm",
        "experimental.genericSync",
        "experimental.isolatedControlPlane",
        "experimental.syncSettings",
        "experimental.virtualClusterKubeConfig",
        "experimental.denyProxyRequests",
        "policies.centralAdmission",
        "deletion",
    ),
    moved("sleep.auto.afterInactivity", "sleepMode.autoSleep.afterInactivity", _sleep, quiet=True),
    *later(
        "sleepMode.autoSleep.schedule",
        "sleepMode.timeZone",
        "sleep.auto.schedule",
        "sleep.auto.timezone",
        text="it goes to sleep after a time without use alone: sleepMode.autoSleep.afterInactivity",
    ),
    *later(
        "sleepMode.autoSleep.exclude",
        "sleep.auto.exclude",
        text="all pods go: what must run all the time runs outside of it",
    ),
    *later(
        "sleepMode.autoWakeup",
        "sleep.auto.wakeup",
        text="nothing of it runs while it sleeps: 'vcli wakeup' by a CronJob of the host does it",
    ),
    *later("rbac.clusterRole.overwriteRules", "rbac.role.overwriteRules"),
    moved("serviceCIDR", "networking.serviceCIDR"),
    default("rbac.role.enabled", True, text="the syncer needs a Role"),
    note("rbac.enableVolumeSnapshotRules", "rights follow from what is synced"),
    default("networking.advanced.proxyKubelets", {"byHostname": True, "byIP": True}),
    default("networking.podCIDR", "10.244.0.0/16", text="pods get addresses from the host"),
    note("integrations.metricsServer.apiService", "where the metrics are is found out"),
    default("integrations.metricsServer.nodes", True, text="it goes with integrations.metricsServer.enabled"),
    default("integrations.metricsServer.pods", True, text="it goes with integrations.metricsServer.enabled"),
    *later(
        *(
            f"integrations.{name}"
            for name in ("certManager", "externalSecrets", "istio", "kubeVirt", "netris")
        )
    ),
    *later("integrations.argoCD", "snapshots"),
    *later(
        *(
            f"experimental.{name}"
            for name in ("docker", "nodeMonitors", "proxy", "reuseNamespace", "sleepMode")
        )
    ),
    *later(
        *(
            f"deploy.{name}"
            for name in (
                "argoCD",
                "csi",
                "ingressNginx",
                "metallb",
                "metricsServer",
                "volumeSnapshotController",
            )
        ),
        text="install it in the virtual cluster, as in any cluster",
    ),
    *(
        scope(f"deploy.{name}", "pods run on the host's nodes, which have one")
        for name in ("cni", "kubeProxy", "localPathProvisioner")
    ),
    moved(f"{_NETWORK}.controlPlane.egress", f"{_NETWORK}.extraControlPlaneRules", quiet=True),
    moved(f"{_NETWORK}.workload.egress", f"{_NETWORK}.extraWorkloadRules", quiet=True),
    moved(
        f"{_NETWORK}.workload.publicEgress", f"{_NETWORK}.outgoingConnections.ipBlock", _public, quiet=True
    ),
    note(f"{_NETWORK}.outgoingConnections.platform", "vcli has no management platform"),
    note("global", "nothing here reads it"),
    note("telemetry", ""),
    note("logging", "logs are text; 'vcli logs' shows them"),
    scope("experimental.multiNamespaceMode", "all objects go to one namespace of the host: leave it out"),
    scope(
        "experimental.deploy.vcluster.manifestsTemplate",
        "it runs no templates in values: render them before, and give experimental.deploy.vcluster.manifests",
    ),
    scope("external", "vcli has no management platform"),
    scope("platform", "vcli has no management platform"),
    scope("pro", "vcli has no paid edition: leave it out"),
    scope("plugins", "vcli has no plugins: sync.toHost.customResources syncs other kinds"),
    scope("plugin", "vcli has no plugins: sync.toHost.customResources syncs other kinds"),
    scope("privateNodes", "pods run on the host's nodes"),
    scope("autoUpgrade", "'vcli upgrade' does it"),
)
