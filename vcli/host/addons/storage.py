"""A default StorageClass, whose volumes are folders of the node."""

from vcli.host.addons.addon import Addon, Object


def _storage_class() -> Object:
    """Volumes without any driver: kube-controller-manager's own provisioner makes a folder on the node."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/host-path",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }


STORAGE = Addon(
    name="storage",
    summary="volumes for claims",
    objects=lambda _: [_storage_class()],
)
