"""Credentials on demand: what kubectl asks for when a kubeconfig names ``vcli token`` instead of a key.

Here the host is asked. `vcli.operations.quick` answers what can be answered without it.
"""

import asyncio
import base64
import contextlib
import os
import sys
import time
from collections.abc import Mapping
from typing import Final

from vcli import invocation
from vcli.contract.labels import control_plane
from vcli.errors import NotFoundError, TimedOutError, UnreachableError, UsageError, VcliError
from vcli.kube.client import Client
from vcli.kube.types import Object
from vcli.kubeconfig.auth import Loaded, load_access
from vcli.kubeconfig.model import IN_CLUSTER
from vcli.operations import credential_cache, healing, quick
from vcli.operations.credentials import Credentials, of_secret
from vcli.operations.resolve import check_place, resolve
from vcli.operations.usable import refuse_paused
from vcli.portforward import place
from vcli.portforward.state import TunnelSpec

TIMEOUT: Final = 10.0
"""Seconds that kubectl waits at most."""
_GRACE: Final = 1.0


async def credential(
    name: str,
    *,
    namespace: str | None = None,
    kubeconfig: str | None = None,
    context: str | None = None,
    tunnel: str | None = None,
    authority: str | None = None,
    timeout: float | None = None,  # noqa: ASYNC109  of all of it, plugins of the host's kubeconfig included
    environ: Mapping[str, str],
) -> Object:
    """The administrator's credentials as an ExecCredential, kept for the next time.

    Args:
        name: of the virtual cluster.
        namespace: on the host.
        kubeconfig: of the host.
        context: of the host.
        tunnel: ADDRESS:PORT where one has to listen, which is started if it does not.
        authority: fingerprint of the certificate authority that the virtual cluster must have.
        timeout: seconds for all of it.
        environ: where the one who asks has put the version that it speaks (KUBERNETES_EXEC_INFO).

    Raises:
        NotFoundError: there is no such virtual cluster.
        StaleError: it was created again.
        ConflictError: it is paused.
        UnreachableError: the host doesn't answer in time.
        VcliError: the host rejects the request; the tunnel can't be started.
    """
    check_place(name, namespace)
    if tunnel is not None:
        _check_tunnel(tunnel)
    limit = TIMEOUT if timeout is None else timeout
    until = time.monotonic() + limit
    # A plugin of the host's kubeconfig that can ask on a terminal may wait for a person.
    bounded = timeout is not None or not os.isatty(0)
    if bounded:
        invocation.current().seconds = limit  # requests and plugins end in time, with errors of their own
    loaded = load_access(kubeconfig=kubeconfig, context=context)
    try:
        async with asyncio.timeout(limit + _GRACE if bounded else None):
            spec, found = await _ask(loaded, name, namespace)
    except (TimeoutError, UnreachableError) as error:
        kept = None if tunnel else _kept(name, namespace, context, kubeconfig, authority)
        if kept is not None:
            return quick.answer(kept["status"], kept["notAfter"], environ)  # it is reached without its host
        if isinstance(error, UnreachableError):
            raise
        raise TimedOutError(
            f"no credentials from the host {loaded.access.server} within {limit:g} seconds",
            hint=f"does the host answer? {invocation.kubectl('get', 'namespaces')}",
        ) from error
    if authority:
        credential_cache.check_authority(found.ca, authority, name=spec.name, namespace=spec.namespace)
    status, end = await asyncio.to_thread(keep, spec, found)
    if tunnel is not None:
        left = max(until - time.monotonic(), 1.0)
        await asyncio.to_thread(healing.ensure, spec, tunnel, authority=found.ca.decode(), timeout=left)
    return quick.answer(status, end, environ)


def exec_status(credentials: Credentials) -> dict[str, str]:
    """Credentials as the status of an ExecCredential."""
    user = credentials.user
    status = {
        key: base64.b64decode(user[f"{part}-data"]).decode()
        for key, part in (("clientCertificateData", "client-certificate"), ("clientKeyData", "client-key"))
        if f"{part}-data" in user
    }
    if "token" in user:
        status["token"] = user["token"]
    return status


def plugin(spec: TunnelSpec, *, authority: bytes, tunnel: str | None) -> Object:
    """The user's body for a kubeconfig, that has kubectl run ``vcli token``.

    Args:
        spec: the virtual cluster, and the way to its host.
        authority: PEM of the virtual cluster's.
        tunnel: ADDRESS:PORT of the tunnel that leads there, None if there is none.
    """
    arguments = ["-n", spec.namespace, "--context", spec.context or ""]
    if spec.kubeconfig:
        arguments += ["--kubeconfig", spec.kubeconfig]
    if tunnel:
        arguments += ["--tunnel", tunnel]
    arguments += ["--authority", credential_cache.fingerprint(authority)]
    body: Object = {
        "apiVersion": f"{quick.GROUP}/v1",
        # -P: kubectl is run in all kinds of folders, which must not be searched for modules.
        "args": ["-P", "-m", "vcli", "token", spec.name, *arguments],
        "command": sys.executable,
        # To be read on machines where the host may have other names, so without flags.
        "installHint": "vcli gives the credentials of this virtual cluster: pipx install vcli; or have"
        f" 'vcli connect {spec.name} --inline-key' write a kubeconfig that does without",
        "interactiveMode": "IfAvailable",
    }
    if place.is_chosen():
        body["env"] = [{"name": "VCLI_STATE_DIR", "value": place.first_choice()}]
    return {"exec": body}


async def _ask(loaded: Loaded, name: str, namespace: str | None) -> tuple[TunnelSpec, Credentials]:
    async with Client(loaded.access) as client:
        if namespace is None:
            namespace = (await resolve(client, name)).namespace
        try:
            found, _ = await asyncio.gather(
                of_secret(client, name, namespace), refuse_paused(client, name, namespace)
            )
        except NotFoundError:
            await resolve(client, name, namespace=namespace)  # says it if there is no such virtual cluster
            raise
    spec = TunnelSpec(
        server=loaded.access.server,
        kubeconfig=None if loaded.context_name == IN_CLUSTER else str(loaded.sources),
        context=loaded.context_name,
        namespace=namespace,
        name=name,
        selector=control_plane(name),
    )
    return spec, found


def keep(spec: TunnelSpec, found: Credentials) -> tuple[dict[str, str], float]:
    """Keep credentials for the next kubectl, if there is a place for them: else each one asks the host.

    Returns:
        What `exec_status` makes of them, and when they end.
    """
    status = exec_status(found)
    end = credential_cache.end_of(status)
    with contextlib.suppress(VcliError, OSError):
        credential_cache.write(spec, authority=found.ca, status=status, end=end)
    return status, end


def _kept(
    name: str, namespace: str | None, context: str | None, kubeconfig: str | None, authority: str | None
) -> Object | None:
    entry = credential_cache.read(name, namespace or "", context or "", kubeconfig or "")
    if entry is None or authority not in {None, entry["fingerprint"], *entry.get("former", ())}:
        return None
    return entry


def _check_tunnel(tunnel: str) -> None:
    try:
        place.address_and_port(tunnel)
    except ValueError:
        raise UsageError(f"{tunnel!r} is no ADDRESS:PORT", hint="--tunnel 127.0.0.1:23456") from None
