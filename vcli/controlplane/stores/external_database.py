"""A database outside the cluster, by way of kine: nothing of the data is in the control plane's pod."""

import base64
import hashlib
from typing import Final

from vcli.config.data_source import KEY, place_of
from vcli.config.schema import Values
from vcli.config.schema_database import ExternalDatabase
from vcli.contract.settings import ETCD_INSIDE
from vcli.controlplane.components import Store
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.stores import PREFIX, kine
from vcli.kube.types import Object

_VOLUME: Final = "store-tls"
_FOLDER: Final = "/store-tls"
_FILES: Final = {"ca-file": "ca_file", "cert-file": "cert_file", "key-file": "key_file"}


def store(names: Names, values: Values, facts: Facts) -> Store:  # noqa: ARG001  as all stores
    """kine, which finds out from a Secret where the database is: that may have a password.

    Args:
        names: of the virtual cluster: its keys are below a prefix of its own.
        values: what the user chose.
        facts: about the host.
    """
    external = values.control_plane.backing_store.database.external
    files = {flag: getattr(external, key) for flag, key in _FILES.items() if getattr(external, key)}
    flags = tuple(f"--{flag}={_FOLDER}/{key}" for flag, key in files.items())
    component = kine.component(names, values, external, instead=(), more=flags)
    component.container["env"] = _environment(names, external)
    component.container["volumeMounts"] = []
    if files:
        component.container["volumeMounts"] = [{"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True}]
        secret = {"secretName": external.secret_name, "defaultMode": 0o440}
        component = component.having({"name": _VOLUME, "secret": secret})
    prefix = f"{PREFIX}/vcli/{names.namespace}/{names.cluster}"
    return Store(endpoint=ETCD_INSIDE, flags=(prefix,), components=(component,))


def secret(names: Names, values: Values) -> list[Object]:
    """The Secret with the data source of the values, if they have one."""
    source = values.control_plane.backing_store.database.external.data_source
    if not source:
        return []
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": names.data_source},
            "data": {KEY: base64.b64encode(source.encode()).decode()},
            "type": "Opaque",
        }
    ]


def _environment(names: Names, external: ExternalDatabase) -> list[Object]:
    source = external.data_source
    reference = {"name": names.data_source if source else external.secret_name, "key": KEY}
    found: list[Object] = [{"name": "KINE_ENDPOINT", "valueFrom": {"secretKeyRef": reference}}]
    if source:
        found += [
            {"name": kine.DATABASE, "value": place_of(source)},
            # Another password restarts the pod. So few digits tell nothing of it.
            {"name": "CHECKSUM", "value": hashlib.sha256(source.encode()).hexdigest()[:4]},
        ]
    return found
