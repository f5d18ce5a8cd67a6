"""The host pod for a virtual pod."""

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods.context import PodContext


def to_host(pod: Object, context: PodContext) -> Object:
    """The complete host pod, ready to be created."""
    raise NotImplementedError


def ephemeral_containers(pod: Object, context: PodContext) -> list[Object]:
    """The virtual pod's ``spec.ephemeralContainers`` for the host pod's ``ephemeralcontainers`` subresource."""
    raise NotImplementedError


def unsupported(pod: Object) -> list[str]:
    """Why a pod can't run on the host, one sentence each, for a Warning event; empty when it can."""
    raise NotImplementedError
