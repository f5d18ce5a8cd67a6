"""``vcli token`` for kubectl, which runs it each time: answered from files, before the program is imported.

Only a command line as `vcli.operations.token.plugin` writes it is answered here, and only when the
credentials are kept. A tunnel that has ended is started. Everything else is for the command line proper,
which asks the host.
"""

import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

from vcli.operations import credential_cache
from vcli.portforward import place
from vcli.processes import identity, machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GROUP: Final = "client.authentication.k8s.io"
LIFE: Final = 60.0
"""Seconds for which a client is to use what it got: after that it asks again, and a long-running one such as
k9s finds its tunnel running again."""
_OPTIONS: Final = {
    "-n": "namespace",
    "--context": "context",
    "--kubeconfig": "kubeconfig",
    "--tunnel": "tunnel",
    "--authority": "authority",
}


def run(arguments: "Sequence[str]", environ: "Mapping[str, str] | None" = None) -> str | None:
    """Answer if that can be done without the host.

    Args:
        arguments: after ``vcli token``.
        environ: the environment.

    Returns:
        An ExecCredential as JSON; None when it can't be answered here.

    Raises:
        VcliError: the tunnel can't be started.
    """
    environ = os.environ if environ is None else environ
    asked = _understand(arguments, environ)
    if asked is None:
        return None
    entry = credential_cache.read(asked["name"], asked["namespace"], asked["context"], asked["kubeconfig"])
    if entry is None or not credential_cache.is_fresh(entry, watched=bool(asked["tunnel"])):
        return None
    if asked["authority"] not in {"", entry["fingerprint"], *entry.get("former", ())}:
        return None
    there = not asked["tunnel"] or _runs(entry["spec"], asked["tunnel"]) or _heal(entry, asked["tunnel"])
    return json.dumps(answer(entry["status"], entry["notAfter"], environ)) if there else None


def answer(status: "Mapping[str, str]", end: float, environ: "Mapping[str, str]") -> dict[str, Any]:
    """An ExecCredential.

    Args:
        status: the credentials in it.
        end: of the credentials, in seconds since the epoch.
        environ: where the one who asks has put the version that it speaks (KUBERNETES_EXEC_INFO).
    """
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(end, time.time() + LIFE)))
    return {
        "apiVersion": _version(environ),
        "kind": "ExecCredential",
        "status": {**status, "expirationTimestamp": until},
    }


def _understand(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> dict[str, str] | None:
    if len(arguments) % 2 == 0 or arguments[0].startswith("-"):
        return None
    asked = {"name": arguments[0], "kubeconfig": "", "tunnel": "", "authority": ""}
    for option, value in zip(arguments[1::2], arguments[2::2], strict=True):
        if option not in _OPTIONS or value.startswith("-"):
            return None
        asked[_OPTIONS[option]] = value
    if not {"namespace", "context"} <= asked.keys() or (
        not asked["kubeconfig"] and environ.get("VCLI_KUBECONFIG")
    ):
        return None
    return asked


def _runs(spec: "Mapping[str, Any]", tunnel: str) -> bool:
    """Whether the very process that listens there still runs."""
    try:
        address, port = place.address_and_port(tunnel)
        name = place.file_name(spec["server"], spec["namespace"], spec["name"], address, port)
        with open(f"{place.root()}/tunnels/{name}", encoding="utf-8") as file:  # noqa: PTH123
            state = json.load(file)
        return bool(state["machine"] == machine() and identity(state["pid"]) == state["identity"])
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _heal(entry: "Mapping[str, Any]", tunnel: str) -> bool:
    """Start the tunnel; False when what is kept is worth nothing: the host knows more."""
    from vcli.errors import NotFoundError  # noqa: PLC0415
    from vcli.operations.healing import ensure  # noqa: PLC0415
    from vcli.portforward.spawning import StaleError  # noqa: PLC0415

    try:
        ensure(entry["spec"], tunnel, authority=entry["authority"])
    except (NotFoundError, StaleError):
        return False
    return True


def _version(environ: "Mapping[str, str]") -> str:
    try:
        asked = str(json.loads(environ.get("KUBERNETES_EXEC_INFO", ""))["apiVersion"])
    except (ValueError, KeyError, TypeError):
        asked = ""
    return asked if asked.startswith(f"{GROUP}/") else f"{GROUP}/v1"
