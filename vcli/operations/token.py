"""Credentials on demand: what kubectl asks for when a kubeconfig names ``vcli token`` instead of a key."""

import base64
import json
import sys
from collections.abc import Mapping
from typing import Any

from vcli.kube.client import Client
from vcli.kubeconfig.auth import load_access
from vcli.operations.credentials import admin
from vcli.operations.resolve import VirtualCluster, resolve

Object = dict[str, Any]

_GROUP = "client.authentication.k8s.io"


async def credential(
    name: str,
    *,
    namespace: str | None = None,
    kubeconfig: str | None = None,
    context: str | None = None,
    environ: Mapping[str, str],
) -> Object:
    """The administrator's credentials as an ExecCredential.

    Args:
        name: of the virtual cluster.
        namespace: on the host.
        kubeconfig: of the host.
        context: of the host.
        environ: where the one who asks has put the version that it speaks (KUBERNETES_EXEC_INFO).

    Raises:
        VcliError: the host doesn't answer, rejects the request, or has no such virtual cluster.
    """
    loaded = load_access(kubeconfig=kubeconfig, context=context)
    async with Client(loaded.access) as client:
        user = (await admin(client, await resolve(client, name, namespace=namespace))).user
    status = {
        key: base64.b64decode(user[f"{part}-data"]).decode()
        for key, part in (("clientCertificateData", "client-certificate"), ("clientKeyData", "client-key"))
        if f"{part}-data" in user
    }
    if "token" in user:
        status["token"] = user["token"]
    return {"apiVersion": _version(environ), "kind": "ExecCredential", "status": status}


def plugin(cluster: VirtualCluster, *, host_kubeconfig: str, host_context: str) -> Object:
    """The user's body for a kubeconfig, that has kubectl run ``vcli token``.

    Args:
        cluster: the virtual cluster.
        host_kubeconfig: the files of the host's context, as KUBECONFIG would hold them; empty in a pod.
        host_context: of the host.
    """
    where = ["--context", host_context, *(["--kubeconfig", host_kubeconfig] if host_kubeconfig else [])]
    return {
        "exec": {
            "apiVersion": f"{_GROUP}/v1",
            "args": ["-m", "vcli", "token", cluster.name, "-n", cluster.namespace, *where],
            "command": sys.executable,
            "installHint": "vcli gives the credentials of this virtual cluster: pipx install vcli",
            "interactiveMode": "IfAvailable",
        }
    }


def _version(environ: Mapping[str, str]) -> str:
    try:
        asked = str(json.loads(environ.get("KUBERNETES_EXEC_INFO", ""))["apiVersion"])
    except (ValueError, KeyError, TypeError):
        asked = ""
    return asked if asked.startswith(f"{_GROUP}/") else f"{_GROUP}/v1"
