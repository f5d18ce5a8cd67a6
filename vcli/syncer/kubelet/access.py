"""Who may ask this kubelet for what: the rules of the real one.

Authentication: a client certificate of the virtual cluster's CA, else a bearer token that the virtual API
knows (TokenReview). Anonymous requests get 401, on /healthz as well. Authorization: `system:masters` may do
everything, everybody else what a SubjectAccessReview on `nodes/SUBRESOURCE` of this node says. Mapping of
paths: pkg/kubelet/server/auth.go of Kubernetes 1.36, with KubeletFineGrainedAuthz.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.resources import SUBJECTACCESSREVIEWS, TOKENREVIEWS
from vcli.syncer.engine.log import Log
from vcli.syncer.serving import Refused, Request

log = Log(__name__)

_VERBS: Final = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_FINE_GRAINED: Final = (
    ("/pods", "pods"),
    ("/healthz", "healthz"),
    ("/configz", "configz"),
    ("/runningpods", "pods"),
)
_SUBRESOURCES: Final = (
    ("/stats", "stats"),
    ("/metrics", "metrics"),
    ("/logs", "log"),
    ("/checkpoint", "checkpoint"),
    ("/statusz", "statusz"),
    ("/flagz", "configz"),
)
_MASTERS: Final = "system:masters"

# Seconds; the first two are what the real kubelet takes, a token that was rejected is asked again sooner.
_TOKEN_LIFE: Final = 120.0
_ALLOWED_LIFE: Final = 300.0
_REFUSED_LIFE: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who is asking, as the virtual API names them."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, list[str]] = field(default_factory=dict, hash=False)


def user_of_certificate(certificate: Mapping[str, Any] | None) -> User | None:
    """Give the user of a verified client certificate: CN is the name, each O a group.

    Args:
        certificate: what `ssl.SSLSocket.getpeercert` gives; TLS has verified it already.
    """
    if not certificate:
        return None
    subject = [pair for part in certificate.get("subject", ()) for pair in part]
    names = [value for key, value in subject if key == "commonName"]
    groups = tuple(value for key, value in subject if key == "organizationName")
    return User(name=names[-1], groups=groups) if names and names[-1] else None


def subresources(path: str) -> tuple[str, ...]:
    """Give the subresources of `nodes` any one of which gives access to a (decoded) path."""
    fine = next((sub for prefix, sub in _FINE_GRAINED if _is_below(path, prefix)), None)
    coarse = next((sub for prefix, sub in _SUBRESOURCES if _is_below(path, prefix)), "proxy")
    return (coarse,) if fine is None else (fine, coarse)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


V = TypeVar("V")


class _Remembered(Generic[V]):
    """Answers of the virtual API, each for a while; the oldest go when there are too many."""

    def __init__(self, capacity: int = 1024) -> None:
        self._capacity = capacity
        self._answers: dict[object, tuple[float, V]] = {}

    def get(self, key: object) -> V | None:
        until, answer = self._answers.get(key, (0.0, None))
        return answer if until > asyncio.get_running_loop().time() else None

    def put(self, key: object, answer: V, *, seconds: float) -> None:
        self._answers.pop(key, None)
        if len(self._answers) >= self._capacity:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = (asyncio.get_running_loop().time() + seconds, answer)


class Gatekeeper:
    """Decides on each request to any of the virtual nodes' kubelets."""

    def __init__(self, virtual: Client) -> None:
        self._virtual = virtual
        self._users: _Remembered[tuple[User | None]] = _Remembered()
        self._decisions: _Remembered[bool] = _Remembered()

    async def check(
        self,
        request: Request,
        *,
        path: str,
        node: str,
        certificate: Mapping[str, Any] | None,
        authenticated: Callable[[], None],
    ) -> None:
        """Let a request pass, or not.

        Args:
            request: the request head.
            path: its path, decoded.
            node: the node whose kubelet was asked.
            certificate: the client's verified certificate, if it has one.
            authenticated: called when the client is authenticated, before it is authorized.

        Raises:
            Refused: 401 nobody we know, 403 not allowed, 500 the virtual API could not say.
        """
        user = user_of_certificate(certificate) or await self._user_of_token(bearer_token(request))
        if user is None:
            raise Refused(401, "Unauthorized")
        authenticated()
        if _MASTERS in user.groups:
            return
        verb = _VERBS.get(request.method, "")
        wanted = subresources(path)
        for subresource in wanted:
            if await self._allows(user, verb=verb, subresource=subresource, node=node):
                return
        about = f"user={user.name}, verb={verb}, resource=nodes, subresource(s)=[{' '.join(wanted)}]"
        raise Refused(403, f"Forbidden ({about})\n")

    async def _user_of_token(self, token: str | None) -> User | None:
        if not token:
            return None
        key = hashlib.sha256(token.encode("latin-1")).digest()
        known = self._users.get(key)
        if known is not None:
            return known[0]
        try:
            user = await self._review(token)
        except VcliError as error:
            log.warning("token could not be reviewed", error=error.message)
            return None
        self._users.put(key, (user,), seconds=_TOKEN_LIFE if user else _REFUSED_LIFE)
        return user

    async def _review(self, token: str) -> User | None:
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
        status = (await self._virtual.create(TOKENREVIEWS, body)).get("status") or {}
        user = status.get("user") or {}
        if not status.get("authenticated") or not user.get("username"):
            return None
        return User(
            name=user["username"],
            uid=user.get("uid", ""),
            groups=tuple(user.get("groups") or ()),
            extra=user.get("extra") or {},
        )

    async def _allows(self, user: User, *, verb: str, subresource: str, node: str) -> bool:
        attributes = {
            "verb": verb,
            "version": "v1",
            "resource": "nodes",
            "subresource": subresource,
            "name": node,
        }
        extra = tuple(sorted((key, tuple(values)) for key, values in user.extra.items()))
        key = (user, extra, verb, subresource, node)
        known = self._decisions.get(key)
        if known is not None:
            return known
        spec = {
            "user": user.name,
            "uid": user.uid,
            "groups": list(user.groups),
            "extra": dict(user.extra),
            "resourceAttributes": attributes,
        }
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        try:
            status = (await self._virtual.create(SUBJECTACCESSREVIEWS, body)).get("status") or {}
        except VcliError as error:
            log.warning("access could not be reviewed", user=user.name, error=error.message)
            raise Refused(
                500, f"Authorization error (user={user.name}, verb={verb}, resource=nodes)"
            ) from error
        allowed = bool(status.get("allowed")) and not status.get("denied")
        self._decisions.put(key, allowed, seconds=_ALLOWED_LIFE if allowed else _REFUSED_LIFE)
        return allowed


def bearer_token(request: Request) -> str | None:
    """Give the token of `Authorization: Bearer TOKEN`; more than one such header is none."""
    values = request.header_values("authorization")
    if len(values) != 1:
        return None
    scheme, _, token = values[0].partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
