"""A tunnel that has ended, started again where a kubeconfig expects it."""

import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from typing import Any, Final

from vcli.errors import ConflictError
from vcli.invocation import vcli
from vcli.operations import credential_cache
from vcli.operations.tunnel_uses import move, notice
from vcli.portforward import background
from vcli.portforward.listener import PortTakenError
from vcli.portforward.place import address_and_port
from vcli.portforward.state import TunnelSpec, TunnelState, on_this_machine

TIMEOUT: Final = 9.0
"""Seconds for all of it: kubectl waits."""
_HANDSHAKE: Final = 3.0


class MovedError(ConflictError):
    """The tunnel listens on another port than the kubeconfig says."""

    code = "TunnelMoved"


def ensure(
    spec: TunnelSpec | Mapping[str, Any], tunnel: str, *, authority: str, timeout: float = TIMEOUT
) -> None:
    """See that a tunnel listens where a kubeconfig expects it.

    Args:
        spec: what it connects.
        tunnel: ADDRESS:PORT.
        authority: PEM of the virtual cluster's, which it must still have.
        timeout: seconds for all of it.

    Raises:
        NotFoundError: there is no such virtual cluster.
        StaleError: it was created again.
        MovedError: another program listens there. Now there is a tunnel on another port, and the kubeconfigs
            that are known to use it say so.
        VcliError: the tunnel can't be started.
    """
    address, port = address_and_port(tunnel)
    wanted = replace(_spec(spec), address=address, local_port=port)
    expected = credential_cache.fingerprint(authority)
    until = time.monotonic() + timeout

    def held(spec: TunnelSpec) -> AbstractContextManager[TunnelState]:
        left = max(until - time.monotonic(), 0.0)
        return background.held(spec, timeout=left, wait=left, authority=expected)

    try:
        with held(wanted) as state:
            notice(state)
            return
    except PortTakenError:
        if leads_there(address, port, authority):
            return
    with held(replace(wanted, local_port=0)) as state:
        moved = move(wanted, state)
    known = f"changed: {', '.join(moved)}" if moved else "no kubeconfig is known that uses it"
    raise MovedError(
        f"local port {port}, which leads to virtual cluster {wanted.name!r} by this kubeconfig, is taken by"
        f" another program; the tunnel listens on port {state.port} now ({known})",
        hint="run the command again"
        if moved
        else f"{vcli('connect', wanted.name, namespace=wanted.namespace)} writes the kubeconfig again",
    )


def leads_there(address: str, port: int, authority: str) -> bool:
    """Whether what listens there leads to the virtual cluster: it shows a certificate of its authority.

    So does a tunnel that we don't know of, when the state folder was lost or is another one.
    """
    context = ssl.create_default_context(cadata=authority)
    context.check_hostname = False
    try:
        with (
            socket.create_connection((on_this_machine(address), port), timeout=_HANDSHAKE) as connection,
            context.wrap_socket(connection, server_hostname="localhost"),
        ):
            return True
    except OSError:
        return False


def _spec(spec: TunnelSpec | Mapping[str, Any]) -> TunnelSpec:
    if isinstance(spec, TunnelSpec):
        return spec
    known = {field.name for field in fields(TunnelSpec)}
    return TunnelSpec(**{key: value for key, value in spec.items() if key in known})
