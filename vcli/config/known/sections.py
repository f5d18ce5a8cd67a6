"""Keys of a newest vcluster.yaml in the sections other than controlPlane."""

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
        "sync.fromHost.configMaps.patches",
        "sync.fromHost.secrets.patches",
        "sync.toHost.ingresses.patches",
        "sync.toHost.namespaces",
        "sync.toHost.services.patches",
    ),
    default("sync.toHost.pods.useSecretsForSATokens", True, text="tokens are kept in Secrets"),
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
        "sleepMode",
        "sleep",
        "deletion",
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
