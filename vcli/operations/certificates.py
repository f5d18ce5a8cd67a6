"""The certificates of a virtual cluster, one by one: what they are for, and whether they are good."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vcli import x509
from vcli.bootstrap import certificate, layout
from vcli.bootstrap.pki import CROSS, LEAVES, PEER_LEAVES, Files
from vcli.controlplane.names import Names
from vcli.errors import NotFoundError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import SECRETS
from vcli.kube.types import Object
from vcli.operations.certificate_ends import NEAR, days_left
from vcli.operations.host_connection import connect_to_host
from vcli.operations.resolve import VirtualCluster, check_place, resolve

State = Literal["good", "ending", "expired", "foreign", "unreadable"]
"""``foreign`` is one that its CA has not signed."""

_PURPOSES: Final = {
    "ca": "signs the certificates of all components and of the administrator",
    "front-proxy-ca": "signs what the API server shows to aggregated APIs",
    "etcd-ca": "signs the certificates of the store's members",
    **{f"{name}-former": f"the {name} of before: vcli certs rotate-ca --finish drops it" for name in CROSS},
    "apiserver": "of the API server, for clients",
    "apiserver-host": "of the API server, for clients that use its name on the host",
    "kubelet": "of the syncer, as the kubelet of all nodes",
    "kubelet-client": "of the API server, when it calls kubelets",
    "front-proxy": "of the API server, when it calls aggregated APIs",
    "kube-controller-manager": "of the controller manager, when it calls the API server",
    "kube-scheduler": "of the scheduler, when it calls the API server",
    "syncer": "of the syncer, when it calls the API server",
    "admin": "of the administrator, in kubeconfigs",
    "etcd-peer": "of the store's members, for each other",
    "etcd-peer-client": "of the store's members, when they call each other",
}
_ISSUERS: Final = {leaf.name: leaf.ca for leaf in (*LEAVES, *PEER_LEAVES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One certificate; of an unreadable one only name, purpose and state are known.

    Attributes:
        name: of its file, without the suffix.
        purpose: whose it is, for what.
        state: whether it is good.
        described: what it says.
    """

    name: str
    purpose: str
    state: State
    described: x509.Description | None

    def data(self, now: dt.datetime) -> Object:
        """As JSON; times are RFC 3339, ``daysLeft`` is negative when it is over."""
        found = self.described
        return {
            "name": self.name,
            "status": self.state,
            "purpose": self.purpose,
            "subject": found.subject if found else None,
            "issuer": found.issuer if found else None,
            "sans": list(found.sans) if found else [],
            "notBefore": f"{found.start:%Y-%m-%dT%H:%M:%SZ}" if found else None,
            "notAfter": f"{found.end:%Y-%m-%dT%H:%M:%SZ}" if found else None,
            "daysLeft": days_left(found.end, now) if found else None,
        }


def examine(files: Mapping[str, bytes], *, now: dt.datetime, within: dt.timedelta = NEAR) -> list[Checked]:
    """Look at each certificate among the files of a PKI, CAs first.

    Args:
        files: file name to PEM.
        now: the present.
        within: one that ends so soon is ``ending``.
    """
    files = _with_former(files)
    names = [name.removesuffix(".crt") for name in files if name.endswith(".crt")]
    order = list(_PURPOSES)
    names.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    return [_examined(name, files, now, within) for name in names]


def _with_former(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same with a file of its own for the former one of a CA, while both are trusted."""
    blocks = {name: certificate.blocks(files.get(f"{name}.crt", b"")) for name in CROSS}
    former = {f"{name}-former.crt": found[1] for name, found in blocks.items() if len(found) > 1}
    return {**files, **former}


def _examined(name: str, files: Mapping[str, bytes], now: dt.datetime, within: dt.timedelta) -> Checked:
    purpose = _PURPOSES.get(name, "")
    try:
        described = x509.describe(files[f"{name}.crt"])
    except ValueError:
        return Checked(name=name, purpose=purpose, state="unreadable", described=None)
    state: State = "good"
    if described.end - now < within:
        state = "ending"
    if name in _ISSUERS and not _is_of(files[f"{name}.crt"], files.get(f"{_ISSUERS[name]}.crt", b"")):
        state = "foreign"
    if described.end <= now:
        state = "expired"
    return Checked(name=name, purpose=purpose, state=state, described=described)


def _is_of(leaf: bytes, authority: bytes) -> bool:
    try:
        return certificate.parse(leaf).is_issued_by(certificate.parse(authority))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The two Secrets with the PKI of a virtual cluster, as they are on the host."""

    certificates: Object
    access: Object

    @property
    def files(self) -> Files:
        """The PKI."""
        return layout.files_of(self.certificates.get("data") or {}, self.access.get("data") or {})


async def read_secrets(client: Client, names: Names) -> Secrets:
    """Read them.

    Raises:
        NotFoundError: one of them is not there.
        Forbidden: they may not be read.
    """

    async def get(name: str) -> Object:
        try:
            return await client.get(SECRETS, name, namespace=names.namespace)
        except NotFound as error:
            raise NotFoundError(
                f"virtual cluster {names.cluster!r} has no certificates: there is no Secret {name!r} in"
                f" namespace {names.namespace!r}",
                hint="the control plane makes them when it starts: "
                + vcli("describe", names.cluster, namespace=names.namespace),
            ) from error

    certificates, access = await asyncio.gather(get(names.certificates), get(names.access))
    return Secrets(certificates=certificates, access=access)


async def check_certificates(
    name: str,
    *,
    within: dt.timedelta = NEAR,
    now: dt.datetime,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
) -> tuple[VirtualCluster, list[Checked]]:
    """The certificates of a virtual cluster, as they are kept on the host; itself is not asked.

    Args:
        name: of the virtual cluster.
        within: see `examine`.
        now: the present.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        namespace: where it is; None looks everywhere.

    Raises:
        NotFoundError: there is no such virtual cluster, or it has no certificates.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    check_place(name, namespace)
    async with connect_to_host(kubeconfig=kubeconfig, context=context) as host:
        found = await resolve(host.client, name, namespace=namespace)
        secrets = await read_secrets(host.client, Names(found.name, found.namespace))
    return found, examine(secrets.files, now=now, within=within)
