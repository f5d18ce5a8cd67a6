"""What an API server can answer that isn't a success, one class for each answer worth catching.

The classes are named after the ``reason`` of a Kubernetes Status (apimachinery ``metav1.StatusReason``),
and derive from the error a person sees as well, so ``except NotFoundError`` catches both "no such virtual
cluster" and a 404.
"""

import re
from collections.abc import Mapping
from typing import Any

from vcli.errors import ConflictError, NotAllowedError, NotFoundError, UnreachableError, VcliError

Object = dict[str, Any]

_LONGEST_MESSAGE = 1000
_LONGEST_FOREIGN_MESSAGE = 200
# What must never reach a log or a terminal: tokens, keys, and what the server quotes back of a Secret.
_CREDENTIALS = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|-----BEGIN.*?(?:-----END[^-]*-----|$)", re.DOTALL)
_QUOTED_VALUE = re.compile(r"(Invalid value: )(\"(?:[^\"\\]|\\.)*\"?|\S+)")
_SECRET_PATH = re.compile(r"/secrets(/|$|\?)|/token$|/tokenreviews")


class ApiError(VcliError):
    """The API server answered with a status of 400 or more.

    Attributes:
        status: the HTTP status.
        reason: the Status' ``reason`` such as ``NotFound``, empty when the answer had none.
        details: the Status' ``details`` (kind, name, causes), or None.
        retry_after: seconds the server asks to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        reason: str = "",
        details: Object | None = None,
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason
        self.details = details
        self.retry_after = retry_after


class NotFound(ApiError, NotFoundError):  # noqa: N818
    """404: no such object, namespace or API."""


class AlreadyExists(ApiError, ConflictError):  # noqa: N818
    """409: an object of this name exists."""


class Conflict(ApiError, ConflictError):  # noqa: N818
    """409: the object changed meanwhile, has another UID, or a field has another owner."""


class Forbidden(ApiError, NotAllowedError):  # noqa: N818
    """403: RBAC, quota or admission says no."""


class Unauthorized(ApiError, NotAllowedError):  # noqa: N818
    """401: the credentials are missing, wrong or out of date."""


class Invalid(ApiError):  # noqa: N818
    """422: the object doesn't validate."""

    @property
    def fields(self) -> list[str]:
        """The paths of the fields that are wrong: ``spec.ports[0].nodePort``."""
        causes = (self.details or {}).get("causes") or ()
        return [str(cause.get("field", "")) for cause in causes]


class Expired(ApiError):  # noqa: N818
    """410: the resource version or continue token is too old; list again."""


class TooManyRequests(ApiError):  # noqa: N818
    """429: the server is busy, or a disruption budget forbids an eviction; see ``retry_after``."""


class ServerError(ApiError):
    """5xx: the server, or something in front of it, failed."""


class Unreachable(UnreachableError):  # noqa: N818
    """No answer: connect, TLS, DNS, proxy, a cut connection or a timeout."""


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
_SERVER_FAILURES = 500


def error_from(answer: Any, *, status: int, path: str, headers: Mapping[str, str] | None = None) -> ApiError:
    """Make the error for an answer.

    Args:
        answer: the decoded body: a Status if it is from a Kubernetes API server, else any JSON or text.
        status: the HTTP status (or the code of a watch's ERROR event).
        path: what was asked for; the query is not shown.
        headers: of the answer, names in lower case; only ``retry-after`` is used.
    """
    path = path.partition("?")[0]
    is_status = isinstance(answer, dict) and answer.get("kind") == "Status"
    reason = str(answer.get("reason") or "") if is_status else ""
    details = answer.get("details") if is_status else None
    message = str(answer.get("message") or "") if is_status else _foreign_message(answer)
    if _SECRET_PATH.search(path):
        message = _QUOTED_VALUE.sub(r"\1<redacted>", message) if is_status else ""
    message = _clip(_CREDENTIALS.sub("<redacted>", message), _LONGEST_MESSAGE)
    kind = _BY_REASON.get(reason) or _BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= _SERVER_FAILURES else ApiError
    return kind(
        message or f"{path}: the server answered {status}{' ' + reason if reason else ''}",
        status=status,
        reason=reason,
        details=details,
        retry_after=_retry_after(headers or {}, details),
    )


def _foreign_message(answer: Any) -> str:
    """The first line of a plain-text answer; nothing of HTML or JSON that isn't a Status."""
    text = answer.strip() if isinstance(answer, str) else ""
    if not text or text.startswith(("<", "{", "[")):
        return ""
    return _clip(text.splitlines()[0], _LONGEST_FOREIGN_MESSAGE)


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
