"""Warning events on virtual objects about what the host rejects, in the tenant's own names."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from vcli.kube.errors import AlreadyExists, ApiError, Forbidden, Invalid
from vcli.kube.resources import Resource
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.metadata import host_name_for

REASON: Final = "SyncFailed"
IGNORED: Final = "Ignored"
"""Reason of an event about a field that the host does not get."""
UNAVAILABLE: Final = "Unavailable"
"""Reason of an event about an object of a kind that the host does not let us list."""
_BAD_REQUEST: Final = 400
_TOO_LARGE: Final = 413
_OF_ITS_SIZE: Final = ("ResourceExhausted", "request is too large")
"""How an API server reports that etcd does not take an object of this size, as 500."""
_WEBHOOK: Final = re.compile(r'failed calling webhook "[^"]*"')


@asynccontextmanager
async def warn_on_rejection(
    ctx: SyncContext, resource: Resource, virtual: Object, *, names: Mapping[str, str] | None = None
) -> AsyncIterator[None]:
    """Emit a Warning event on the virtual object when the host rejects a write inside; the error goes on.

    Args:
        ctx: both clusters.
        resource: of the virtual object.
        virtual: the object that the writes inside are for.
        names: further host names that the message may hold, to virtual ones.

    Raises:
        ApiError: the rejection; the controller retries with backoff.
    """
    try:
        yield
    except ApiError as error:
        if message := rejection(error):
            await emit_warning(ctx, resource, virtual, message, names=names)
        raise


async def emit_warning(
    ctx: SyncContext,
    resource: Resource,
    virtual: Object,
    message: str,
    *,
    names: Mapping[str, str] | None = None,
    reason: str = REASON,
) -> None:
    """Emit a Warning event on a virtual object; host names in the message become virtual ones."""
    name = name_of(virtual)
    known = {host_name_for(name, kind=resource.kind, scope=ctx.scope): name.name, **(names or {})}
    text = rewrite(message, known, namespace=name.namespace, scope=ctx.scope)
    await ctx.recorder.warn(resource, virtual, reason=reason, message=text)


def is_over_quota(error: ApiError) -> bool:
    """Whether a ResourceQuota rejected it: what is there now leaves no room."""
    return isinstance(error, Forbidden) and "exceeded quota" in error.message


def rejection(error: ApiError) -> str:
    """What the host says against it: quota, admission, RBAC, validation, a name that is taken, its size.

    Empty for an error that says nothing about the object: the host is busy, or away.
    """
    if isinstance(error, (Forbidden, Invalid, AlreadyExists)) or error.status == _BAD_REQUEST:
        return error.message
    if error.status == _TOO_LARGE or any(words in error.message for words in _OF_ITS_SIZE):
        return f"too large for the host: {error.message}"
    # The address of the webhook, which is the rest of it, is nothing for a tenant to know.
    webhook = _WEBHOOK.search(error.message)
    return f"{webhook[0]}: it does not answer" if webhook else ""
