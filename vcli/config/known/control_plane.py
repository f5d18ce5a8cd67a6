"""Keys below controlPlane of a newest vcluster.yaml."""

from vcli.config.known import deployed_etcd
from vcli.config.known.entry import default, later, moved, note, scope
from vcli.config.known.images import image_of_distribution

PROGRAMS = ("apiServer", "controllerManager", "scheduler")

KEYS = (
    *later(
        "controlPlane.coredns.priorityClassName",
        "controlPlane.hostPathMapper",
        "controlPlane.serviceMonitor",
        "controlPlane.advanced.headlessService",
        "controlPlane.advanced.konnectivity",
        "controlPlane.statefulSet.args",
        "controlPlane.statefulSet.command",
        "controlPlane.statefulSet.env",
        "controlPlane.statefulSet.persistence.addVolumes",
        "controlPlane.statefulSet.persistence.addVolumeMounts",
        "controlPlane.statefulSet.persistence.dataVolume",
        "controlPlane.statefulSet.persistence.volumeClaimTemplates",
        "controlPlane.statefulSet.initContainers",
        "controlPlane.statefulSet.sidecarContainers",
        "controlPlane.statefulSet.hostAliases",
        "controlPlane.statefulSet.dnsPolicy",
        "controlPlane.statefulSet.dnsConfig",
        "controlPlane.statefulSet.runtimeClassName",
        "controlPlane.coredns.overwriteManifests",
        "controlPlane.coredns.security",
        "controlPlane.coredns.service.spec",
        "controlPlane.coredns.deployment.pods",
        "controlPlane.coredns.deployment.topologySpreadConstraints",
        "controlPlane.advanced.podDisruptionBudget",
        "controlPlane.advanced.registry",
        "controlPlane.distro.k3s.env",
        "controlPlane.distro.k3s.securityContext",
        "controlPlane.distro.k3s.token",
        "controlPlane.distro.k8s.env",
        "controlPlane.distro.k8s.securityContext",
        "controlPlane.distro.k8s.apiServer.command",
        "controlPlane.distro.k8s.controllerManager.command",
        "controlPlane.distro.k8s.scheduler.command",
    ),
    default(
        "controlPlane.backingStore.database.embedded.dataSource",
        text="SQLite is on the claim of the control plane",
    ),
    *(
        default(
            f"controlPlane.backingStore.database.{each}",
            text="the password or a certificate says who the API server is",
        )
        for each in ("embedded.identityProvider", "external.identityProvider")
    ),
    *(
        default(f"controlPlane.backingStore.database.embedded.{each}", text="SQLite has no connection")
        for each in ("caFile", "certFile", "keyFile")
    ),
    default(
        "controlPlane.backingStore.database.external.connector",
        text="name a database of your own in dataSource",
    ),
    *later(
        "controlPlane.tlsRoute",
        text="use controlPlane.ingress, or controlPlane.service.spec.type LoadBalancer",
    ),
    *later(
        *(f"controlPlane.distro.k8s.{part}.imagePullPolicy" for part in PROGRAMS),
        text="controlPlane.distro.k8s.imagePullPolicy is that of all of them",
    ),
    *(
        scope(f"controlPlane.distro.k0s.{key}", "k0s has to start as root: use k3s, or upstream Kubernetes")
        for key in (
            "command",
            "config",
            "env",
            "extraArgs",
            "image",
            "imagePullPolicy",
            "resources",
            "securityContext",
        )
    ),
    default(
        "controlPlane.backingStore.etcd.embedded.snapshotCount",
        text="write --snapshot-count in controlPlane.backingStore.etcd.embedded.extraArgs",
    ),
    *later("controlPlane.backingStore.etcd.embedded.migrateFromDeployedEtcd"),
    default("controlPlane.statefulSet.persistence.binariesVolume", [{"name": "binaries", "emptyDir": {}}]),
    default("controlPlane.statefulSet.enableServiceLinks", True),
    default("controlPlane.statefulSet.workingDir"),
    default("controlPlane.service.enabled", True, text="the Service is how clients reach the API server"),
    default("controlPlane.service.kubeletNodePort", 0),
    *(
        scope(f"controlPlane.service.spec.{key}", text=text)
        for key, text in (
            ("ports", "its one port is 443: controlPlane.service.httpsNodePort chooses the node port"),
            ("selector", "it selects the control plane's pods"),
            ("clusterIP", "the host chooses the address, by which certificates are made"),
            ("clusterIPs", "the host chooses the addresses, by which certificates are made"),
            ("externalIPs", "use type LoadBalancer or NodePort, or controlPlane.ingress"),
            ("externalName", "the Service leads to the control plane's pods"),
        )
    ),
    *later(
        *(
            f"controlPlane.service.spec.{key}"
            for key in (
                "allocateLoadBalancerNodePorts",
                "healthCheckNodePort",
                "internalTrafficPolicy",
                "ipFamilies",
                "ipFamilyPolicy",
                "publishNotReadyAddresses",
                "sessionAffinity",
                "sessionAffinityConfig",
                "trafficDistribution",
            )
        )
    ),
    moved("controlPlane.service.spec.loadBalancerAnnotations", "controlPlane.service.annotations"),
    default("controlPlane.proxy.bindAddress", "0.0.0.0"),  # noqa: S104  a chart's default, not bound here
    default("controlPlane.proxy.port", 8443, text="the API server listens on 8443"),
    default("controlPlane.distro.k8s.apiServer.enabled", True),
    default("controlPlane.distro.k8s.controllerManager.enabled", True),
    moved(
        "controlPlane.advanced.virtualScheduler.enabled",
        "controlPlane.distro.k8s.scheduler.enabled",
        quiet=True,
    ),
    default("controlPlane.advanced.serviceAccount.enabled", True),
    default("controlPlane.advanced.serviceAccount.name"),
    default("controlPlane.advanced.workloadServiceAccount.enabled", True),
    default("controlPlane.advanced.workloadServiceAccount.name"),
    moved("controlPlane.backingStore.etcd.deploy", deployed_etcd.TO, deployed_etcd.of_deployed_etcd),
    moved("controlPlane.distro.k8s.image", "controlPlane.distro.k8s", image_of_distribution, quiet=True),
    note("controlPlane.statefulSet.probes", "the probes are vcli's own, and stay on"),
    note("controlPlane.coredns.embedded", "DNS runs in a Deployment of its own in the virtual cluster"),
    note("controlPlane.distro.k8s.resources", "each component has resources of its own, next to its image"),
    scope("controlPlane.standalone", "a virtual cluster runs in a host cluster; 'vcli host up' makes one"),
    scope("controlPlane.endpoint", "name the host in controlPlane.proxy.extraSANs"),
    scope("controlPlane.advanced.cloudControllerManager", "pods run on the host's nodes"),
    scope("controlPlane.advanced.kubeVip", "pods run on the host's nodes"),
    scope("controlPlane.privateNodes", "pods run on the host's nodes"),
)
