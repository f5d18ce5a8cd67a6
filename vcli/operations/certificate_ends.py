"""When certificates of a virtual cluster end, and what is said of it. Pure, and quick to import."""

import base64
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from vcli.bootstrap import certificate
from vcli.bootstrap.pki import AUTHORITIES, RENEW_BEFORE
from vcli.invocation import vcli

NEAR: Final = RENEW_BEFORE
"""What is left of a certificate of which people are warned: the syncer should have renewed it by then."""


def ends_of(data: Mapping[str, str]) -> dict[str, dt.datetime]:
    """When the certificates in the data of a Secret end, by their keys; what is none is left out.

    Args:
        data: base64, as in the Secret.
    """
    ends = {}
    for key, value in sorted(data.items()):
        if key.endswith(".crt"):
            try:
                ends[key] = certificate.parse(base64.b64decode(value)).not_after
            except ValueError:
                continue
    return ends


def warnings(
    name: str, namespace: str, ends: Mapping[str, dt.datetime], *, now: dt.datetime | None = None
) -> Iterator[str]:
    """What there is to be said of certificates that have ended or end within `NEAR`: a sentence or none.

    Args:
        name: of the virtual cluster.
        namespace: on the host.
        ends: see `ends_of`.
        now: for tests.
    """
    now = now or dt.datetime.now(dt.UTC)
    near = {key: end for key, end in ends.items() if end - now < NEAR}
    if not near:
        return
    first = min(near, key=lambda key: near[key])
    others = f" (and {len(near) - 1} more)" if len(near) > 1 else ""
    what = f"certificate {first.removesuffix('.crt')}{others} of virtual cluster {name!r}"
    yield f"{what} {said(near[first], now)}: {remedy(name, namespace, near)}"


def remedy(name: str, namespace: str, certificates: Iterable[str]) -> str:
    """What renews certificates.

    Args:
        name: of the virtual cluster.
        namespace: on the host.
        certificates: their names, or their keys in a Secret.
    """
    found = {each.removesuffix(".crt") for each in certificates}
    if any(each.endswith("-former") for each in found):
        return f"{vcli('certs', 'rotate-ca', name, '--finish', namespace=namespace)} drops the former CA"
    if found & {*AUTHORITIES}:
        return f"{vcli('certs', 'rotate-ca', name, namespace=namespace)} replaces the CA"
    return f"{vcli('certs', 'rotate', name, namespace=namespace)} renews all of them"


def said(end: dt.datetime, now: dt.datetime) -> str:
    """When it ends, in words: ``ends on 2027-01-31, in 12 days``."""
    if end <= now:
        return f"has expired on {end:%Y-%m-%d}"
    days = days_left(end, now)
    return f"ends on {end:%Y-%m-%d}, in {days} day{'' if days == 1 else 's'}"


def days_left(end: dt.datetime, now: dt.datetime) -> int:
    """Whole days until then; negative when it is over."""
    return (end - now) // dt.timedelta(days=1)


def of_user(user: Mapping[str, Any], ca: bytes) -> dict[str, dt.datetime]:
    """The same of credentials: of the client certificate, if that is what they are, and of the CA."""
    data = {"ca.crt": base64.b64encode(ca).decode()}
    if shown := user.get("client-certificate-data"):
        data["admin.crt"] = shown
    return ends_of(data)
