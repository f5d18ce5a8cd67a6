"""Credentials of virtual clusters on this machine, for kubectl, which asks before its first request.

One small JSON file (0600, in a folder of 0700) for each way that a kubeconfig asks: virtual cluster and host
context. Read by each call of kubectl, so it imports next to nothing.
"""

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING, Final

from vcli.invocation import vcli
from vcli.kube.types import Object
from vcli.portforward import place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcli.portforward.state import TunnelSpec


FRESH: Final = 3600.0
"""Seconds until the host is asked again, while a tunnel sees when the virtual cluster is another one."""
UNWATCHED: Final = 600.0
"""The same, where no tunnel does."""
_EARLY: Final = 60.0  # seconds before its end that a certificate is not used any more


_END: Final = b"-----END CERTIFICATE-----"


def fingerprint(authority: bytes | str) -> str:
    """Names a certificate authority (PEM): the one that signs, where it has a former one beside it."""
    return _fingerprints(authority)[0]


def _fingerprints(authority: bytes | str) -> list[str]:
    data = authority.encode() if isinstance(authority, str) else authority
    blocks = [part.strip() + _END for part in data.split(_END)[:-1]] or [data.strip()]
    return [hashlib.sha256(each).hexdigest()[:16] for each in blocks]


def check_authority(authority: bytes, expected: str, *, name: str, namespace: str) -> None:
    """See that a virtual cluster has the authority that a kubeconfig was written for.

    Raises:
        StaleError: it has another one: it was deleted, and created again.
    """
    if expected and expected not in _fingerprints(authority):
        from vcli.portforward.spawning import StaleError  # noqa: PLC0415

        raise StaleError(
            f"virtual cluster {name!r} in namespace {namespace!r} was created again since this kubeconfig was"
            " written, or its CA was rotated: its certificate authority is another one",
            hint=f"write it again: {vcli('connect', name, namespace=namespace)}",
        )


def read(name: str, namespace: str, context: str, kubeconfig: str) -> Object | None:
    """What is kept for a kubeconfig that asks so; None if there is nothing that can be used.

    Args:
        name: of the virtual cluster.
        namespace: on the host.
        context: of the host.
        kubeconfig: the files that has ``context``, as KUBECONFIG would hold them.
    """
    if (root := place.root()) is None:
        return None
    try:
        with open(_path(root, name, namespace, context, kubeconfig), encoding="utf-8") as file:  # noqa: PTH123
            entry: Object = json.load(file)
        usable = entry["version"] == 1 and entry["notAfter"] - _EARLY > time.time()
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return entry if usable else None


def is_fresh(entry: Object, *, watched: bool) -> bool:
    """Whether the host need not be asked."""
    return bool(0 <= time.time() - entry["since"] < (FRESH if watched else UNWATCHED))


def write(spec: "TunnelSpec", *, authority: bytes, status: "Mapping[str, str]", end: float) -> None:
    """Keep credentials.

    Args:
        spec: the virtual cluster, the way to its host, and the tunnel that it would need.
        authority: PEM.
        status: of an ExecCredential.
        end: of the credentials, see `end_of`.

    Raises:
        OSError: they can't be kept.
        VcliError: there is no place for them.
    """
    from dataclasses import asdict  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from vcli.portforward.state import folder, write_private  # noqa: PLC0415

    root = folder().parent
    path = Path(_path(str(root), spec.name, spec.namespace, spec.context or "", spec.kubeconfig or ""))
    path.parent.mkdir(mode=0o700, exist_ok=True)
    entry = {
        "version": 1,
        "spec": asdict(spec),
        "authority": authority.decode(),
        "fingerprint": fingerprint(authority),
        "former": _fingerprints(authority)[1:],
        "status": dict(status),
        "since": time.time(),
        "notAfter": end,
    }
    write_private(path, json.dumps(entry))


def end_of(status: "Mapping[str, str]") -> float:
    """When the certificate ends, or `FRESH` from now for a token, which says nothing of its end."""
    if certificate := status.get("clientCertificateData"):
        from vcli.bootstrap.certificate import parse  # noqa: PLC0415

        return parse(certificate.encode()).not_after.timestamp()
    return time.time() + FRESH


def forget(server: str, namespace: str, name: str) -> None:
    """Remove what is kept of a virtual cluster; best effort."""
    if (root := place.root()) is None:
        return
    folder = f"{root}/credentials"
    try:
        files = [f"{folder}/{each}" for each in os.listdir(folder) if each.startswith(f"{name}-")]  # noqa: PTH208
    except OSError:
        return
    for path in files:
        try:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123
                spec = json.load(file)["spec"]
            if (spec["server"], spec["namespace"], spec["name"]) != (server, namespace, name):
                continue
        except (OSError, ValueError, TypeError, KeyError):
            pass  # of no use
        try:
            os.unlink(path)  # noqa: PTH108
        except OSError:
            continue


def drop(name: str, namespace: str, context: str, kubeconfig: str) -> None:
    """Remove what is kept for kubeconfigs that ask so; best effort."""
    if (root := place.root()) is None:
        return
    try:
        os.unlink(_path(root, name, namespace, context, kubeconfig))  # noqa: PTH108
    except OSError:
        return


def _path(root: str, name: str, *rest: str) -> str:
    return f"{root}/credentials/{name}-{place.digest(name, *rest)}.json"
