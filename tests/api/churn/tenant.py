"""What the tenant of the virtual cluster does, one method a verb."""

import contextlib

import bodies
from bodies import FINALIZER, Dice
from compare import Key
from field import Field, Object, let_go, picked
from script import NAMES, NAMESPACES, RESOURCES, Step

from vcli.kube.errors import AlreadyExists, NotFound
from vcli.kube.resources import NAMESPACES as NAMESPACE
from vcli.kube.resources import SERVICEACCOUNTS

_NAMESPACE_LABELS = ({}, {"team": "one"}, {"team": "two", "example.com/" + "k" * 63: "v"})

_LONGEST = 900


class Tenant:
    """Writes to the virtual cluster, and to the record of what it wants."""

    def __init__(self, field: Field) -> None:
        self._field = field

    async def create(self, step: Step) -> None:
        dice = Dice(step.pick)
        namespace, name = dice.of(*NAMESPACES), dice.of(*NAMES)
        await self.write(step.kind, namespace, bodies.new(step.kind, name, Dice(step.variant)))

    async def update(self, step: Step) -> None:
        obj = await self._pick(step)
        if obj is not None:
            patch, subresource = bodies.change(step.kind, obj, Dice(step.variant))
            await self._patch(obj, patch, subresource)

    async def relabel(self, step: Step) -> None:
        obj = await self._pick(step)
        if obj is not None:
            await self._patch(
                obj, {"metadata": _changed(obj, bodies.labels_and_annotations(Dice(step.variant)))}
            )

    async def delete(self, step: Step) -> None:
        obj = await self._pick(step)
        if obj is not None:
            await self._delete(obj, Dice(step.variant).of(None, 0, 1) if step.kind == "Pod" else None)

    async def replace(self, step: Step) -> None:
        """Make another object of the same name, as fast as can be."""
        obj = await self._pick(step)
        if obj is not None:
            key = Key.of(obj)
            await self._delete(obj, 0 if step.kind == "Pod" else None)
            await self.write(key.kind, key.namespace, bodies.new(key.kind, key.name, Dice(step.variant)))

    async def hold(self, step: Step) -> None:
        obj = await self._pick(step)
        if obj is not None:
            finalizers = [*(obj["metadata"].get("finalizers") or ()), FINALIZER]
            await self._patch(obj, {"metadata": {"finalizers": finalizers}})

    async def release(self, _: Step | None = None) -> None:
        """Take all finalizers of the tenant's off."""
        for kind, resource in RESOURCES.items():
            for obj in await self._field.virtual_objects(kind):
                if FINALIZER in (obj["metadata"].get("finalizers") or ()):
                    await let_go(self._field.virtual, resource, obj, FINALIZER)
                    self._field.say(f"release {Key.of(obj)}")

    async def relabel_namespace(self, step: Step) -> None:
        found = await self._field.virtual.list(NAMESPACE)
        ours = [each for each in found["items"] if each["metadata"]["name"] in self._field.intent.namespaces]
        namespace = picked(ours, step.pick)
        if namespace is not None:
            wanted = {"labels": dict(Dice(step.variant).of(*_NAMESPACE_LABELS))}
            name = namespace["metadata"]["name"]
            body = {"metadata": _changed(namespace, wanted)}
            await self._field.tried(
                f"relabel namespace {name} {wanted}", self._field.virtual.patch(NAMESPACE, name, body)
            )

    async def delete_namespace(self, step: Step) -> None:
        namespaces = sorted(self._field.intent.namespaces)
        if namespaces:
            await self.end_namespace(namespaces[step.pick % len(namespaces)])

    async def end_namespace(self, name: str) -> None:
        """Delete a namespace and all that is in it."""
        self._field.say(f"delete namespace {name}")
        with contextlib.suppress(NotFound):
            await self._field.virtual.delete(NAMESPACE, name)
            self._field.intent.namespace_gone(name)

    async def write(self, kind: str, namespace: str, body: Object) -> None:
        """Create an object, and its namespace."""
        await self._ensure_namespace(namespace)
        made = await self._field.tried(
            f"create {kind} {namespace}/{body['metadata']['name']} {_brief(body)}",
            self._field.virtual.create(RESOURCES[kind], body, namespace=namespace),
        )
        if made is not None:
            self._field.intent.written(made)

    async def _pick(self, step: Step) -> Object | None:
        return picked(await self._field.virtual_objects(step.kind), step.pick)

    async def _ensure_namespace(self, name: str) -> None:
        intent, virtual = self._field.intent, self._field.virtual
        if name in intent.namespaces - intent.ending:
            return
        intent.namespaces.add(name)
        with contextlib.suppress(AlreadyExists):  # the last one has not ended yet
            await virtual.create(NAMESPACE, {"metadata": {"name": name}})
            intent.ending.discard(name)
            await virtual.create(SERVICEACCOUNTS, {"metadata": {"name": "default"}}, namespace=name)

    async def _patch(self, obj: Object, patch: Object, subresource: str | None = None) -> None:
        key, metadata = Key.of(obj), obj["metadata"]
        body = {**patch, "metadata": {**(patch.get("metadata") or {}), "uid": metadata["uid"]}}
        answer = await self._field.tried(
            f"update {key} {subresource or ''} {_brief(patch)}",
            self._field.virtual.patch(
                RESOURCES[key.kind], key.name, body, namespace=key.namespace, subresource=subresource
            ),
        )
        wanted = self._field.intent.objects.get(key) is not None  # what the host ended stays ended
        if answer is not None and wanted and "deletionTimestamp" not in answer["metadata"]:
            self._field.intent.written(answer)

    async def _delete(self, obj: Object, grace: int | None) -> None:
        key, field = Key.of(obj), self._field
        field.say(f"delete {key} grace={grace}")
        try:
            await field.virtual.delete(RESOURCES[key.kind], key.name, namespace=key.namespace, grace=grace)
        except NotFound:
            # Somebody was quicker: a Service that moves to another address, a pod that the host has ended.
            field.intent.either(key)
        else:
            field.intent.gone(key)


def _changed(obj: Object, wanted: Object) -> Object:
    """The metadata of a merge patch, which leaves alone what is Kubernetes' own."""
    patch = {}
    for field, entries in wanted.items():
        old = obj["metadata"].get(field) or {}
        gone = [key for key in old if key not in entries and "kubernetes.io/" not in key]
        patch[field] = {**dict.fromkeys(gone), **entries}
    return patch


def _brief(body: Object) -> str:
    """Without what makes a record long."""
    metadata = {k: v for k, v in (body.get("metadata") or {}).items() if k not in ("name", "annotations")}
    text = repr({**body, "metadata": metadata})
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
