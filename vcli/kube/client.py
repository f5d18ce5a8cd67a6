"""The API client: verbs on resources, plain dicts in and out.

Importing this costs what asyncio, ssl and h11 cost and little more; 60 of the 95 ms measured are asyncio's
own.
"""

import asyncio
import logging
import random
import types
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

from vcli import __version__
from vcli.kube import codec
from vcli.kube.access import Access
from vcli.kube.errors import ApiError, Expired, Object, Unreachable
from vcli.kube.resources import PODS, Resource
from vcli.kube.transport import Connection, Response, StreamResponse, Transport, error_for

logger = logging.getLogger(__name__)

Params = Mapping[str, str | int | bool | Sequence[str] | None]
Strategy = Literal["merge", "json", "strategic"]
Propagation = Literal["Foreground", "Background", "Orphan"]

_PATCH_TYPES: Mapping[Strategy, str] = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
_APPLY = "application/apply-patch+yaml"  # JSON is YAML
_FAILURES = 400
_OK = 200
_BUSY = frozenset({429, 503})
_MOST_RETRIES = 3
_LONGEST_RETRY_AFTER = 5.0


class Client:
    """An API server, as one set of credentials sees it: an async context manager, for one event loop.

    For a namespaced resource a namespace that isn't given is the object's own, else ``access.namespace``;
    ``list`` and ``delete_collection`` mean all namespaces by None.

    All methods raise ``ApiError`` (its subclasses name the reason) and ``Unreachable``.

    Args:
        access: the server and the credentials.
        timeout: seconds for one request and its whole answer.
        max_inflight: requests at once; more wait their turn. Streams and upgrades don't count.
        user_agent: as the server's audit log shows it.
    """

    def __init__(
        self,
        access: Access,
        *,
        timeout: float = 30.0,
        max_inflight: int = 64,
        user_agent: str = f"vcli/{__version__}",
    ) -> None:
        self.access = access
        self._timeout = timeout
        self._window = asyncio.Semaphore(max_inflight)
        self._transport = Transport(access, user_agent=user_agent)
        self._prefix = self._transport.origin.prefix

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; the client can't be used afterwards."""
        await self._transport.aclose()

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
            else:  # the first page; or the continue token expired, and the list began anew
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

        A page of another resourceVersion means that the list began anew; those before it are void.
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
            page["items"] = items = page.get("items") or []
            kind = str(page.get("kind", "")).removesuffix("List") or resource.kind
            for item in items:
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
        return await self._object("PATCH", path, params=params, body=body, content_type=_APPLY)

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
        response = await self._request(
            "POST", path, body=body, retries=0 if subresource == "eviction" else _MOST_RETRIES
        )
        return _decoded(response, path)

    # --- the server itself

    async def version(self) -> Object:
        """The server's version: ``gitVersion``, ``major``, ``minor`` and more."""
        return await self._object("GET", "/version")

    async def ready(self) -> bool:
        """Does the server answer, and say that it is ready?"""
        try:
            return (await self._request("GET", "/readyz", retries=0)).status == _OK
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

    # --- raw

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - becomes an error that names the server
    ) -> Response:
        """Any request; ``body`` is encoded as JSON unless it is bytes.

        429 and 503 with Retry-After are repeated three times at most, waiting up to five seconds each.
        """
        return await self._request(method, path, params=params, body=body, headers=headers, timeout=timeout)

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AbstractAsyncContextManager[StreamResponse]:
        """An answer read as it comes: ``async with`` gives it, ``async for`` takes its chunks of bytes."""
        return self._transport.stream(
            method, self._target(path, params), headers=dict(headers or {}), timeout=self._timeout
        )

    async def upgrade(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Params | None = None,
    ) -> Connection:
        """Switch protocols; ``headers`` has Connection and Upgrade. The caller closes the writer."""
        return await self._transport.upgrade(
            method, self._target(path, params), headers=dict(headers), timeout=self._timeout
        )

    # --- inside

    async def _object(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Object:
        headers = {"Content-Type": content_type} if body is not None else None
        return _decoded(await self._request(method, path, params=params, body=body, headers=headers), path)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        retries: int = _MOST_RETRIES,
    ) -> Response:
        data = b"" if body is None else body if isinstance(body, bytes) else codec.dumps(body)
        all_headers = {"Accept": "application/json", **(headers or {})}
        if data:
            all_headers.setdefault("Content-Type", "application/json")
            all_headers["Content-Length"] = str(len(data))
        elif method not in ("GET", "HEAD"):
            all_headers["Content-Length"] = "0"
        target = self._target(path, params)
        attempt = 0
        while True:
            async with self._window:
                response = await self._transport.send(
                    method, target, headers=all_headers, body=data, timeout=timeout or self._timeout
                )
            logger.debug("request", extra={"method": method, "path": path, "status": response.status})
            if response.status < _FAILURES:
                return response
            error = error_for(response, path=path)
            if response.status not in _BUSY or error.retry_after is None or attempt == retries:
                raise error
            attempt += 1
            pause = min(error.retry_after, _LONGEST_RETRY_AFTER)
            await asyncio.sleep(pause * random.uniform(1.0, 1.2))  # noqa: S311 - spreads the returning crowd

    def _path(
        self,
        resource: Resource,
        namespace: str | None,
        name: str | None = None,
        subresource: str | None = None,
    ) -> str:
        return resource.path(namespace=namespace or self.access.namespace, name=name, subresource=subresource)

    def _target(self, path: str, params: Params | None) -> str:
        query = [
            (name, str(value).lower() if isinstance(value, bool) else value)
            for name, value in (params or {}).items()
            if value is not None
        ]
        if not query:
            return self._prefix + path
        return f"{self._prefix}{path}?{urlencode(query, doseq=True, quote_via=quote)}"


def _decoded(response: Response, path: str) -> Object:
    try:
        answer = response.json()
    except codec.DecodeError as error:
        # A login page of a proxy, with status 200.
        raise Unreachable(f"{path}: the answer is not JSON, so it is not from a Kubernetes API") from error
    return answer if isinstance(answer, dict) else {}


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
