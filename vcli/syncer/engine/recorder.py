"""Warning events: how a tenant learns what the host has rejected, and an administrator what is amiss."""

import datetime as dt
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import EVENTS, Resource
from vcli.kube.types import Event, Object, ObjectMeta, ObjectReference, plain
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.events")


COMPONENT = "vcli-syncer"
_LONGEST_MESSAGE = 1024
_REMEMBERED = 4096
_USED: Final = re.compile(r"used: .*?, limited:")
"""In the message of a quota, the only part that others change."""
_NEWS_EVERY: Final = dt.timedelta(seconds=30)


@dataclass(slots=True)
class _Said:
    """What was said of an object: how often, since when, and which words were written last, and when."""

    first: str
    count: int = 0
    message: str = ""
    written: dt.datetime | None = None


class Recorder:
    """Writes events. The same thing said again raises the count of the first, at most at each power of two.

    A refusal is retried with backoff without end; one event a retry would fill the tenant's store. A quota's
    message says what is used at the moment: with another number it is the same thing, and the number is
    written only now and then.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._said: dict[str, _Said] = {}

    async def warn(self, resource: Resource, obj: Object, *, reason: str, message: str) -> None:
        """Tell about `obj`. Failing to is logged and nothing else: an event is never worth a retry.

        Args:
            resource: of the object.
            obj: the object, in the cluster of the client.
            reason: one word, in CamelCase.
            message: for the tenant, without host names.
        """
        metadata: ObjectMeta = obj["metadata"]
        message = message[:_LONGEST_MESSAGE]
        digest = _digest(metadata["uid"], reason, _USED.sub("", message))
        moment = dt.datetime.now(dt.UTC)
        said = self._said.pop(digest, None) or _Said(_stamp(moment))
        said.count += 1
        self._said[digest] = said  # back at the end: the oldest one is forgotten first
        if len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        is_news = message != said.message and (said.written is None or moment - said.written >= _NEWS_EVERY)
        if said.count & (said.count - 1) and not is_news:
            return
        said.message, said.written = message, moment
        event = _event(resource, metadata, digest=digest, reason=reason, message=message)
        event |= {"firstTimestamp": said.first, "lastTimestamp": _stamp(moment), "count": said.count}
        namespace = event["metadata"]["namespace"]
        try:
            await self._client.apply(EVENTS, plain(event), namespace=namespace, field_manager=COMPONENT)
        except VcliError as error:
            log.debug(
                "event not written", object=f"{namespace}/{metadata['name']}", reason=reason, error=error
            )

    async def warn_once(self, resource: Resource, obj: Object, *, reason: str, message: str) -> None:
        """Tell about `obj` what stays true while it is there: one event, also if the syncer starts again.

        Args:
            resource: of the object.
            obj: the object, in the cluster of the client; of it, the metadata.
            reason: one word, in CamelCase; emitted once for each.
            message: for the tenant, without host names.

        Raises:
            ApiError: the event is not there, and was not taken.
        """
        metadata: ObjectMeta = obj["metadata"]
        digest = _digest(metadata["uid"], reason)
        event = _event(resource, metadata, digest=digest, reason=reason, message=message[:_LONGEST_MESSAGE])
        now = _stamp(dt.datetime.now(dt.UTC))
        event |= {"firstTimestamp": now, "lastTimestamp": now, "count": 1}
        with suppress(AlreadyExists):
            await self._client.create(EVENTS, plain(event))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _event(resource: Resource, metadata: ObjectMeta, *, digest: str, reason: str, message: str) -> Event:
    """A Warning about an object; events about cluster-scoped ones are in `default`."""
    involved: ObjectReference = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    if metadata.get("namespace"):
        involved["namespace"] = metadata["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name'][:200]}.{digest}",
            "namespace": metadata.get("namespace") or "default",
        },
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": "Warning",
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }
