"""What the API lets change in a pod that exists."""

from vcli.syncer.translate.objects import Object


def mutable_patch(host: Object, desired: Object, *, resized: bool = True) -> Object | None:
    """The strategic merge patch that brings a live host pod to ``desired``, or None when nothing is to do.

    Args:
        host: the live host pod.
        desired: what ``to_host`` makes of the virtual pod now.
        resized: False while ``resize_patch`` is still due or was refused: then the patch doesn't claim
            that the host pod has reached the virtual pod's generation.
    """
    raise NotImplementedError


def resize_patch(host: Object, desired: Object) -> Object | None:
    """The strategic merge patch for the host pod's ``resize`` subresource, or None when nothing is to do."""
    raise NotImplementedError
