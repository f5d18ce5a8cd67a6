"""Values about stores: some that belong together, and what is refused; see `value_examples`."""

from typing import Any

import value_examples_database as database

_STORE = "controlPlane.backingStore.etcd"
_EXTERNAL = f"{_STORE}.external"
_CLAIM = "controlPlane.statefulSet.persistence.volumeClaim"
_HTTP = {f"{_EXTERNAL}.enabled": True, f"{_EXTERNAL}.endpoint": "http://etcd.infra:2379"}
_HTTPS = {
    f"{_EXTERNAL}.enabled": True,
    f"{_EXTERNAL}.endpoint": "https://a.example:2379,https://[fd00::2]:2379",
    f"{_EXTERNAL}.tls.secretName": "etcd-client",
}

EXAMPLES: dict[str, list[Any]] = {
    f"{_STORE}.embedded.enabled": [True, "auto"],
    **{
        f"{_EXTERNAL}.{key}": []  # only together
        for key in ("enabled", "endpoint", "prefix", "tls.secretName", "tls.caFile")
    },
    **{f"{_EXTERNAL}.tls.{key}": [] for key in ("certFile", "keyFile")},
    **database.EXAMPLES,
}

COMBINATIONS: list[dict[str, Any]] = [
    _HTTP,
    {**_HTTP, f"{_EXTERNAL}.prefix": "/shared/one", f"{_STORE}.embedded.enabled": False},
    _HTTPS,
    {**_HTTPS, f"{_EXTERNAL}.tls.caFile": "root.pem", f"{_EXTERNAL}.tls.keyFile": "client.pem"},
    {**_HTTPS, f"{_EXTERNAL}.tls.certFile": "", f"{_EXTERNAL}.tls.keyFile": ""},
    *database.COMBINATIONS,
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({f"{_EXTERNAL}.enabled": True}, "must be given"),
    ({**_HTTP, f"{_EXTERNAL}.endpoint": "etcd.infra:2379"}, "endpoint"),
    ({**_HTTP, f"{_EXTERNAL}.endpoint": "http://me:secret@etcd.infra:2379"}, "endpoint"),
    ({**_HTTP, f"{_EXTERNAL}.endpoint": "http://a:2379,https://b:2379"}, "all of them http"),
    ({**_HTTP, f"{_EXTERNAL}.prefix": "no/slash"}, "prefix"),
    ({**_HTTP, f"{_EXTERNAL}.tls.secretName": "x"}, "of no use with http"),
    ({**_HTTP, f"{_STORE}.embedded.enabled": True}, "one store only"),
    ({**_HTTP, f"{_STORE}.embedded.extraArgs": ["--x"]}, "of no use with an external etcd"),
    ({**_HTTP, f"{_CLAIM}.size": "1Gi"}, "of no use with an external etcd"),
    ({**_HTTPS, f"{_EXTERNAL}.tls.secretName": ""}, "must be given for https"),
    ({**_HTTPS, f"{_EXTERNAL}.tls.caFile": ""}, "must be given for https"),
    ({**_HTTPS, f"{_EXTERNAL}.tls.caFile": "/etc/etcd/ca.crt"}, "caFile"),
    ({**_HTTPS, f"{_EXTERNAL}.tls.certFile": ""}, "both, or none"),
    *database.REFUSED,
]
