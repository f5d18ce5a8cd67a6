"""An etcd that somebody else runs: nothing of the store is in the control plane's pod."""

from typing import Final

from vcli.config.schema import Values
from vcli.config.schema_stores import StoreTls
from vcli.controlplane.components import Store
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.stores import PREFIX

_VOLUME: Final = "store-tls"
_FOLDER: Final = "/store-tls"


def store(names: Names, values: Values, facts: Facts) -> Store:  # noqa: ARG001  as all stores
    """The endpoint, and what the API server needs to speak to it.

    Args:
        names: of the virtual cluster: its keys are below a prefix of its own.
        values: what the user chose.
        facts: about the host.
    """
    external = values.control_plane.backing_store.etcd.external
    prefix = external.prefix or f"/vcli/{names.namespace}/{names.cluster}"
    flags = (f"{PREFIX}{prefix}", *_files(external.tls))
    if not external.tls.secret_name:
        return Store(endpoint=external.endpoint, flags=flags)
    return Store(
        endpoint=external.endpoint,
        flags=flags,
        volume={"name": _VOLUME, "secret": {"secretName": external.tls.secret_name, "defaultMode": 0o440}},
        mount={"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True},
    )


def _files(tls: StoreTls) -> list[str]:
    if not tls.secret_name:
        return []
    named = {"cafile": tls.ca_file, "certfile": tls.cert_file, "keyfile": tls.key_file}
    return [f"--etcd-{flag}={_FOLDER}/{key}" for flag, key in named.items() if key]
