"""A value for each key of the schema that is not its default, and some that belong together."""

from typing import Any

import value_examples_custom as custom
import value_examples_distros as distros
import value_examples_exposure as exposure
import value_examples_gateway as gateway
import value_examples_ha as ha
import value_examples_off as off
import value_examples_policies as policies
import value_examples_rendering as rendering
import value_examples_sleep as sleep
import value_examples_stores as stores
from vcli.catalog import SYNCED

SHA = "sha256:" + "0123456789abcdef" * 4
_PLANE = "controlPlane"
_DISTRO = f"{_PLANE}.distro.k8s"
_ETCD = f"{_PLANE}.backingStore.etcd.embedded"
_COREDNS = f"{_PLANE}.coredns"
_SET = f"{_PLANE}.statefulSet"
_CLAIM = f"{_SET}.persistence.volumeClaim"
_SCHEDULER = f"{_DISTRO}.scheduler"
_NODES = "sync.fromHost.nodes"
_ADVANCED = f"{_PLANE}.advanced"
_TOLERATION = {"key": "dedicated", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}
_RESOURCES = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
_AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}
            ]
        }
    }
}
# Words that YAML or JSON would take for something else.
_MAP = {"a": "true", "b/c": "1", "d": "x: y # z", "e": "", "f": 'quote " and \\ and <&>', "g": "é\u2028ü"}
_ARGS = ["--v=4", "--name=with space", 'quote=" \\ <&> é', "true", "{{ .Values }}"]
_SPREAD = [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]
_SECRETS = [{"name": "one"}, {"name": "two"}]
_IMAGES = (
    "other",
    "other:1",
    "me/other:1",
    "localhost/other",
    "registry.example:5000/a/b/other:1.2",
    f"ghcr.io/me/other@{SHA}",
    f"ghcr.io/me/other:1@{SHA}",
)
_TO_HOST = [{"from": "shop/web", "to": "web"}, {"from": "shop/db", "to": "db"}]
_FROM_HOST = [{"from": "own", "to": "shop/own"}, {"from": "data/db", "to": "shop/db"}]
_MAPPED = [
    {"hostname": "example.com", "target": {"hostname": "www.example.com"}},
    {"hostname": "*.apps.example.com", "target": {"ip": "2001:db8::1"}},
    {"service": "shop/db", "namespace": "", "target": {"hostService": "data/db", "ip": ""}},
    {"namespace": "cache", "target": {"hostNamespace": "data"}},
    {"hostname": "other.example.org", "target": {"vClusterService": "team-b/other/shop/db"}},
]
_SELECTOR = "sync.fromHost.ingressClasses.selector"


def _image(path: str) -> dict[str, list[Any]]:
    return {
        path: list(_IMAGES),
        f"{path}.registry": ["mirror.example"],
        f"{path}.repository": ["me/own"],
        f"{path}.tag": ["v9", SHA],
    }


def _metadata(path: str) -> dict[str, list[Any]]:
    return {f"{path}.labels": [_MAP, {"release": "other"}], f"{path}.annotations": [_MAP]}


EXAMPLES: dict[str, list[Any]] = {
    **exposure.EXAMPLES,
    **rendering.EXAMPLES,
    f"{_DISTRO}.enabled": [],
    f"{_DISTRO}.version": ["1.36", "v1.36", "1.35.2", "v1.30.0", "v1.36.0-rc.1"],
    f"{_DISTRO}.imagePullPolicy": ["Always", "Never"],
    f"{_DISTRO}.apiServer.extraArgs": [_ARGS],
    f"{_DISTRO}.apiServer.resources": [_RESOURCES],
    **_image(f"{_DISTRO}.apiServer.image"),
    f"{_DISTRO}.controllerManager.extraArgs": [_ARGS],
    f"{_DISTRO}.controllerManager.resources": [_RESOURCES],
    **_image(f"{_DISTRO}.controllerManager.image"),
    f"{_SCHEDULER}.enabled": [],
    f"{_SCHEDULER}.extraArgs": [],
    f"{_SCHEDULER}.resources": [],
    **{key: [] for key in _image(f"{_SCHEDULER}.image")},
    **distros.EXAMPLES,
    f"{_ETCD}.extraArgs": [_ARGS],
    f"{_ETCD}.resources": [_RESOURCES],
    **_image(f"{_ETCD}.image"),
    f"{_COREDNS}.enabled": [False],
    f"{_COREDNS}.overwriteConfig": [".:53 {\n    errors # <&>\n}\n", "one line"],
    f"{_COREDNS}.deployment.replicas": [0, 3, 1000000],
    f"{_COREDNS}.deployment.resources": [_RESOURCES],
    f"{_COREDNS}.deployment.nodeSelector": [_MAP],
    f"{_COREDNS}.deployment.affinity": [_AFFINITY],
    f"{_COREDNS}.deployment.tolerations": [[_TOLERATION]],
    **_image(f"{_COREDNS}.deployment.image"),
    **_metadata(f"{_COREDNS}.deployment"),
    **_metadata(f"{_COREDNS}.service"),
    f"{_PLANE}.proxy.extraSANs": [["demo.example.org", "192.0.2.1", "fd00::1"]],
    **_metadata(f"{_PLANE}.service"),
    f"{_PLANE}.service.spec.type": ["NodePort", "LoadBalancer"],
    f"{_PLANE}.service.httpsNodePort": [],
    **_metadata(_SET),
    f"{_SET}.imagePullPolicy": ["Always"],
    f"{_SET}.resources": [_RESOURCES, *rendering.SHARED],
    f"{_SET}.image": list(_IMAGES),
    f"{_SET}.image.registry": ["registry.example"],
    f"{_SET}.image.repository": ["me/own"],
    f"{_SET}.image.tag": ["3.11-slim-bookworm", SHA],
    f"{_CLAIM}.enabled": [True, False],
    f"{_CLAIM}.size": ["10Gi", "1000000000"],
    f"{_CLAIM}.storageClass": ["fast"],
    f"{_CLAIM}.accessModes": [["ReadWriteOncePod"]],
    f"{_CLAIM}.retentionPolicy": ["Retain"],
    f"{_SET}.scheduling.nodeSelector": [_MAP],
    f"{_SET}.scheduling.affinity": [_AFFINITY],
    f"{_SET}.scheduling.tolerations": [[_TOLERATION]],
    f"{_SET}.scheduling.topologySpreadConstraints": [_SPREAD],
    f"{_SET}.scheduling.priorityClassName": ["high"],
    **_metadata(f"{_SET}.pods"),
    **ha.EXAMPLES,
    f"{_ADVANCED}.defaultImageRegistry": ["mirror.example.org/k8s", "mirror.example.org/k8s/"],
    **_metadata(f"{_ADVANCED}.serviceAccount"),
    f"{_ADVANCED}.serviceAccount.imagePullSecrets": [_SECRETS],
    **_metadata(f"{_ADVANCED}.workloadServiceAccount"),
    f"{_ADVANCED}.workloadServiceAccount.imagePullSecrets": [_SECRETS],
    f"{_ADVANCED}.globalMetadata.annotations": [_MAP],
    "networking.advanced.clusterDomain": ["corp.example"],
    "networking.advanced.fallbackHostCluster": [],
    "networking.replicateServices.toHost": [_TO_HOST],
    "networking.replicateServices.fromHost": [_FROM_HOST],
    "networking.resolveDNS": [],
    "exportKubeConfig.context": ["mine"],
    "exportKubeConfig.server": ["https://demo.example.org:443/<&>"],
    "exportKubeConfig.insecure": [True],
    "exportKubeConfig.secret.name": ["exported"],
    "exportKubeConfig.secret.namespace": [],  # together with a name, below
    "exportKubeConfig.additionalSecrets": [
        [{"name": "one"}, {"name": "two", "context": "ci", "insecure": True}],
        [
            {"name": "one", "server": "https://a.example", "serviceAccount": {"name": "ci"}},
            {
                "name": "two",
                "serviceAccount": {"name": "ci", "namespace": "apps", "clusterRole": "view"},
            },
        ],
    ],
    "integrations.metricsServer.enabled": [False],
    "rbac.clusterRole.enabled": [True, False],
    f"{_NODES}.selector.all": [],
    f"{_NODES}.selector.labels": [],
    f"{_NODES}.clearImageStatus": [False],
    f"{_NODES}.syncBackChanges": [],
    "sync.toHost.pods.rewriteHosts.enabled": [False],
    "sync.toHost.services.externalIPs.allowedCIDRs": [["203.0.113.0/28", "2001:db8::/64"]],
    **_image("sync.toHost.pods.rewriteHosts.initContainer.image"),
    **policies.EXAMPLES,
}
"""Each key to the values that are tried alone. Those without are in `REFUSED` or in `COMBINATIONS`."""

_GOLD = {"tier": "gold", "example.com/for": ""}
_CONDITIONS = [
    {"key": "example.com/stage", "operator": "NotIn", "values": ["test", "old"]},
    {"key": "tier", "operator": "Exists"},
]
EXAMPLES |= stores.EXAMPLES | sleep.EXAMPLES
EXAMPLES |= {
    f"sync.{kind.path}.selector.{key}": [value]
    for kind in SYNCED
    if kind.selectable
    for key, value in (("matchLabels", _GOLD), ("matchExpressions", _CONDITIONS))
}
EXAMPLES |= {
    f"sync.{kind.path}.{key}": [] for kind in SYNCED if kind.mapped for key in ("enabled", "mappings.byName")
}

SWITCHES: dict[str, list[Any]] = {
    kind.switch: [True, False, *(["auto"] if kind.default == "auto" else [])]
    for kind in SYNCED
    if kind.switch and not kind.mapped
} | gateway.SWITCHES
"""The keys that follow from the catalog of kinds: a kind that is added has its examples."""

SWITCHED: list[dict[str, Any]] = [
    {key: value, "rbac.clusterRole.enabled": given}
    for key, values in SWITCHES.items()
    for value in values
    for given in (True, False, "auto")
] + gateway.SWITCHED
"""Kinds on and off, with and without rights outside the namespace."""

_SECRETS_OF_HOST = "sync.fromHost.secrets"
_BY_NAME: tuple[dict[str, str], ...] = (
    {"": "apps/*"},
    {"/ca": "apps/ca", "": "all"},
    {"shared/ca.crt": "apps/ca", "other/b": "apps/b", "team/own": "apps/own"},
    {"shared/*": "apps/*", "other/b": "apps/b"},
)

COMBINATIONS: list[dict[str, Any]] = [
    {},
    {f"{_PLANE}.service.spec.type": "NodePort", f"{_PLANE}.service.httpsNodePort": 30443},
    {f"{_ADVANCED}.defaultImageRegistry": "mirror.example/x", f"{_SET}.image": "me/syncer:1"},
    {f"{_ADVANCED}.defaultImageRegistry": "mirror.example/x", f"{_ETCD}.image.tag": SHA},
    {f"{_CLAIM}.enabled": False, f"{_ETCD}.extraArgs": _ARGS, f"{_SET}.image": "me/syncer:1"},
    {f"{_SET}.pods.annotations": {"vcli.dev/checksum": "mine"}},
    {
        "sync.toHost.serviceAccounts.enabled": True,
        f"{_ADVANCED}.workloadServiceAccount.imagePullSecrets": _SECRETS,
    },
    {"rbac.clusterRole.enabled": True, f"{_ADVANCED}.globalMetadata.annotations": _MAP},
    {
        f"{_ADVANCED}.globalMetadata.annotations": {"a": "global", "b": "global"},
        f"{_SET}.annotations": {"a": "own"},
        f"{_SET}.pods.annotations": {"vcli.dev/checksum": "mine", "c": "d"},
        f"{_PLANE}.service.annotations": {"b": "own"},
        f"{_COREDNS}.deployment.labels": {"k8s-app": "mine", "x": "y"},
    },
    *(
        {f"sync.{kind.path}.enabled": True, f"sync.{kind.path}.selector.{key}": value}
        for kind in SYNCED
        if kind.selectable
        for key, value in (("matchLabels", _GOLD), ("matchExpressions", _CONDITIONS))
    ),
    *(
        {f"{_SCHEDULER}.enabled": True, f"{_NODES}.enabled": True, **more}
        for more in (
            {},
            {"rbac.clusterRole.enabled": False},
            {"rbac.clusterRole.enabled": True, f"{_DISTRO}.imagePullPolicy": "Always"},
            {f"{_SCHEDULER}.extraArgs": _ARGS, f"{_SCHEDULER}.resources": _RESOURCES},
            {f"{_SCHEDULER}.image": "me/other:1", "sync.fromHost.csiNodes.enabled": False},
            {f"{_SCHEDULER}.image.registry": "mirror.example", f"{_SCHEDULER}.image.repository": "me/own"},
            {f"{_SCHEDULER}.image.tag": "v9", "sync.fromHost.storageClasses.enabled": True},
        )
    ),
    *custom.COMBINATIONS,
    *policies.COMBINATIONS,
    *stores.COMBINATIONS,
    *exposure.COMBINATIONS,
    *rendering.COMBINATIONS,
    # All at once; an image is one string here.
    {
        key: values[0]
        for key, values in EXAMPLES.items()
        if values and ".image." not in key and key != "exportKubeConfig.secret.name"
    },
    {"networking.resolveDNS": _MAPPED, "networking.advanced.clusterDomain": "corp.example"},
    {"networking.advanced.fallbackHostCluster": True},
    {"networking.replicateServices.fromHost": _FROM_HOST, "rbac.clusterRole.enabled": False},
    {f"{_NODES}.enabled": True, f"{_NODES}.selector.all": True, f"{_NODES}.clearImageStatus": False},
    {f"{_NODES}.enabled": True, f"{_NODES}.selector.labels": {"pool": "a", "example.com/b": ""}},
    *(
        {f"{_NODES}.enabled": True, f"{_NODES}.syncBackChanges": True, "rbac.clusterRole.enabled": given}
        for given in ("auto", True, False)
    ),
    *(
        {
            f"sync.{kind.path}.enabled": True,
            f"sync.{kind.path}.mappings.byName": by_name,
            "rbac.clusterRole.enabled": given,
        }
        for kind in SYNCED
        if kind.mapped
        for by_name in _BY_NAME
        for given in (True, "auto")
    ),
    {
        "exportKubeConfig.secret.name": "exported",
        "exportKubeConfig.secret.namespace": "tools",
        "exportKubeConfig.server": "https://demo.example.org",
        "exportKubeConfig.context": "mine",
        "exportKubeConfig.insecure": True,
    },
    *distros.COMBINATIONS,
    *off.OFF,
    *exposure.SERVICES,
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    *distros.REFUSED,
    *rendering.REFUSED,
    ({f"{_DISTRO}.version": "1.29.1"}, "older than 1.30"),
    ({f"{_DISTRO}.version": "1.31"}, "Name the patch as well"),
    ({f"{_DISTRO}.version": "latest"}, "version"),
    *ha.REFUSED,
    ({f"{_PLANE}.service.httpsNodePort": 30443}, "has no node port"),
    ({f"{_PLANE}.service.spec.type": "ExternalName"}, "type"),
    ({f"{_CLAIM}.size": "much"}, "size"),
    ({"controlPlane.coredns.enable": True}, "enable"),
    (
        {
            f"{_NODES}.enabled": True,
            f"{_NODES}.selector.all": True,
            f"{_NODES}.selector.labels": {"pool": "a"},
        },
        "not both",
    ),
    ({f"{_NODES}.selector.labels": {"pool": "a"}}, "of no use while Nodes are not synced"),
    ({f"{_NODES}.enabled": True, f"{_NODES}.selector.labels": {"pool": "a b"}}, "no label of a Node"),
    ({f"{_SELECTOR}.matchLabels": {"a b": "c"}}, "not a label key"),
    ({f"{_SELECTOR}.matchLabels": {"a": "b c"}}, "not a label's value"),
    ({f"{_SELECTOR}.matchExpressions": [{"key": "a b", "operator": "Exists"}]}, "key"),
    ({f"{_SELECTOR}.matchExpressions": [{"key": "a", "operator": "Equals"}]}, "operator"),
    ({f"{_SELECTOR}.matchExpressions": [{"key": "a", "operator": "In"}]}, "must be given for In"),
    (
        {f"{_SELECTOR}.matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
        "must be empty for Exists",
    ),
    (
        {f"{_SELECTOR}.matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]},
        "not a label's value",
    ),
    ({f"{_COREDNS}.deployment.replicas": "two"}, "replicas"),
    ({"exportKubeConfig.secret.namespace": "team"}, "of no use without secret.name"),
    (
        {"exportKubeConfig.secret.name": "a", "exportKubeConfig.additionalSecrets": [{"name": "b"}]},
        "not together with additionalSecrets",
    ),
    ({"exportKubeConfig.additionalSecrets": [{"name": "a"}, {"name": "a"}]}, "the name of another one"),
    ({"exportKubeConfig.additionalSecrets": [{"context": "a"}]}, "name"),
    ({"exportKubeConfig.additionalSecrets": [{"name": "a b"}]}, "name"),
    (
        {"exportKubeConfig.additionalSecrets": [{"name": "a", "serviceAccount": {"clusterRole": "view"}}]},
        "of no use without a name",
    ),
    ({f"{_SECRETS_OF_HOST}.enabled": True}, "no object is named"),
    *(
        ({f"{_SECRETS_OF_HOST}.enabled": True, f"{_SECRETS_OF_HOST}.mappings.byName": by_name}, message)
        for by_name, message in (
            ({"shared": "apps/*"}, "is not NAMESPACE/NAME, NAMESPACE/*, /NAME or the empty string"),
            ({"shared/a/b": "apps/a"}, "is not NAMESPACE/NAME, NAMESPACE/*, /NAME or the empty string"),
            ({"shared/*": "apps/a"}, "is not NAMESPACE/* or NAMESPACE"),
            ({"": "apps/a"}, "is not NAMESPACE/* or NAMESPACE"),
            ({"shared/a": "apps/*"}, "is not NAMESPACE/NAME"),
            ({"/a": "Apps/a"}, "is not NAMESPACE/NAME"),
            ({"/a": "apps/a", "shared/a": "apps/a"}, "can't both be apps/a"),
        )
    ),
    ({"networking.replicateServices.toHost": [{"from": "web", "to": "web"}]}, "from"),
    ({"networking.replicateServices.toHost": [{"from": "shop/web"}]}, "to"),
    ({"networking.replicateServices.toHost": [*_TO_HOST, _TO_HOST[0]]}, "web is taken"),
    ({"networking.replicateServices.fromHost": [*_FROM_HOST, _FROM_HOST[0]]}, "shop/own is taken"),
    ({"networking.resolveDNS": _MAPPED[:1], f"{_COREDNS}.enabled": False}, "of no use while"),
    ({"networking.resolveDNS": _MAPPED[:1], f"{_COREDNS}.overwriteConfig": "x"}, "of no use with"),
    (
        {"networking.advanced.fallbackHostCluster": True, f"{_COREDNS}.enabled": False},
        "of no use while",
    ),
    *(
        ({"networking.resolveDNS": mappings}, message)
        for mappings, message in (
            ([{"target": {"ip": "192.0.2.1"}}], "one of hostname, service, namespace: none is given"),
            ([{"hostname": "a.b"}], "one of hostname, ip, hostService, hostNamespace, vClusterService: none"),
            ([{**_MAPPED[0], "service": "a/b"}], "hostname and service are given"),
            ([{"namespace": "a", "target": {"hostService": "a/b"}}], "a namespace leads to a hostNamespace"),
            ([{"hostname": "a.cluster.local", "target": {"ip": "192.0.2.1"}}], "is in the cluster domain"),
            ([{"hostname": "*.local", "target": {"ip": "192.0.2.1"}}], "no Service would be found"),
            ([_MAPPED[0], _MAPPED[0]], "is mapped by"),
            ([{"hostname": "*.b", "target": {"hostname": "a.b"}}], "a.b is mapped itself"),
            ([{"hostname": "a.b", "target": {"ip": "nowhere"}}], "ip"),
            ([{"hostname": "a.b", "target": {"ip": "192.0.2.300"}}], "ip"),
        )
    ),
    ({f"{_SCHEDULER}.enabled": True}, "set sync.fromHost.nodes.enabled to true"),
    (
        {
            f"{_SCHEDULER}.enabled": True,
            f"{_NODES}.enabled": True,
            "sync.fromHost.storageClasses.enabled": False,
        },
        "a scheduler inside needs them",
    ),
    *custom.REFUSED,
    *policies.REFUSED,
    *stores.REFUSED,
    *(exposure.REFUSED + sleep.REFUSED),
]
"""Values that `vcli` refuses, and a part of what Helm says."""


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Dotted keys as the tree of a values file."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *above, last = path.split(".")
        at = tree
        for key in above:
            at = at.setdefault(key, {})
        at[last] = value
    return tree
