"""Which parts of the PKI have to be made: the decision, apart from the signing."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Protocol

from vcli.bootstrap import certificate
from vcli.bootstrap.certificate import Certificate
from vcli.bootstrap.pki import (
    AUTHORITIES,
    CROSS,
    LEAVES,
    PEER_LEAVES,
    PEERS_AUTHORITY,
    RENEW_BEFORE,
    SIGNING,
    Files,
    Leaf,
    authorities,
    leaves,
)

_PRIVATE_KEY = b"PRIVATE KEY-----"


class Signer(Protocol):
    """Makes keys and certificates. A pair is the PEM of a certificate and of its key."""

    def authority(self, name: str, now: dt.datetime) -> tuple[bytes, bytes]:
        """A new CA."""

    def leaf(
        self, leaf: Leaf, authority: tuple[bytes, bytes], sans: Iterable[str], now: dt.datetime
    ) -> tuple[bytes, bytes]:
        """A new leaf of a CA."""

    def token_key(self) -> tuple[bytes, bytes]:
        """Private and public key for service account tokens."""


def issue(
    signer: Signer,
    sans: Mapping[str, Iterable[str]],
    *,
    existing: Mapping[str, bytes] | None = None,
    now: dt.datetime | None = None,
) -> Files:
    """Make what is missing, keep what is good.

    Args:
        signer: makes it.
        sans: leaf name to the DNS names and IP addresses it must have; more than these are kept.
        existing: the files that are there already. A leaf is renewed when it expires within `RENEW_BEFORE`,
            lacks a name, or is of another CA; a CA only when it is missing or about to end.
        now: for tests.

    Returns:
        File name to PEM: of each CA and leaf ``.crt`` and ``.key``, and ``sa.key``, ``sa.pub``. Where a CA
        has changed, its cross-signed certificate too, which follows a leaf in its file.
    """
    now = now or dt.datetime.now(dt.UTC)
    files = {name: data for name, data in (existing or {}).items() if name in KEPT}
    wanted_names = (*authorities(sans), *(leaf.name for leaf in leaves(sans)))
    without_key = {name for name in wanted_names if _PRIVATE_KEY not in files.get(f"{name}.key", b"")}
    for name in authorities(sans):
        if name in without_key or _authority_problem(name, files, now):
            files[f"{name}.crt"], files[f"{name}.key"] = signer.authority(name, now)
        if not _is_cross(files, name, now):
            files.pop(CROSS[name], None)
    files[SIGNING] = _first(files["ca.crt"])
    for leaf in leaves(sans):
        wanted = frozenset(sans.get(leaf.name, ()))
        if leaf.name in without_key or _leaf_problem(leaf, files, wanted, now):
            authority = files[f"{leaf.ca}.crt"], files[f"{leaf.ca}.key"]
            made, files[f"{leaf.name}.key"] = signer.leaf(leaf, authority, wanted, now)
            files[f"{leaf.name}.crt"] = made + files.get(CROSS[leaf.ca], b"")
    if "sa.key" not in files or "sa.pub" not in files:
        files["sa.key"], files["sa.pub"] = signer.token_key()
    return files


_LEAF_NAMES = tuple(leaf.name for leaf in LEAVES)
NAMES = frozenset(
    [
        *(f"{name}.{part}" for name in (*AUTHORITIES, *_LEAF_NAMES) for part in ("crt", "key")),
        "sa.key",
        "sa.pub",
        SIGNING,
    ]
)
"""All file names of the PKI of one control-plane pod."""
PUBLIC = frozenset(name for name in NAMES if not name.endswith(".key"))
"""Those of them that are no secret."""
_PEER_LEAF_NAMES = tuple(leaf.name for leaf in PEER_LEAVES)
PEER_NAMES = frozenset(
    f"{name}.{part}" for name in (PEERS_AUTHORITY, *_PEER_LEAF_NAMES) for part in ("crt", "key")
)
"""Those that several pods have as well."""
PEERS_PUBLIC = frozenset(name for name in PEER_NAMES if not name.endswith(".key"))
"""Those of them that are no secret."""

KEPT = NAMES | PEER_NAMES | frozenset(CROSS.values())
"""All that there may be."""


def problems(
    files: Mapping[str, bytes], sans: Mapping[str, Iterable[str]], *, now: dt.datetime | None = None
) -> list[str]:
    """Why `issue` would have something to do, as far as `PUBLIC` files show it."""
    now = now or dt.datetime.now(dt.UTC)
    found = ["" if "sa.pub" in files else "there is no key sa.pub"]
    if "ca.crt" in files and files.get(SIGNING) != _first(files["ca.crt"]):
        found.append(f"{SIGNING} is not the CA that signs")
    found += [_authority_problem(name, files, now) for name in authorities(sans)]
    found += [_leaf_problem(leaf, files, frozenset(sans.get(leaf.name, ())), now) for leaf in leaves(sans)]
    return [problem for problem in found if problem]


def _authority_problem(name: str, files: Mapping[str, bytes], now: dt.datetime) -> str:
    found = _load(files, name)
    if found is None:
        return f"there is no certificate {name}"
    return _end_problem(name, found, now)


def _leaf_problem(leaf: Leaf, files: Mapping[str, bytes], wanted: frozenset[str], now: dt.datetime) -> str:
    found, authority = _load(files, leaf.name), _load(files, leaf.ca)
    if found is None or authority is None:
        return f"there is no certificate {leaf.name}"
    if not found.is_issued_by(authority):
        return f"certificate {leaf.name} is of another CA"
    if missing := wanted - found.sans:
        return f"certificate {leaf.name} lacks the name {min(missing)}"
    return _end_problem(leaf.name, found, now)


def _end_problem(name: str, found: Certificate, now: dt.datetime) -> str:
    return (
        f"certificate {name} expires on {found.not_after:%Y-%m-%d}"
        if found.not_after - now < RENEW_BEFORE
        else ""
    )


def _is_cross(files: Mapping[str, bytes], name: str, now: dt.datetime) -> bool:
    """Whether there is a cross-signed certificate of a CA that is of use."""
    try:
        cross, own = certificate.parse(files[CROSS[name]]), certificate.parse(files[f"{name}.crt"])
    except (KeyError, ValueError):
        return False
    return cross.key_id == own.key_id and now < cross.not_after


def _first(pem: bytes) -> bytes:
    return next(iter(certificate.blocks(pem)), b"")


def _load(files: Mapping[str, bytes], name: str) -> Certificate | None:
    try:
        return certificate.parse(files[f"{name}.crt"])
    except (KeyError, ValueError):
        return None
