"""The API client: verbs on resources, plain dicts in and out.

Importing this costs what asyncio, ssl and h11 cost and little more.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from vcli.kube import codec
from vcli.kube.errors import ApiError, Expired, Unreachable
from vcli.kube.raw import MOST_RETRIES, Params, RawClient
from vcli.kube.resources import PODS, Resource
from vcli.kube.types import Object

Strategy = Literal["merge", "json", "strategic"]
Propagation = Literal["Foreground", "Background", "Orphan"]

_PATCH_TYPES: Mapping[Strategy, str] = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
_APPLY = "application/apply-patch+yaml"
_OK = 200


class Client(RawClient):
    """An API server, as one set of credentials sees it: an async context manager, for one event loop.

    For a namespaced resource a namespace that isn't given is the object's own, else ``access.namespace``;
    ``list`` and ``delete_collection`` mean all namespaces by None.

    All methods raise ``ApiError`` (its subclasses name the reason) and ``Unreachable``.

    Args:
        access: the server and the credentials.
        timeout: seconds for one request and its whole answer.
        max_inflight: requests at once; more wait their turn. Streams and upgrades don't count.
        user_agent: as the server's audit log shows it.
        reuse_delay: seconds that a request waits for another one to end, before a further connection is made.
        transport: in place of connections to the server; tests script its answers.
    """

    # --- verbs

    async def get(self, resource: Resource, name: str, *, namespace: str | None = None) -> Object:
        """Read one object."""
        return await self._object("GET", self._path(resource, namespace, name))

    async def list(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int | None = None,
    ) -> Object:
        """Read a whole collection.

        Args:
            resource: what to list.
            namespace: None for all.
            label_selector: as in ``kubectl -l``.
            field_selector: as in ``kubectl --field-selector``.
            limit: objects a page; all pages are read.

        Returns:
            The List object; its ``items`` carry apiVersion and kind, which the API leaves out.
        """
        whole: Object = {}
        async for page in self.pages(
            resource,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
            limit=limit,
        ):
            if whole and page["metadata"].get("resourceVersion") == whole["metadata"].get("resourceVersion"):
                whole["items"] += page["items"]
            else:  # the first page; or the continue token expired, and the list was restarted
                whole = page
        whole["metadata"].pop("continue", None)
        whole["metadata"].pop("remainingItemCount", None)
        return whole

    async def pages(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Object]:
        """Read a collection in pages of ``limit`` objects, all of one resourceVersion.

        A page of another resourceVersion means that the list was restarted; those before it are void.
        """
        params: dict[str, str | int | None] = {
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "limit": limit,
        }
        path = resource.path(namespace=namespace)
        while True:
            try:
                page = await self._object("GET", path, params=params)
            except Expired:
                if "continue" not in params:
                    raise
                # The token outlived etcd's history: as client-go does, take it all in one go.
                del params["continue"], params["limit"]
                continue
            found = page.get("items")
            # Of a server that is none, anything; what reads the items leaves out what is no object.
            page["items"] = items = found if isinstance(found, list) else []
            kind = str(page.get("kind", "")).removesuffix("List") or resource.kind
            for item in filter(_is_object, items):
                item.setdefault("apiVersion", page.get("apiVersion", resource.api_version))
                item.setdefault("kind", kind)
            token = page.setdefault("metadata", {}).get("continue")
            yield page
            if not token:
                return
            params["continue"] = token

    async def create(
        self, resource: Resource, body: Object, *, namespace: str | None = None, dry_run: bool = False
    ) -> Object:
        """Create an object; its name may come from ``generateName``."""
        path = self._path(resource, namespace or _namespace_of(body))
        return await self._object("POST", path, params=_dry(dry_run), body=_typed(body, resource))

    async def replace(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> Object:
        """Replace an object; if it has a resourceVersion that is no longer the current one: ``Conflict``."""
        path = self._path(resource, namespace or _namespace_of(body), body["metadata"]["name"], subresource)
        return await self._object("PUT", path, body=_typed(body, resource))

    async def patch(
        self,
        resource: Resource,
        name: str,
        body: Any,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
        strategy: Strategy = "merge",
    ) -> Object:
        """Patch an object; ``body`` is a list of operations for the strategy ``json``."""
        path = self._path(resource, namespace, name, subresource)
        return await self._object("PATCH", path, body=body, content_type=_PATCH_TYPES[strategy])

    async def apply(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str | None = None,
        field_manager: str = "vcli",
        force: bool = True,
        dry_run: bool = False,
        subresource: str | None = None,
    ) -> Object:
        """Server-side apply: create the object or change the fields that ``field_manager`` owns.

        Args:
            resource: the kind.
            body: the fields to own, with metadata.name.
            namespace: see the class.
            field_manager: who owns the fields.
            force: take fields from other managers instead of raising ``Conflict``.
            dry_run: all checks, no change.
            subresource: ``status``, for example.
        """
        body = _typed(body, resource)
        path = self._path(resource, namespace or _namespace_of(body), body["metadata"]["name"], subresource)
        params: Params = {"fieldManager": field_manager, "force": force, **_dry(dry_run)}
        data = codec.dumps_yaml(body)
        return await self._object("PATCH", path, params=params, body=data, content_type=_APPLY)

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        uid: str | None = None,
        grace: int | None = None,
        propagation: Propagation | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete an object.

        Args:
            resource: the kind.
            name: of the object.
            namespace: see the class.
            uid: delete this very object and not another one of its name, else ``Conflict``.
            grace: seconds for a pod to end; 0 forgets it at once.
            propagation: what happens to the objects it owns.
            dry_run: all checks, no change.

        Returns:
            The object as it is while it terminates, or a Status of success.
        """
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        if propagation is not None:
            options["propagationPolicy"] = propagation
        if dry_run:
            # In the body: where there is one, the server ignores the query and would delete for real.
            options["dryRun"] = ["All"]
        return await self._object("DELETE", self._path(resource, namespace, name), body=options)

    async def delete_collection(
        self, resource: Resource, *, namespace: str | None, label_selector: str | None
    ) -> Object:
        """Delete all objects that match."""
        path = resource.path(namespace=namespace)
        return await self._object("DELETE", path, params={"labelSelector": label_selector})

    async def create_subresource(
        self,
        resource: Resource,
        name: str,
        subresource: str,
        body: Object,
        *,
        namespace: str | None = None,
    ) -> Object:
        """POST to a subresource: ``token``, ``binding``, ``eviction``.

        A refused eviction (429) is not retried here: a disruption budget may refuse for hours.
        """
        path = self._path(resource, namespace, name, subresource)
        response = await self.send(
            "POST", path, body=body, retries=0 if subresource == "eviction" else MOST_RETRIES
        )
        return self.decoded(response, path)

    # --- the server itself

    async def version(self) -> Object:
        """The server's version: ``gitVersion``, ``major``, ``minor`` and more."""
        return await self._object("GET", "/version")

    async def ready(self) -> bool:
        """Does the server answer, and say that it is ready?"""
        try:
            return (await self.send("GET", "/readyz", retries=0)).status == _OK
        except (ApiError, Unreachable):
            return False

    async def log(
        self,
        pod: str,
        *,
        namespace: str | None = None,
        container: str | None = None,
        tail: int | None = None,
        previous: bool = False,
    ) -> str:
        """A container's log, or its last ``tail`` lines."""
        params: Params = {"container": container, "tailLines": tail, "previous": previous or None}
        return (await self.request("GET", self._path(PODS, namespace, pod, "log"), params=params)).text

    def _path(
        self,
        resource: Resource,
        namespace: str | None,
        name: str | None = None,
        subresource: str | None = None,
    ) -> str:
        return resource.path(namespace=namespace or self.access.namespace, name=name, subresource=subresource)


def _is_object(item: Any) -> bool:
    return isinstance(item, dict)


def _typed(body: Object, resource: Resource) -> Object:
    """The object with apiVersion and kind, and without managedFields, which no write may carry."""
    body = {"apiVersion": resource.api_version, "kind": resource.kind, **body}
    if "managedFields" in body.get("metadata", {}):
        metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
        body["metadata"] = metadata
    return body


def _namespace_of(body: Object) -> str | None:
    namespace: str | None = body.get("metadata", {}).get("namespace")
    return namespace


def _dry(dry_run: bool) -> dict[str, str]:  # noqa: FBT001
    return {"dryRun": "All"} if dry_run else {}
