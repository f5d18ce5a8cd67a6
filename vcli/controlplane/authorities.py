"""Another CA in place of one that is trusted: both are, until it is finished. Pure.

The new CA is cross-signed by the former one, and this certificate follows each leaf in its file. So who knows
only the former CA accepts the new leaves, who knows both accepts all, and no order of restarts is needed.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from vcli import x509
from vcli.bootstrap import certificate
from vcli.bootstrap.issue import KEPT
from vcli.bootstrap.pki import (
    CA_LIFE,
    CLOCK_SKEW,
    CROSS,
    LEAVES,
    PEER_LEAVES,
    Files,
    authorities,
    authority_name,
)
from vcli.controlplane.certificates import issue


def under_way(files: Mapping[str, bytes]) -> list[str]:
    """The CAs beside which a former one is trusted."""
    return [name for name in CROSS if len(certificate.blocks(files.get(f"{name}.crt", b""))) > 1]


def ended(files: Mapping[str, bytes], *, now: dt.datetime) -> list[str]:
    """The CAs that have expired: no certificate of theirs is accepted."""
    return [
        name
        for name in CROSS
        if f"{name}.crt" in files and certificate.parse(files[f"{name}.crt"]).not_after <= now
    ]


def begin(files: Mapping[str, bytes], sans: Mapping[str, Iterable[str]], *, now: dt.datetime) -> Files:
    """New CAs and leaves; the former CAs stay trusted, unless they have expired.

    Args:
        files: all of a PKI.
        sans: see `vcli.bootstrap.issue.issue`.
        now: the present.
    """
    changed = without_leaves(files)
    for name in authorities(sans):
        former = files[f"{name}.crt"], files[f"{name}.key"]
        # Another name: who looks for an issuer by its name must find one.
        title = f"{authority_name(name)}-{now:%Y%m%d%H%M%S}"
        made, changed[f"{name}.key"] = x509.authority(title, start=now - CLOCK_SKEW, end=now + CA_LIFE)
        changed.pop(CROSS[name], None)
        if certificate.parse(former[0]).not_after > now:
            changed[CROSS[name]] = x509.cross(made, former)
            made += certificate.blocks(former[0])[0]
        changed[f"{name}.crt"] = made
    return issue(sans, existing=changed, now=now)


def finish(files: Mapping[str, bytes]) -> Files:
    """The same PKI, in which the former CAs are trusted no more; leaves stay as they are."""
    changed = {name: data for name, data in files.items() if name in KEPT}
    for name in under_way(files):
        changed[f"{name}.crt"] = certificate.blocks(files[f"{name}.crt"])[0]
    return changed


def without_leaves(files: Mapping[str, bytes]) -> Files:
    """What of a PKI stays when its leaves are issued again."""
    leaves = {f"{leaf.name}.{part}" for leaf in (*LEAVES, *PEER_LEAVES) for part in ("crt", "key")}
    return {name: data for name, data in files.items() if name in KEPT - leaves}
