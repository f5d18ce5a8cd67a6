"""What an API server can answer that isn't a success, one class for each answer worth catching.

The classes are named after the ``reason`` of a Kubernetes Status (apimachinery ``metav1.StatusReason``),
and derive from the error a person sees as well, so ``except NotFoundError`` catches both "no such virtual
cluster" and a 404.
"""

from vcli.errors import ConflictError, NotAllowedError, NotFoundError, UnreachableError, VcliError
from vcli.kube.types import Object


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
    """403: rejected by RBAC, quota or admission."""


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
    """No answer of an API server: connect, TLS, DNS, proxy, a cut connection, a timeout, a login page."""
