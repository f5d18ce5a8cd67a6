"""From an answer to the error that a person sees, also when it is not an API server that answered."""

import re
from collections.abc import Mapping
from typing import Any

from vcli.invocation import kubectl
from vcli.kube.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from vcli.kube.types import Object

_LONGEST_MESSAGE = 1000
# What must never reach a log or a terminal: tokens, keys, and what the server quotes back of a Secret.
_CREDENTIALS = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|-----BEGIN.*?(?:-----END[^-]*-----|$)", re.DOTALL)
_QUOTED_VALUE = re.compile(r"(Invalid value: )(\"(?:[^\"\\]|\\.)*\"?|\S+)")
_SECRET_PATH = re.compile(r"/secrets(/|$|\?)|/token$|/tokenreviews")
_LONGEST_QUOTE = 200
_GATEWAY = ("502", "503", "504")
_PAGE = " with an HTML page"
_BY_REASON: Mapping[str, type[ApiError]] = {
    "NotFound": NotFound,
    "AlreadyExists": AlreadyExists,
    "Conflict": Conflict,
    "Forbidden": Forbidden,
    "Unauthorized": Unauthorized,
    "Invalid": Invalid,
    "Expired": Expired,
    "Gone": Expired,
    "TooManyRequests": TooManyRequests,
}
_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    422: Invalid,
    429: TooManyRequests,
}
_UNAUTHORIZED, _NOT_FOUND, _SERVER_FAILURES = 401, 404, 500
# What every API server answers itself, with a Status; about logs and exec it relays answers of kubelets.
_ALWAYS_THERE = re.compile(r"/(api/v1|apis/apps/v1)/(namespaces/[^/]+(/[^/]+){0,2}|[^/]+)$|/version$")


def error_from(
    answer: Any,
    *,
    status: int,
    path: str,
    headers: Mapping[str, str] | None = None,
    server: str = "the server",
    identity: str = "",
) -> ApiError | Unreachable:
    """Make the error for an answer; `Unreachable` when it can't be that of an API server.

    Args:
        answer: the decoded body: a Status if it is from a Kubernetes API server, else any JSON or text.
        status: the HTTP status (or the code of a watch's ERROR event).
        path: what was asked for; the query is not shown.
        headers: of the answer, names in lower case; only ``retry-after`` is used.
        server: its URL.
        identity: who asked, as in `vcli.kube.access.Access`.
    """
    path = path.partition("?")[0]
    is_status = isinstance(answer, dict) and answer.get("kind") == "Status"
    reason = str(answer.get("reason") or "") if is_status else ""
    details = answer.get("details") if is_status else None
    message = str(answer.get("message") or "") if is_status else ""
    if _SECRET_PATH.search(path):
        message = _QUOTED_VALUE.sub(r"\1<redacted>", message)
        answer = answer if is_status else None
    hint: str | None = None
    if status == _UNAUTHORIZED and message in ("", "Unauthorized"):
        message, hint = _unauthorized(server, identity)
    elif not message:
        message, hint = _explain(answer, f"{status} {reason}".strip(), path, server)
    message = _clip(_CREDENTIALS.sub("<redacted>", message), _LONGEST_MESSAGE)
    if status == _NOT_FOUND and not is_status and _ALWAYS_THERE.search(path):
        # Not NotFound, which would mean that there is no such virtual cluster.
        return Unreachable(message, hint=hint)
    kind = _BY_REASON.get(reason) or _BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= _SERVER_FAILURES else ApiError
    retry_after = _retry_after(headers or {}, details)
    return kind(message, status=status, reason=reason, details=details, retry_after=retry_after, hint=hint)


def redirected(server: str, method: str, path: str, status: int, headers: Mapping[str, str]) -> Unreachable:
    """The error for an answer that names another place."""
    place = headers.get("location", "another place").partition("?")[0]
    return Unreachable(
        f"{server} redirects {method} {path.partition('?')[0]} to {place} ({status}): it is not a Kubernetes"
        " API server, or a login page is in front of it",
        hint=_check(),
    )


def not_json(server: str, path: str, body: bytes) -> Unreachable:
    """The error for a success whose body is no object: a login page of a proxy."""
    what = "an HTML page" if body.lstrip().startswith(b"<") else "something that is not JSON"
    return Unreachable(
        f"{server} answered {path} with {what}: it is not a Kubernetes API server, or a login page is in"
        " front of it",
        hint=_check(),
    )


def _unauthorized(server: str, identity: str) -> tuple[str, str]:
    """Message and hint for a 401."""
    who = f" of {identity}" if identity else ""
    check = kubectl("auth", "whoami")
    return (
        f"{server} does not accept the credentials{who} (401 Unauthorized)",
        f"they may have expired, or be another cluster's: log in again; {check} shows whether they work",
    )


def _explain(answer: Any, status: str, path: str, server: str) -> tuple[str, str | None]:
    """Message and hint for a failure without a message of an API server.

    Args:
        answer: the decoded body.
        status: the HTTP status, perhaps with a reason.
        path: without a query.
        server: its URL.
    """
    said = _quoted(answer)
    message = f"{server} answered {status} to {path}{said}"
    if status == "404":
        cause = "it" if _ALWAYS_THERE.search(path) else "it has no such API, or"
        return f"{message}: {cause} is not a Kubernetes API server", _check()
    if status in _GATEWAY:
        cause = "the API server is down, or the load balancer or proxy in front of it can't reach it"
        return f"{message}: {cause}", f"try again in a minute: {kubectl('get', '--raw', '/readyz')}"
    if said == _PAGE:
        return f"{message}: it is not a Kubernetes API server, or a proxy is in front of it", _check()
    return message, None


def _check() -> str:
    return f"check the server's URL and its path: {kubectl('config', 'view', '--minify')}"


def _quoted(answer: Any) -> str:
    """The first line of a plain-text answer; nothing of HTML or JSON that isn't a Status."""
    text = answer.strip() if isinstance(answer, str) else ""
    if text.startswith("<"):
        return _PAGE
    if not text or text.startswith(("{", "[")):
        return ""
    return f" ({_clip(text.splitlines()[0], _LONGEST_QUOTE)})"


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _retry_after(headers: Mapping[str, str], details: Object | None) -> float | None:
    """Seconds; an HTTP date is not understood, no API server sends one."""
    for value in (headers.get("retry-after"), (details or {}).get("retryAfterSeconds")):
        try:
            if value is not None and float(value) >= 0:
                return float(value)
        except (TypeError, ValueError):
            continue
    return None
