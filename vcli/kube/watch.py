"""Follow a collection for ever: three nested generators.

``list_watch`` reconnects for ever with backoff > ``_follow`` lists, then watches until the server has
forgotten our resourceVersion (410) > ``_one_stream`` is one connection. Each knows only its own reason to
end.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from vcli.kube import codec
from vcli.kube.answers import error_from
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Expired, Forbidden, NotFound, TooManyRequests, Unreachable
from vcli.kube.resources import Resource
from vcli.kube.types import Object
from vcli.kube.wellformed import LONGEST_LINE, MalformedError, check, version_of

if TYPE_CHECKING:
    from vcli.kube.raw import Params

logger = logging.getLogger(__name__)

_LONGEST_ERROR = 200
"""Characters of an error in the log that a server's own words are in."""

EventType = Literal["LISTED", "ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


class Event(NamedTuple):
    """A change; for ``LISTED`` the object is the whole List, which replaces all that was known."""

    type: EventType
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient a watch is; seconds.

    Attributes:
        lifetime: the server ends a stream after this long, then it is opened again where it was.
        silence: without an event or bookmark for so long, the connection counts as dead. The API server sends
            a bookmark a minute, so this survives one that is late; each event pushes the end forward.
        first_backoff: the pause after a failure, doubled with each further one.
        longest_backoff: at the most.
        longest_refused: at the most, after a refusal that lasts until somebody changes rights.
        page: objects a request while listing, which bounds the memory for the encoded page.
    """

    lifetime: int = 290
    silence: float = 150.0
    first_backoff: float = 0.1
    longest_backoff: float = 10.0
    longest_refused: float = 30.0
    page: int = 500


Transform = Callable[[Object], Object]


async def list_watch(
    client: Client,
    resource: Resource,
    *,
    namespace: str | None = None,
    label_selector: str | None = None,
    field_selector: str | None = None,
    transform: Transform | None = None,
    pace: Pace | None = None,
    refused: Callable[[ApiError], None] | None = None,
) -> AsyncGenerator[Event]:
    """List, then watch; for ever, whatever happens to the server or the network.

    Args:
        client: whose credentials are used.
        resource: the kind.
        namespace: None for all.
        label_selector: as for ``Client.list``.
        field_selector: as for ``Client.list``.
        transform: makes of each object what is kept, page by page while listing.
        pace: timeouts, for tests.
        refused: called, instead of a line in the log, each time that we may not list, or there is no such
            API; the next ``LISTED`` says that we may.

    Yields:
        ``LISTED`` first and again after each relist, then the events. Failures are logged, never raised.
    """
    pace = pace or Pace()
    source = _Source(client, resource, namespace, label_selector, field_selector, transform, pace)
    failures = 0
    while True:
        longest, listed = pace.longest_backoff, False
        try:
            async with aclosing(_follow(source)) as events:
                async for event in events:
                    listed = True
                    if event.type != "LISTED":  # lists that no watch follows are not asked for in a row
                        failures = 0
                    yield event
        except Expired:
            logger.info("watch expired, listing again", extra={"resource": resource.plural})
        except (ApiError, Unreachable) as error:
            if refused is not None and not listed and isinstance(error, (Forbidden, NotFound)):
                refused(error)
                longest = pace.longest_refused
            else:
                logger.warning(
                    "list or watch failed", extra={"resource": resource.plural, "error": error.message}
                )
        except Exception:  # a server that sends anything must not end the process
            logger.exception("list or watch broke", extra={"resource": resource.plural})
        failures += 1
        await asyncio.sleep(_backoff(failures, pace.first_backoff, longest))


@dataclass(frozen=True, slots=True)
class _Source:
    client: Client
    resource: Resource
    namespace: str | None
    label_selector: str | None
    field_selector: str | None
    transform: Transform | None
    pace: Pace

    def take(self, obj: Any) -> Object | None:
        """What is kept of an object; None for one that is none, which is left out."""
        try:
            found = check(obj)
            return self.transform(found) if self.transform is not None else found
        except (MalformedError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            logger.warning(
                "left out what is no object",
                extra={"resource": self.resource.plural, "error": str(error)[:_LONGEST_ERROR]},
            )
        except RecursionError:
            logger.warning("left out what is nested too deeply", extra={"resource": self.resource.plural})
        return None


async def _follow(source: _Source) -> AsyncGenerator[Event]:
    """List and watch until the resourceVersion is too old; a broken stream is opened again where it ended.

    Raises:
        Expired: list again.
        ApiError: the list was refused, or the watch with an answer that a new list may mend.
    """
    whole = await _list(source)
    version = version_of(whole)
    yield Event("LISTED", whole)
    failures = 0
    while True:
        try:
            async with aclosing(_one_stream(source, version)) as events:
                async for event in events:
                    failures = 0
                    version = version_of(event.object)
                    yield event
        except (Unreachable, TooManyRequests) as error:  # a new list is the last that a busy server needs
            logger.info("watch cut", extra={"resource": source.resource.plural, "error": error.message})
        # Also after a quiet end: a proxy that cuts at once must not be asked in a tight loop.
        failures += 1
        if failures > 1:
            await asyncio.sleep(
                _backoff(failures - 1, source.pace.first_backoff, source.pace.longest_backoff)
            )


async def _list(source: _Source) -> Object:
    whole: Object = {}
    items: list[Object] = []
    async for page in source.client.pages(
        source.resource,
        namespace=source.namespace,
        label_selector=source.label_selector,
        field_selector=source.field_selector,
        limit=source.pace.page,
    ):
        if page["metadata"].get("resourceVersion") != whole.get("metadata", {}).get("resourceVersion"):
            whole, items = page, []
        items += [kept for kept in map(source.take, page["items"]) if kept is not None]
    whole["items"] = items
    try:
        version_of(whole)
    except MalformedError as error:
        path = source.resource.path(namespace=source.namespace)
        raise Unreachable(f"list of {path}: {error}") from error
    return whole


async def _one_stream(source: _Source, version: str) -> AsyncGenerator[Event]:
    """One watch connection, until the server ends it.

    Raises:
        Expired: the version is too old.
        Unreachable: cut, or silent for too long.
    """
    pace = source.pace
    lifetime = round(pace.lifetime * random.uniform(0.9, 1.1))  # noqa: S311 - so not all end at once
    params: Params = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": version,
        "timeoutSeconds": max(lifetime, 1),
        "labelSelector": source.label_selector,
        "fieldSelector": source.field_selector,
    }
    path = source.resource.path(namespace=source.namespace)
    async with (
        source.client.stream("GET", path, params=params) as chunks,
        aclosing(_lines(chunks.__aiter__(), pace.silence, path)) as lines,
    ):
        async for line in lines:
            event = _event(line, source, path)
            if event is not None:
                yield event


async def _lines(chunks: AsyncIterator[bytes], silence: float, path: str) -> AsyncGenerator[bytes]:
    """The lines of a stream; the part of a line that comes before a cut is dropped."""
    rest = bytearray()
    while True:
        try:
            async with asyncio.timeout(silence):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise Unreachable(f"watch of {path}: silent for {silence:g} seconds") from error
        rest += chunk
        if len(rest) > LONGEST_LINE:
            raise Unreachable(f"watch of {path}: an event of more than {LONGEST_LINE} bytes")
        if b"\n" in chunk:
            *complete, last = rest.split(b"\n")
            rest = bytearray(last)
            for line in complete:
                if line:
                    yield bytes(line)


def _event(line: bytes, source: _Source, path: str) -> Event | None:
    """The event of a line; None where its object is none, and left out.

    Raises:
        Unreachable: it is no event.
        ApiError: the server ends the watch.
    """
    try:
        event: Any = codec.loads(line)
        kind, obj = event["type"], event["object"]
    except (codec.DecodeError, KeyError, TypeError) as error:
        raise Unreachable(f"watch of {path}: not a watch event") from error
    if kind == "ERROR":
        code = obj.get("code") if isinstance(obj, dict) else None
        raise error_from(obj, status=code if type(code) is int and code else 500, path=path)
    if kind == "BOOKMARK":
        try:
            version_of(obj)
        except MalformedError as error:
            raise Unreachable(f"watch of {path}: a bookmark without a version") from error
        return Event(kind, obj)
    if kind not in ("ADDED", "MODIFIED", "DELETED"):
        raise Unreachable(f"watch of {path}: not a watch event")
    kept = source.take(obj)
    return None if kept is None else Event(kind, kept)


def _backoff(failures: int, first: float, longest: float) -> float:
    return min(first * 2.0 ** min(failures - 1, 16), longest) * random.uniform(0.5, 1.0)  # noqa: S311
