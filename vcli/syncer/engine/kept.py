"""Host objects stay as they were written: what another client changes or deletes on the host is restored.

Compared is what we wrote, with what the host made of it then: defaults that a server fills in and what its
admission changed are no reason to write again. Who owns an object, its status, finalizers, and the numbers
that the host chooses are never compared. To take the owners off a claim is how its data outlives the cluster.

A client that changes an object again and again is not fought: an object is restored a few times in a row,
then twice a minute, and all of them together at a bounded rate.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from vcli.kube.resources import Resource
from vcli.kube.types import Object, OwnerReference, annotations, labels
from vcli.syncer.engine.bucket import Buckets, TokenBucket
from vcli.syncer.engine.budget import Key, WriteLaterError, key_of
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.prometheus import Sample
from vcli.syncer.translate import keys

log = Log("vcli.syncer.kept")

_BURST: Final = 5
_EACH: Final = 1 / 30
"""Restores of one object in a row, and a second after that."""
_ALL_BURST: Final = 100
_ALL: Final = 10
"""The same of all objects together."""
_THE_HOSTS: Final = frozenset(
    {
        "claimRef",
        "clusterIP",
        "clusterIPs",
        "healthCheckNodePort",
        "persistentVolumeReclaimPolicy",
        "volumeName",
    }
)
"""Fields of a spec that the host, or its administrator, has the last word on."""
_NODE_PORT: Final = "nodePort"
_OF_THE_BINDER: Final = ("pv.kubernetes.io/", "volume.beta.kubernetes.io/", "volume.kubernetes.io/")
"""Prefixes of annotations that the host's binder and provisioners take away again."""


class RestoreLaterError(WriteLaterError):
    """An object was restored too often, or too many were: the next time is in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds, f"changed on the host again and again; restored in {seconds:.0f} seconds")


class Kept:
    """What this process has written to one cluster, as the cluster took it.

    Args:
        form: what a cache keeps of an object of a resource; both sides of a comparison go through it.

    Attributes:
        restored: how often a kind was restored.
        delayed: how often that had to wait.
    """

    def __init__(self, form: Callable[[Resource, Object], Object]) -> None:
        self._form = form
        self._written: dict[Key, tuple[str, str]] = {}
        self._unchanged: dict[Key, str] = {}  # the resourceVersion that was last looked at
        self._each = Buckets[Key](burst=_BURST, per_second=_EACH)
        self._all = TokenBucket(burst=_ALL_BURST, per_second=_ALL)
        self.restored: Counter[str] = Counter()
        self.delayed: Counter[str] = Counter()

    def wrote(self, resource: Resource, desired: Object, answer: Object) -> None:
        """The cluster has taken what was desired, and this is what it made of it."""
        shape = self._shape(resource, desired)
        seen = _digest(_part(shape, self._shape(resource, answer)))
        self._written[key_of(resource, desired)] = _of(desired), seen

    def forget(self, resource: Resource, obj: Object) -> None:
        """We delete an object: the next one of its name is nothing that is restored."""
        key = key_of(resource, obj)
        self._written.pop(key, None)
        self._unchanged.pop(key, None)

    def was_written(self, resource: Resource, desired: Object) -> bool:
        """Whether we have written an object for this very virtual one, and not deleted it since."""
        known = self._written.get(key_of(resource, desired))
        return known is not None and known[0] == _of(desired)

    def is_changed(self, resource: Resource, desired: Object, current: Object) -> bool:
        """Whether another client has changed an object since desired was applied to it.

        A process that did not see the answer then compares with what is desired. Where the cluster's
        admission made something else of it, that costs one apply, whose answer is known from then on.
        One version of an object is compared once.
        """
        key, version = key_of(resource, desired), current["metadata"]["resourceVersion"]
        if self._unchanged.get(key) == version:
            return False
        shape = self._shape(resource, desired)
        known = self._written.get(key)
        is_known = known is not None and known[0] == _of(desired)
        before = known[1] if known is not None and is_known else _digest(_part(shape, shape))
        if _digest(_part(shape, _read(current))) != before:
            return True
        self._unchanged[key] = version
        return False

    def admit(self, resource: Resource, desired: Object) -> None:
        """Count a restore that is about to happen.

        Raises:
            RestoreLaterError: not now.
        """
        now, key = asyncio.get_running_loop().time(), key_of(resource, desired)
        for limit, pause in ((self._each.of(key, now), 1 / _EACH), (self._all, 1.0)):
            if not limit.take(now):
                self.delayed[resource.plural] += 1
                raise RestoreLaterError(pause)
        self.restored[resource.plural] += 1
        log.info("restored what another client changed", resource=resource.plural, name=key[2])

    def samples(self) -> Iterator[Sample]:
        """For the metrics."""
        for name, counts in (("restored", self.restored), ("restores_delayed", self.delayed)):
            for plural, count in sorted(counts.items()):
                yield f"vcli_syncer_{name}_total", f'{{resource="{plural}"}}', count, None

    def _shape(self, resource: Resource, obj: Object) -> Object:
        return _read(self._form(resource, obj))


def with_owners_left(desired: Object, current: Object) -> Object:
    """What is desired, without the owners that another client has taken off the present object."""
    there: list[OwnerReference] = current["metadata"].get("ownerReferences") or []
    uids = {owner["uid"] for owner in there}
    wanted: list[OwnerReference] = desired["metadata"].get("ownerReferences") or []
    owners = [owner for owner in wanted if owner["uid"] in uids]
    metadata = {key: value for key, value in desired["metadata"].items() if key != "ownerReferences"}
    return {**desired, "metadata": {**metadata, **({"ownerReferences": owners} if owners else {})}}


def _of(desired: Object) -> str:
    return annotations(desired).get(keys.UID, "")


def _read(obj: Object) -> Object:
    """What of an object is compared at all."""
    rest = {
        key: value
        for key, value in obj.items()
        if key not in ("apiVersion", "kind", "metadata", "spec", "status")
    }
    spec = obj.get("spec")
    if isinstance(spec, dict):
        spec = {key: value for key, value in spec.items() if key not in _THE_HOSTS}
        if isinstance(spec.get("ports"), list):
            spec["ports"] = [
                {key: value for key, value in port.items() if key != _NODE_PORT}
                if isinstance(port, dict)
                else port
                for port in spec["ports"]
            ]
    notes = {
        key: value
        for key, value in annotations(obj).items()
        if key != keys.APPLIED and not key.startswith(_OF_THE_BINDER)
    }
    return {**rest, "spec": spec, "metadata": {"labels": dict(labels(obj)), "annotations": notes}}


def _part(shape: Any, value: Any) -> Any:
    """What a value has where the shape has something; what is empty is not there."""
    if isinstance(shape, Mapping) and isinstance(value, Mapping):
        found = {key: _part(each, value.get(key)) for key, each in shape.items()}
        return {key: each for key, each in found.items() if each not in (None, {}, [], "", False, 0)}
    if isinstance(shape, list) and isinstance(value, list) and len(shape) == len(value):
        return [_part(each, other) for each, other in zip(shape, value, strict=True)]
    return value


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
