"""A default StorageClass, whose volumes are folders of a node."""

from vcli.host.addons.addon import Addon, Facts
from vcli.host.local_volumes import PROVISIONER as LOCAL
from vcli.kube.types import Object


def _storage_class(facts: Facts) -> Object:
    """Volumes without any driver: kube-controller-manager's own provisioner makes a folder on the one node.

    That one knows of no nodes. With several, a volume is made where its pod is.
    """
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": LOCAL if facts.several else "kubernetes.io/host-path",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer" if facts.several else "Immediate",
    }


STORAGE = Addon(
    name="storage",
    summary="volumes for claims",
    objects=lambda facts: [_storage_class(facts)],
)
