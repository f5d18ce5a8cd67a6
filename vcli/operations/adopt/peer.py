"""A virtual cluster of loft-sh's vcluster as it is on the host: all that adopting it takes to know."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vcli.bootstrap.certificate import blocks
from vcli.bootstrap.pki import Files
from vcli.catalog import MADE_ON_HOST
from vcli.config import document
from vcli.config.document import Document
from vcli.controlplane.apply import together
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import PVCS, SECRETS, SERVICES, Resource
from vcli.kube.types import Object, labels
from vcli.operations.adopt.marks import MANAGED_BY, virtual_name
from vcli.operations.resolve import VirtualCluster

KEY: Final = "config.yaml"
"""Of the Secret with the values; they are complete, with all defaults of the chart's version."""
STORE: Final = "data"
"""The volume of the store, and the name of its claim's template."""
_PKI: Final = ("ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "sa.pub")
_AUTHORITIES: Final = ("ca.crt", "server-ca.crt", "client-ca.crt")
_DISTRO: Final = ("controlPlane", "distro", "k8s")
_BACKING_STORE: Final = ("controlPlane", "backingStore")
_CLAIM: Final = ("controlPlane", "statefulSet", "persistence", "volumeClaim")
_VERSION: Final = re.compile(r"v?(1\.\d+\.\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What there is.

    Attributes:
        names: of the virtual cluster; most objects have the same with either tool.
        cluster: its main workload.
        service: the Service that owns all that was synced.
        values: of its chart, None where the Secret with them is missing.
        pki: the Secret with its keys, None where it is missing.
        claim: of its store, None where there is none.
        synced: what its syncer has made on the host, each with its kind.
    """

    names: Names
    cluster: VirtualCluster
    service: Object | None
    values: Document | None
    pki: Object | None
    claim: Object | None
    synced: tuple[Object, ...] = field(repr=False)

    @property
    def workload(self) -> Object:
        """The StatefulSet or Deployment, with its kind."""
        return {"apiVersion": "apps/v1", "kind": self.cluster.kind, **self.cluster.workload}

    @property
    def pod(self) -> Object:
        """The spec of its pod."""
        found: Object = self.workload["spec"]["template"]["spec"]
        return found

    @property
    def version(self) -> str | None:
        """Of its Kubernetes, by the image that its programs are copied from."""
        for container in self.pod.get("initContainers") or ():
            found = _VERSION.match(container["image"].rpartition(":")[2])
            if container["name"] == "kubernetes" and found:
                return f"v{found[1]}"
        return None

    @property
    def chart(self) -> str:
        """Which chart made it, ``vcluster-0.30.0``."""
        return labels(self.cluster.workload).get("chart", "of an unknown version")

    def said(self, path: str) -> Any:
        """What its values have at a path; None where they have nothing."""
        found: Any = self.values.data if self.values else None
        for key in path.split("."):
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def files(self) -> Files:
        """The authorities and the key of tokens: what is kept of its keys. All else is issued again."""
        data = (self.pki or {}).get("data") or {}
        return {name: base64.b64decode(data[name]) for name in _PKI if data.get(name)}

    def missing_files(self) -> list[str]:
        """Which of these are missing."""
        return sorted(set(_PKI) - self.files().keys())

    def has_several_authorities(self) -> bool:
        """Whether clients and servers are signed by different ones, or two are trusted."""
        data = (self.pki or {}).get("data") or {}
        found = {name: blocks(base64.b64decode(data[name])) for name in _AUTHORITIES if data.get(name)}
        return any(len(each) != 1 or each != found.get("ca.crt") for each in found.values())

    def adopted_values(self) -> Document:
        """Its values, with what is a default there and another one here: version, store and volume."""
        found = self.values or Document()
        place = f"secret/{self.names.values}"
        claim = {"enabled": True, **_of_claim(self.claim)}
        for keys, data in (
            ((*_DISTRO, "version"), self.version),
            ((*_BACKING_STORE, "database", "embedded", "enabled"), True),
            *(((*_CLAIM, key), value) for key, value in claim.items()),
        ):
            _put(found.data, keys, data)
            found.places[keys] = place
        _drop(found.data, (*_DISTRO, "image"))
        return found


def _of_claim(claim: Object | None) -> dict[str, Any]:
    spec = (claim or {}).get("spec") or {}
    found: dict[str, Any] = {}
    if size := ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        found["size"] = size
    if spec.get("storageClassName"):
        found["storageClass"] = spec["storageClassName"]
    if spec.get("accessModes"):
        found["accessModes"] = spec["accessModes"]
    return found


def _put(data: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    *above, last = keys
    for key in above:
        if not isinstance(data.get(key), dict):
            data[key] = {}
        data = data[key]
    data[last] = value


def _drop(data: dict[str, Any], keys: Sequence[str]) -> None:
    *above, last = keys
    for key in above:
        data = data.get(key) or {}
    data.pop(last, None)


async def read_peer(client: Client, cluster: VirtualCluster) -> Peer:
    """Read all of it.

    Raises:
        Forbidden: something may not be read.
        UsageError: its values are no mapping in YAML.
    """
    names = Names(cluster.name, cluster.namespace)

    async def get(resource: Resource, name: str) -> Object | None:
        try:
            return await client.get(resource, name, namespace=names.namespace)
        except NotFound:
            return None

    service, config, pki, claim, synced = await together(
        [
            get(SERVICES, names.service),
            get(SECRETS, names.values),
            get(SECRETS, names.certificates),
            get(PVCS, f"{STORE}-{names.pod}"),
            find_synced(client, names),
        ]
    )
    text = (config.get("data") or {}).get(KEY) if isinstance(config, dict) else None
    return Peer(
        names=names,
        cluster=cluster,
        service=_one(service),
        values=document.parse(base64.b64decode(text).decode(), f"secret/{names.values}") if text else None,
        pki=_one(pki),
        claim=_one(claim),
        synced=tuple(synced) if isinstance(synced, list) else (),
    )


def _one(found: Object | list[Object] | None) -> Object | None:
    return found if isinstance(found, dict) else None


async def find_synced(client: Client, names: Names) -> list[Object]:
    """What its syncer has made on the host for virtual objects, of the kinds that are synced here.

    Raises:
        ApiError: a kind that there is can't be listed.
    """

    async def listed(resource: Resource) -> list[Object]:
        try:
            found = await client.list(
                resource, namespace=names.namespace, label_selector=f"{MANAGED_BY}={names.cluster}"
            )
        except NotFound:  # a kind that this host doesn't have
            return []
        except Forbidden:
            if resource.group:  # what we may not see, we could not have synced either
                return []
            raise
        return list(found["items"])

    kinds = [resource for resource in MADE_ON_HOST if resource.namespaced]
    return [obj for found in await together(map(listed, kinds)) for obj in found if virtual_name(obj)]
