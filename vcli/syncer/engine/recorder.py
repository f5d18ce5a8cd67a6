"""Warning events on virtual objects: how a tenant learns what the host said no to."""

import datetime as dt
import hashlib
from typing import Any

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.resources import EVENTS, Resource
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.events")

Object = dict[str, Any]

COMPONENT = "vcli-syncer"
_LONGEST_MESSAGE = 1024
_REMEMBERED = 1000


class Recorder:
    """Writes events. The same thing said again raises the count of the first, at most at each power of two.

    A refusal is retried with backoff for ever; one event a retry would fill the tenant's store.
    """

    def __init__(self, virtual: Client) -> None:
        self._virtual = virtual
        self._said: dict[str, tuple[int, str]] = {}

    async def warn(self, resource: Resource, obj: Object, *, reason: str, message: str) -> None:
        """Tell about `obj`. Failing to is logged and nothing else: an event is never worth a retry.

        Args:
            resource: of the object.
            obj: a virtual object.
            reason: one word, in CamelCase.
            message: for the tenant, without host names.
        """
        metadata = obj["metadata"]
        message = message[:_LONGEST_MESSAGE]
        digest = hashlib.sha256("\0".join((metadata["uid"], reason, message)).encode()).hexdigest()[:16]
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        count, first = self._said.pop(digest, (0, now))
        count += 1
        self._said[digest] = (count, first)  # back at the end: the oldest one is forgotten first
        if len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        if count & (count - 1):
            return
        namespace = metadata.get("namespace") or "default"
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name'][:200]}.{digest}", "namespace": namespace},
            "involvedObject": {
                "apiVersion": resource.api_version,
                "kind": resource.kind,
                "name": metadata["name"],
                "uid": metadata["uid"],
                **({"namespace": metadata["namespace"]} if metadata.get("namespace") else {}),
            },
            "reason": reason,
            "message": message,
            "type": "Warning",
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "firstTimestamp": first,
            "lastTimestamp": now,
            "count": count,
        }
        try:
            await self._virtual.apply(EVENTS, event, namespace=namespace, field_manager=COMPONENT)
        except VcliError as error:
            log.debug(
                "event not written", object=f"{namespace}/{metadata['name']}", reason=reason, error=error
            )
