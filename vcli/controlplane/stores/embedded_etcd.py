"""One etcd member in the control plane's pod."""

from typing import Final

from vcli.config.schema import Values, VolumeClaim
from vcli.contract.settings import ETCD_INSIDE
from vcli.controlplane.components import Store, load
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.images import place
from vcli.controlplane.names import Names
from vcli.kube.types import Object

_VOLUME: Final = "data"


def store(names: Names, values: Values, facts: Facts) -> Store:
    """etcd, with its data on a claim, or in a volume that ends with the pod.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host.
    """
    plane = values.control_plane
    chosen, claim = plane.backing_store.etcd.embedded, plane.stateful_set.persistence.volume_claim
    (etcd,) = load("control-plane/stores/embedded-etcd.yaml", names).values()
    # Where the data is to end with the pod anyway, it is no use to wait for the disk at every write.
    unsynced = ("--unsafe-no-fsync",) if claim.enabled is False else ()
    etcd = etcd.configured(
        image=place(chosen.image, values).reference(),
        pull_policy=plane.distro.k8s.image_pull_policy,
        resources=chosen.resources,
        more_args=(*unsynced, *chosen.extra_args),
    )
    if wants_claim(claim, facts.storage) or plane.stateful_set.high_availability.is_on:
        return Store(endpoint=ETCD_INSIDE, components=(etcd,), claims=(_claim(names, claim),))
    return Store(endpoint=ETCD_INSIDE, components=(etcd.having({"name": _VOLUME, "emptyDir": {}}),))


def claims(names: Names, values: Values, facts: Facts) -> tuple[Object, ...]:
    """The volume claim templates of any store in the pod; none where its data ends with the pod.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host.
    """
    claim = values.control_plane.stateful_set.persistence.volume_claim
    return (_claim(names, claim),) if wants_claim(claim, facts.storage) else ()


def wants_claim(claim: VolumeClaim, storage: Storage | None) -> bool:
    """Whether the data is kept on a volume claim."""
    return storage is not None if claim.enabled == "auto" else claim.enabled


def _claim(names: Names, claim: VolumeClaim) -> Object:
    wanted: Object = {
        "accessModes": list(claim.access_modes),
        "resources": {"requests": {"storage": claim.size}},
        "volumeMode": "Filesystem",
    }
    if claim.storage_class:
        wanted["storageClassName"] = claim.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": _VOLUME, "labels": names.labels},
        "spec": wanted,
        # These and the volume mode are defaults: written out, as tools compare this list as a whole.
        "status": {"phase": "Pending"},
    }
