"""Values about custom resources: some that belong together, and what is refused; see `value_examples`."""

from typing import Any

_CUSTOM = "sync.toHost.customResources"
_SECRET = {"apiVersion": "v1", "kind": "Secret"}
_TO_HOST: list[dict[str, Any]] = [
    {
        "issuers.cert-manager.io": {"enabled": True},
        "certificates.cert-manager.io": {
            "enabled": True,
            "scope": "Namespaced",
            "patches": [
                {"path": "spec.secretName", "reference": _SECRET},
                {
                    "path": 'spec.refs[*]["a.b/c"]',
                    "reference": {
                        **_SECRET,
                        "apiVersionPath": "apiVersion",
                        "kindPath": "kind",
                        "namePath": "name",
                        "namespacePath": "",
                    },
                },
                {"path": "spec.selector", "labels": {}},
            ],
        },
        "off.example.com": {"enabled": False, "scope": "Cluster"},
    },
    {"clusters.example.com": {"enabled": True, "scope": "Cluster"}},
    {"off.example.com": {"enabled": False}},
]
"""Custom resources by their names, whose dots are no steps of a path."""

_SHOWN = "sync.fromHost.customResources"
_FROM_HOST: list[dict[str, Any]] = [
    {
        "clusterissuers.cert-manager.io": {
            "enabled": True,
            "scope": "Cluster",
            "selector": {"matchLabels": {"tier": "gold"}},
        },
        "issuers.example.com": {
            "enabled": True,
            "scope": "Namespaced",
            "mappings": {"byName": {"": "team/*", "/one": "team/other"}},
        },
        "gateways.example.com": {
            "enabled": True,
            "scope": "Namespaced",
            "mappings": {"byName": {"infra/*": "infra/*", "infra/web": "web/a"}},
            "selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
        },
    },
    {"off.example.com": {"enabled": False, "scope": "Cluster"}},
]

COMBINATIONS: list[dict[str, Any]] = [
    *({_CUSTOM: custom, "rbac.clusterRole.enabled": given} for custom in _TO_HOST for given in (True, False)),
    *({_CUSTOM: custom} for custom in _TO_HOST),
    *(
        {_SHOWN: {**shown}, "rbac.clusterRole.enabled": given}
        for shown in _FROM_HOST
        for given in (True, False, "auto")
    ),
    {_CUSTOM: _TO_HOST[0], _SHOWN: _FROM_HOST[0]},
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    *(
        ({_CUSTOM: {name: {"enabled": True, **more}}}, message)
        for name, more, message in (
            ("certificates", {}, "certificates"),
            ("deployments.apps", {}, "deployments.apps"),
            ("ingresses.networking.k8s.io", {}, "a kind that vcli knows"),
            ("roles.rbac.authorization.k8s.io", {}, "a kind of Kubernetes itself"),
            ("a.example.com", {"scope": "Global"}, "scope"),
            ("a.example.com", {"patches": [{"path": "spec.a"}]}, "one of reference and labels"),
            (
                "a.example.com",
                {"patches": [{"path": "spec.a", "labels": {}, "reference": _SECRET}]},
                "one of reference and labels",
            ),
            ("a.example.com", {"patches": [{"path": "spec.a", "labels": {"a": "b"}}]}, "labels"),
            ("a.example.com", {"patches": [{"path": "spec..a", "labels": {}}]}, "path"),
            ("a.example.com", {"patches": [{"path": "metadata.name", "labels": {}}]}, "can't be patched"),
            ("a.example.com", {"patches": [{"path": "status.a", "labels": {}}]}, "can't be patched"),
            ("a.example.com", {"patches": [{"path": "spec.a", "expression": "value"}]}, "expression"),
            (
                "a.example.com",
                {"patches": [{"path": "spec.a", "reference": {**_SECRET, "kindPath": "kind"}}]},
                "of no use without namePath",
            ),
            (
                "a.example.com",
                {"patches": [{"path": "spec.a", "reference": {**_SECRET, "namePath": "a[*].b"}}]},
                "namePath",
            ),
            (
                "a.example.com",
                {"patches": [{"path": "spec.a", "reference": {"kind": "Secret"}}]},
                "apiVersion",
            ),
        )
    ),
    ({_CUSTOM: {"a.example.com": {"scope": "Cluster"}}}, "enabled"),
    *(
        (
            {_SHOWN: {"a.example.com": {"enabled": True, "scope": scope, "mappings": {"byName": by_name}}}},
            message,
        )
        for scope, by_name, message in (
            ("Cluster", {"a/b": "c/d"}, "of no use for what is in no namespace"),
            ("Namespaced", {}, "must be given"),
            ("Namespaced", {"a": "c/d"}, "is not NAMESPACE/NAME, NAMESPACE/*, /NAME or the empty string"),
            ("Namespaced", {"a/b": "d"}, "is not NAMESPACE/NAME"),
            ("Namespaced", {"a/b": ""}, "is not NAMESPACE/NAME"),
            ("Namespaced", {"a/b/c": "a/b"}, "is not NAMESPACE/NAME, NAMESPACE/*, /NAME or the empty string"),
            ("Namespaced", {"a/*": "c/d"}, "is not NAMESPACE/* or NAMESPACE"),
            ("Namespaced", {"": "c/d"}, "is not NAMESPACE/* or NAMESPACE"),
            ("Namespaced", {"a/b": "c/*"}, "is not NAMESPACE/NAME"),
            ("Namespaced", {"a/b": "c/d", "b/b": "c/d"}, "can't both be c/d"),
        )
    ),
    ({_SHOWN: {"a.example.com": {"enabled": True}}}, "scope"),
    (
        {
            _SHOWN: {
                "a.example.com": {
                    "enabled": True,
                    "scope": "Cluster",
                    "selector": {"matchLabels": {"a b": "c"}},
                }
            }
        },
        "not a label key",
    ),
    (
        {
            _SHOWN: {"a.example.com": {"enabled": True, "scope": "Cluster"}},
            _CUSTOM: {"a.example.com": {"enabled": True, "scope": "Cluster"}},
        },
        "one direction for each resource",
    ),
]
"""Values that `vcli` refuses, and a part of what Helm says."""
