"""PersistentVolumeClaims."""

from collections.abc import Mapping

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


def to_host(claim: Object, *, scope: Scope, storage_classes: Mapping[str, str] | None = None) -> Object:
    """The complete host PersistentVolumeClaim.

    Args:
        claim: the virtual claim.
        scope: the virtual cluster.
        storage_classes: host StorageClass by virtual one; others keep their name.
    """
    raise NotImplementedError


def virtual_status(host: Object, virtual: Object) -> Object:
    """The status of the virtual claim."""
    raise NotImplementedError


def virtual_patch(host: Object, virtual: Object) -> Object | None:
    """The merge patch that brings volumeName and the binder's annotations to the virtual claim; None when nothing is to do."""
    raise NotImplementedError
