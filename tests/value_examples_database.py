"""Values about databases: some that belong together, and what is refused; see `value_examples`."""

from typing import Any

_STORE = "controlPlane.backingStore"
_SQLITE = f"{_STORE}.database.embedded"
_EXTERNAL = f"{_STORE}.database.external"
_CLAIM = "controlPlane.statefulSet.persistence.volumeClaim"
_WHOLE = "controlPlane.statefulSet.resources"
_ARGS = ["--debug", "--compact-min-retain=5", 'a "b" \\ {{ c }}']
_RESOURCES = {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}}
_ON = {f"{_SQLITE}.enabled": True}
_MYSQL = {
    f"{_EXTERNAL}.enabled": True,
    f"{_EXTERNAL}.dataSource": "mysql://vc:p@ss/w:rd@tcp(db.example.com:3306)/vc?tls=true",
}
_POSTGRES = {
    f"{_EXTERNAL}.enabled": True,
    f"{_EXTERNAL}.dataSource": "postgres://vc:p%40ss@[fd00::1]:5432/vc?sslmode=verify-full",
}
_OF_A_SECRET = {f"{_EXTERNAL}.enabled": True, f"{_EXTERNAL}.secretName": "database"}

EXAMPLES: dict[str, list[Any]] = {
    f"{part}.{key}": []  # only together
    for part in (_SQLITE, _EXTERNAL)
    for key in (
        *("enabled", "image", "image.registry", "image.repository", "image.tag", "extraArgs", "resources"),
        *(("dataSource", "secretName", "caFile", "certFile", "keyFile") if part == _EXTERNAL else ()),
    )
}

COMBINATIONS: list[dict[str, Any]] = [
    _ON,
    {**_ON, f"{_CLAIM}.enabled": False, f"{_STORE}.etcd.embedded.enabled": False},
    {
        **_ON,
        f"{_SQLITE}.image": "mirror.example/me/kine:1",
        f"{_SQLITE}.extraArgs": _ARGS,
        f"{_SQLITE}.resources": _RESOURCES,
        f"{_CLAIM}.size": "1Gi",
        "controlPlane.distro.k8s.imagePullPolicy": "Always",
    },
    {**_ON, "controlPlane.advanced.defaultImageRegistry": "mirror.example/x", f"{_SQLITE}.image.tag": "v9"},
    {**_ON, f"{_SQLITE}.image.registry": "mirror.example", f"{_SQLITE}.image.repository": "me/kine"},
    _MYSQL,
    {**_MYSQL, f"{_EXTERNAL}.image": "mirror.example/me/kine:1"},
    {**_MYSQL, f"{_EXTERNAL}.image.tag": "v9"},
    {**_POSTGRES, **_OF_A_SECRET, f"{_EXTERNAL}.caFile": "root.pem", f"{_EXTERNAL}.extraArgs": _ARGS},
    {
        **_OF_A_SECRET,
        f"{_EXTERNAL}.certFile": "tls.crt",
        f"{_EXTERNAL}.keyFile": "tls.key",
        f"{_EXTERNAL}.resources": _RESOURCES,
        f"{_EXTERNAL}.image.registry": "mirror.example",
        f"{_EXTERNAL}.image.repository": "me/kine",
    },
    _OF_A_SECRET,
    # The whole control plane's resources, of which the store gets its share.
    {**_ON, _WHOLE: {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "8Gi"}}},
    {**_MYSQL, _WHOLE: {"limits": {"cpu": "4"}}},
    {**_ON, _WHOLE: {"requests": {"cpu": "2"}}, f"{_SQLITE}.resources": _RESOURCES},
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({**_ON, **_MYSQL}, "one store only, and database.embedded and database.external"),
    ({**_ON, f"{_STORE}.etcd.embedded.enabled": True}, "one store only, and database.embedded and etcd.emb"),
    (
        {
            **_ON,
            f"{_STORE}.etcd.external.enabled": True,
            f"{_STORE}.etcd.external.endpoint": "http://etcd:2379",
        },
        "one store only, and database.embedded and etcd.external",
    ),
    ({**_ON, f"{_STORE}.etcd.embedded.extraArgs": ["--x"]}, "of no use with a database"),
    ({**_MYSQL, f"{_CLAIM}.size": "1Gi"}, "of no use with an external database"),
    ({f"{_EXTERNAL}.enabled": True}, "dataSource: must be given"),
    *(
        ({**_MYSQL, f"{_EXTERNAL}.dataSource": wrong}, "dataSource: is none of a database")
        for wrong in (
            "mysql://me:hush@db:3306/vc",
            "mysql://me:hush@/vc",
            "postgres://me:h@ush@db:5432/vc",
            "nats://me:hush@db",
            "https://etcd:2379",
            "sqlite:///data/hush.db",
            "mysql://me:hush@tcp(db:3306)/",
        )
    ),
    ({**_MYSQL, f"{_EXTERNAL}.caFile": "ca.crt"}, "caFile: a key of a Secret, and none is named"),
    ({**_MYSQL, f"{_EXTERNAL}.secretName": "x"}, "nothing of the Secret is used"),
    ({**_OF_A_SECRET, f"{_EXTERNAL}.certFile": "tls.crt"}, "both, or none"),
    ({**_OF_A_SECRET, f"{_EXTERNAL}.caFile": "/etc/ca.crt"}, "caFile"),
    ({**_ON, "controlPlane.distro.k3s.enabled": True}, "a store of its own"),
]
