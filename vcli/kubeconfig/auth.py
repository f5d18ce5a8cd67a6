"""From kubeconfig files to an `Access`: where the host is, and how we prove to it who we are."""

import base64
import binascii
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vcli import inputs, invocation
from vcli.errors import NotAllowedError, NotFoundError, UnreachableError, UsageError
from vcli.kube.access import Access, in_cluster, token_file, without_login
from vcli.kube.types import Object
from vcli.kubeconfig.execplugin import ExecPlugin
from vcli.kubeconfig.model import IN_CLUSTER, Located, Mark, View, mark_of
from vcli.kubeconfig.paths import Sources, sources
from vcli.kubeconfig.read import KubeconfigError, load, no_host

_SECOND = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How to reach a cluster, and by which names it was found.

    Args:
        access: for `vcli.kube.client.Client`.
        context_name: the context, or `vcli.kubeconfig.model.IN_CLUSTER`.
        namespace: what the context (or the pod) names, None when it names none.
        sources: the files that ``context_name`` was found in.
        current: the context that is current in the user's files, empty when none is.
        connected: the virtual cluster that this context is of, None when it is of none.
    """

    access: Access
    context_name: str
    namespace: str | None
    sources: Sources
    current: str
    connected: Mark | None = None


def load_access(*, kubeconfig: str | None = None, context: str | None = None) -> Loaded:
    """Find out how to reach the host cluster.

    The files are merged as client-go merges them. Without ``context`` it is the current one; when that is one
    of ours, the host of that virtual cluster is meant, so commands work alike from inside a connected shell.
    A context named by ``context`` is taken as it is. Without any kubeconfig, in a pod, it is the pod's own
    cluster.

    Args:
        kubeconfig: ``--kubeconfig``: one file instead of ``KUBECONFIG`` or ``~/.kube/config``.
        context: ``--context``.

    Raises:
        UnreachableError: no cluster is configured.
        NotFoundError: the named context, or what it refers to, does not exist.
        UsageError: no context is current; or a name is empty, which never means the default.
        NotAllowedError: the credentials can't be had.
        KubeconfigError: a file can't be read or understood.
    """
    if context is not None:
        inputs.not_empty(context, "the context")
    where = sources(kubeconfig)
    view = View({path: file.data for path, file in load(where).items()})
    name = context or view.current
    if name == IN_CLUSTER and view.get("contexts", name) is None:
        return _in_cluster(where, view.current)
    if not name:
        return _without_context(where, view)
    located = _get_context(view, name, where)
    mark = None if context else mark_of(located.body)
    if mark is not None:
        loaded = replace(_host_of(mark, where, view), connected=mark)
        _note_host(loaded, where)
        return loaded
    return _loaded(view, name, located, where, view.current)


def _note_host(loaded: Loaded, where: Sources) -> None:
    """For hints: kubectl, unlike us, would take the current context for the host's."""
    if loaded.context_name == IN_CLUSTER:
        return
    flags = ["--context", loaded.context_name]
    if (loaded.sources != where or where.explicit) and len(loaded.sources.files) == 1:
        flags += ["--kubeconfig", str(loaded.sources.files[0])]
    invocation.current().host = tuple(flags)


def _host_of(mark: Mark, where: Sources, view: View) -> Loaded:
    current = view.current
    if mark.host_context == IN_CLUSTER and not mark.host_kubeconfig:
        return _in_cluster(where, current)
    # A name like "default" may mean another cluster in other files: those that we saw it in come first.
    recorded = tuple(Path(part) for part in mark.host_kubeconfig.split(os.pathsep) if part)
    if recorded and recorded != where.files:
        origin = Sources(recorded)
        there = View({path: file.data for path, file in load(origin).items()})
        located = there.get("contexts", mark.host_context)
        if located is not None:
            return _loaded(there, mark.host_context, located, origin, current)
    return _loaded(view, mark.host_context, _get_context(view, mark.host_context, where), where, current)


def _without_context(where: Sources, view: View) -> Loaded:
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_cluster(where, "")
    if not view.files:
        raise no_host(where)
    names = view.names("contexts")
    if not names:
        raise UnreachableError(
            f"no host cluster is configured: {where} has no context",
            hint="vcli host up starts a cluster on this machine; or set KUBECONFIG",
        )
    raise UsageError(
        f"no context is current in {where}",
        hint="name one with --context, or make one current: kubectl config use-context NAME; there are: "
        + ", ".join(names),
    )


def _in_cluster(where: Sources, current: str) -> Loaded:
    access = in_cluster()
    return Loaded(
        access=access, context_name=IN_CLUSTER, namespace=access.namespace, sources=where, current=current
    )


def _get_context(view: View, name: str, where: Sources) -> Located:
    located = view.get("contexts", name)
    if located is None:
        if not view.files:
            raise no_host(where)
        raise NotFoundError(f"there is no context {name!r} in {where}", hint=_choose_context(view))
    return located


def _choose_context(view: View) -> str:
    names = view.names("contexts")
    return f"name another one with --context; there are: {', '.join(names)}" if names else "it has no context"


def _loaded(view: View, name: str, context: Located, where: Sources, current: str) -> Loaded:
    namespace = context.body.get("namespace")
    cluster = view.get("clusters", str(context.body.get("cluster") or ""))
    if cluster is None:
        raise NotFoundError(
            f"context {name!r} in {context.file} refers to the cluster"
            f" {context.body.get('cluster')!r}, which does not exist",
            hint=_choose_context(view),
        )
    user_name = str(context.body.get("user") or "")
    user = view.get("users", user_name)
    if user is None and user_name:
        raise NotFoundError(
            f"context {name!r} in {context.file} refers to the user {user_name!r}, which does not exist",
            hint=_choose_context(view),
        )
    access = Access(
        **_cluster_part(cluster, str(context.body.get("cluster"))),
        **(_user_part(user_name, user, cluster) if user else {}),
        namespace=str(namespace) if namespace else "default",
        identity=f"user {user_name!r} of context {name!r}"
        if user_name
        else f"context {name!r}, which has no user",
    )
    return Loaded(
        access=access,
        context_name=name,
        namespace=str(namespace) if namespace else None,
        sources=where,
        current=current,
    )


def _cluster_part(cluster: Located, name: str) -> dict[str, Any]:
    body = cluster.body
    if not body.get("server"):
        raise KubeconfigError(
            f"cluster {name!r} in {cluster.file} has no server",
            hint="its key 'server' is the URL of the API server",
        )
    ca = _data_or_file(cluster, "certificate-authority")
    insecure = bool(body.get("insecure-skip-tls-verify"))
    if insecure and ca:
        raise KubeconfigError(
            f"cluster {name!r} in {cluster.file} has a certificate authority and insecure-skip-tls-verify",
            hint="remove one of the two; kubectl refuses this as well",
        )
    return {
        "server": without_login(str(body["server"])),
        "ca": ca,
        "insecure": insecure,
        "tls_server_name": body.get("tls-server-name") or None,
        "proxy_url": body.get("proxy-url") or None,
    }


def _user_part(name: str, user: Located, cluster: Located) -> dict[str, Any]:
    body = user.body
    part: dict[str, Any] = {
        "client_certificate": _data_or_file(user, "client-certificate"),
        "client_key": _data_or_file(user, "client-key"),
        "impersonate": _impersonation(body),
    }
    if bool(part["client_certificate"]) != bool(part["client_key"]):
        raise KubeconfigError(
            f"user {name!r} in {user.file} has a client certificate or a key, but not both",
            hint="it needs client-certificate(-data) and client-key(-data)",
        )
    if body.get("tokenFile"):
        part["token"] = token_file(_relative(user, str(body["tokenFile"])))
    elif body.get("token"):
        part["token"] = _constant(str(body["token"]))
    elif body.get("username"):
        part["basic"] = (str(body["username"]), str(body.get("password") or ""))
    elif body.get("exec"):
        part.update(_exec_part(name, user, cluster))
    elif body.get("auth-provider"):
        part["token"] = _constant(_provider_token(name, body["auth-provider"]))
    return part


def _exec_part(name: str, user: Located, cluster: Located) -> dict[str, Any]:
    spec = user.body["exec"]
    info = cluster.body
    if spec.get("provideClusterInfo"):
        ca = _data_or_file(cluster, "certificate-authority")
        info = {**info, **({"certificate-authority-data": base64.b64encode(ca).decode()} if ca else {})}
    plugin = ExecPlugin(name, spec, cluster=info, folder=user.file.parent)
    return {"token": plugin.token, "certificate": plugin.certificate}


def _provider_token(name: str, provider: Mapping[str, Any]) -> str:
    """The id-token of a legacy ``oidc`` provider while it lives; Kubernetes removed all other providers."""
    kind = provider.get("name")
    token = str((provider.get("config") or {}).get("id-token") or "")
    if kind == "oidc" and token:
        if _expires(token) > time.time() + _SECOND:
            return token
        raise NotAllowedError(
            f"the OIDC token of user {name!r} has expired",
            hint=f"{invocation.kubectl('version')} renews it in the kubeconfig, as any kubectl command does",
        )
    raise NotAllowedError(
        f"user {name!r} uses the auth provider {kind!r}, which Kubernetes has removed",
        hint="write the kubeconfig again with the cloud's own tool, so that it uses an exec plugin",
    )


def _expires(token: str) -> float:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return 0.0


def _impersonation(body: Object) -> dict[str, str | tuple[str, ...]]:
    headers: dict[str, str | tuple[str, ...]] = {}
    if body.get("as"):
        headers["Impersonate-User"] = str(body["as"])
    if body.get("as-uid"):
        headers["Impersonate-Uid"] = str(body["as-uid"])
    if body.get("as-groups"):
        headers["Impersonate-Group"] = tuple(map(str, body["as-groups"]))
    for key, values in (body.get("as-user-extra") or {}).items():
        # client-go's headerKeyEscape: what a header's name can't hold is percent-encoded
        name = quote(str(key), safe="!#$&'*+-.^_`|~")
        headers[f"Impersonate-Extra-{name}"] = tuple(map(str, values))
    return headers


def _constant(token: str) -> Callable[[], Awaitable[str]]:
    async def read() -> str:
        return token

    return read


def _data_or_file(located: Located, key: str) -> bytes | None:
    """``KEY-data`` decoded, or the content of the file that ``KEY`` names, relative to the kubeconfig."""
    if encoded := located.body.get(f"{key}-data"):
        try:
            return base64.b64decode(str(encoded), validate=False)
        except (binascii.Error, ValueError) as error:
            raise KubeconfigError(f"{key}-data in {located.file} is not base64: {error}") from error
    if named := located.body.get(key):
        path = _relative(located, str(named))
        try:
            return path.read_bytes()
        except OSError as error:
            raise KubeconfigError(
                f"can't read {path}, which {located.file} names as {key}: {error.strerror}"
            ) from error
    return None


def _relative(located: Located, path: str) -> Path:
    return located.file.parent / path
