"""Events about host objects, translated for their virtual ones."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final, cast

from vcli.kube.types import Event, ObjectMeta, ObjectReference, plain
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods import hosts
from vcli.syncer.translate.pods.references import token_secret_name
from vcli.syncer.translate.pods.words import own_words
from vcli.syncer.translate.scope import Scope

_COPIED: Final = (
    "action",
    "count",
    "eventTime",
    "firstTimestamp",
    "lastTimestamp",
    "reason",
    "reportingComponent",
    "reportingInstance",
    "series",
    "source",
    "type",
)
_OF_THE_CONTAINER: Final = frozenset({"ProbeWarning", "Unhealthy"})
"""Reasons of events whose message is what a probe of the tenant's has said."""
_LONGEST_NAME: Final = 253
_CONTAINER: Final = re.compile(r"spec\.(?:containers|initContainers|ephemeralContainers)\{(.+)\}")


def to_virtual(
    event: Object, involved: Object, *, scope: Scope, names: Mapping[str, str] | None = None
) -> Object:
    """The virtual Event for a host Event.

    Args:
        event: the host Event.
        involved: the virtual object it is about, with apiVersion and kind.
        scope: the virtual cluster.
        names: further host names that the message may hold, to virtual ones (``pods.pod_names``).
    """
    metadata: ObjectMeta = involved["metadata"]
    namespace = metadata.get("namespace") or "default"
    about: ObjectReference = event["involvedObject"]
    known = {about.get("name", ""): metadata["name"], **(names or {})}
    known.pop("", None)
    copied = cast("Event", {key: event[key] for key in _COPIED if event.get(key) is not None})
    reference: ObjectReference = {
        "apiVersion": involved["apiVersion"],
        "kind": involved["kind"],
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
        "resourceVersion": metadata.get("resourceVersion", ""),
        "fieldPath": about.get("fieldPath", ""),
    }
    virtual: Event = {
        **copied,
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": virtual_name(event, metadata["name"]), "namespace": namespace},
        "involvedObject": cast("ObjectReference", {key: value for key, value in reference.items() if value}),
        "message": _message(event, involved, known, scope),
    }
    return plain(virtual)


def _message(event: Object, involved: Object, known: Mapping[str, str], scope: Scope) -> str:
    text: str = event.get("message") or ""
    if involved["kind"] != "Pod":
        own: set[str] = set()
    elif event.get("reason") in _OF_THE_CONTAINER:
        return text
    else:
        own = own_words(involved)
    namespace = involved["metadata"].get("namespace") or "default"
    return rewrite(text, known, namespace=namespace, scope=scope, own=own)


def is_of_the_host(event: Object, involved: Object, *, scope: Scope) -> bool:
    """Whether an event is about something that the tenant's pod doesn't have.

    That is a container which the host's admission put in, or the Secret of its tokens, which a kubelet may
    miss for a moment.
    """
    host = cast("Event", event)
    about, message = host["involvedObject"], host.get("message", "")
    if about.get("kind") != "Pod":
        return False
    if host.get("reason") == "FailedMount" and token_secret_name(involved, scope) in message:
        return True
    match = _CONTAINER.fullmatch(about.get("fieldPath") or "")
    if not match or (match[1] == hosts.CONTAINER and host.get("type") == "Warning"):
        return False
    spec = involved["spec"]
    groups = (spec.get(name) or () for name in ("containers", "initContainers", "ephemeralContainers"))
    return all(container["name"] != match[1] for group in groups for container in group)


def virtual_name(event: Object, involved: str) -> str:
    """The virtual Event's name, the same each time: kubelet updates one Event as it happens again.

    Args:
        event: the host Event.
        involved: name of the virtual object it is about.
    """
    host = event["metadata"]["name"]
    suffix = host.rpartition(".")[2]
    about = event["involvedObject"].get("name")
    if host != f"{about}.{suffix}":
        suffix = hashlib.sha256(host.encode()).hexdigest()[:16]
    return f"{involved[: _LONGEST_NAME - len(suffix) - 1].rstrip('.-')}.{suffix}"
