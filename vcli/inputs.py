"""Rules for what users give: names, ports, addresses, times. Pure.

The command line applies them to options and arguments before anything else happens, operations apply them to
what a program passes. Each rule takes the value and ``what`` it is (``--namespace``, ``the namespace``) to
begin the message with, and returns the value in its own type.

No value may be empty: an empty one is most often an unset variable of a shell, and must not make a command
work on more than was meant.
"""

import math
import re
from typing import Final

from vcli.errors import UsageError

LONGEST_LABEL: Final = 63
MOST_NODES: Final = 9
"""Of an embedded host; each is a kubelet, a containerd and a kube-proxy more."""
LONGEST_WAIT: Final = 24 * 3600.0
"""Seconds that anything may be waited for."""
SHORTEST_TOKEN: Final = 600.0
LONGEST_TOKEN: Final = float(2**32)
"""Seconds that the API server gives a ServiceAccount token for (TokenRequest)."""
MOST_DAYS: Final = 3650
"""That a certificate may be asked to last."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_SUBDOMAIN = 253
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_LAST_PORT = 65535
_MOST_LINES = 2**63 - 1  # PodLogOptions.tailLines
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_SHOWN = 60
# The grammar of image references (distribution/reference): registry, path, tag, digest.
_REGISTRY = r"(?:[A-Za-z0-9][-A-Za-z0-9]*(?:\.[A-Za-z0-9][-A-Za-z0-9]*)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?P<name>(?:{_REGISTRY}/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::[A-Za-z0-9_][-.A-Za-z0-9_]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
_LONGEST_IMAGE = 255


def not_empty(value: str, what: str = "the value") -> str:
    """Any text but an empty one.

    Raises:
        UsageError: it is empty, or blank.
    """
    if not value.strip():
        variable = what.startswith("VCLI_")
        hint = f"unset {what} for the default" if variable else "is a variable of the shell unset?"
        raise UsageError(f"{what} must not be empty", hint=hint)
    return value


def text(value: str, what: str = "the value") -> str:
    """Any text but an empty one, and no other bytes: it goes into JSON and YAML.

    Raises:
        UsageError: it is empty, or not UTF-8.
    """
    try:
        value.encode()
    except UnicodeEncodeError:  # what the system gave is decoded with surrogates
        raise UsageError(f"{what} {shown(value)} is not UTF-8") from None
    return not_empty(value, what)


def shown(value: object) -> str:
    """A value as messages show it: quoted, and cut when it is long."""
    text = str(value)
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def label(value: str, what: str = "the name") -> str:
    """A DNS label (RFC 1123): what namespaces are called, and virtual clusters of any tool.

    Raises:
        UsageError: it is none.
    """
    not_empty(value, what)
    if len(value) > LONGEST_LABEL:
        raise UsageError(
            f"{what} {shown(value)} has {len(value)} characters, {LONGEST_LABEL} are the most",
            hint="names end at 63 characters, as labels of Kubernetes objects do",
        )
    if not _LABEL.fullmatch(value):
        raise UsageError(
            f"{what} {shown(value)} is not a DNS label",
            hint="use a-z, 0-9 and dashes, no dash at either end",
        )
    return value


def namespace(value: str, what: str = "the namespace") -> str:
    """The name of a namespace.

    Raises:
        UsageError: it can't be one.
    """
    return label(value, what)


def whole(value: str | int, what: str = "the number") -> int:
    """A whole number.

    Raises:
        UsageError: it is something else.
    """
    text = str(value)
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        not_empty(text, what)
        raise UsageError(f"{what} {shown(value)} is not a whole number")
    return int(text)


def port(value: str | int, what: str = "the port") -> int:
    """A TCP port; 0 lets the system choose.

    Raises:
        UsageError: it is something else.
    """
    number = whole(value, what)
    if not 0 <= number <= _LAST_PORT:
        raise UsageError(
            f"{what} {number} is not a port", hint=f"ports go from 1 to {_LAST_PORT}; 0 takes a free one"
        )
    return number


def lines(value: str | int, what: str = "the number of lines") -> int:
    """A number of lines, 0 or more.

    Raises:
        UsageError: it is something else.
    """
    number = whole(value, what)
    if not 0 <= number <= _MOST_LINES:
        raise UsageError(f"{what} {number} is not a number of lines", hint="0 or more; leave it out for all")
    return number


def nodes(value: str | int, what: str = "the number of nodes") -> int:
    """How many nodes an embedded host has.

    Raises:
        UsageError: it is something else.
    """
    number = whole(value, what)
    if not 1 <= number <= MOST_NODES:
        raise UsageError(f"{what} {number} is not possible", hint=f"a host has from 1 to {MOST_NODES} nodes")
    return number


def address(value: str, what: str = "the address") -> str:
    """An IP address to listen on, or ``localhost``.

    Raises:
        UsageError: it is something else.
    """
    import ipaddress  # noqa: PLC0415  most commands take no address

    not_empty(value, what)
    try:
        if value != "localhost":
            ipaddress.ip_address(value)
    except ValueError:
        raise UsageError(
            f"{what} {shown(value)} is not an IP address",
            hint="such as 127.0.0.1, ::1 (without brackets) or 0.0.0.0; or localhost",
        ) from None
    return value


def seconds(value: str | float, what: str = "the time") -> float:
    """A duration: ``90``, ``30s``, ``1m30s``, ``500ms``; in seconds.

    Raises:
        UsageError: it is something else, or negative.
    """
    text = str(value)
    if isinstance(value, int | float):
        number = float(value)
    elif re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        number = float(text)
    else:
        not_empty(text, what)
        parts = _PART.findall(text)
        if not parts or "".join(count + unit for count, unit in parts) != text:
            raise UsageError(f"{what} {shown(text)} is not a duration", hint="write it as 30s, 5m or 1h30m")
        number = sum(float(count) * _UNITS[unit] for count, unit in parts)
    if not math.isfinite(number) or number < 0:
        raise UsageError(f"{what} {shown(text)} is not a duration", hint="write it as 30s, 5m or 1h30m")
    return number


def days(value: str | int, what: str = "the number of days") -> int:
    """A number of days, ``30`` or ``30d``: ten years at most.

    Raises:
        UsageError: it is something else.
    """
    number = whole(str(value).removesuffix("d"), what)
    if not 0 <= number <= MOST_DAYS:
        raise UsageError(
            f"{what} {shown(value)} is not between 0 and {MOST_DAYS}", hint="write it as 30 or 30d"
        )
    return number


def timeout(value: str | float, what: str = "the timeout") -> float:
    """How long to wait, in seconds: more than nothing, a day at most.

    Raises:
        UsageError: it is something else.
    """
    number = seconds(value, what)
    if not 0 < number <= LONGEST_WAIT:
        raise UsageError(
            f"{what} {shown(value)} is {'too short' if number == 0 else 'too long'}",
            hint="more than 0, and 24h at most; leave it out for the default",
        )
    return number


def token_life(value: str | float, what: str = "the life of the token") -> float:
    """How long a token of a ServiceAccount is valid, in seconds.

    Raises:
        UsageError: the API server gives no such token.
    """
    number = seconds(value, what)
    if number < SHORTEST_TOKEN:
        raise UsageError(
            f"{what} {shown(value)} is too short: the API server gives no token for less than ten minutes",
            hint="10m is the least",
        )
    if number > LONGEST_TOKEN:
        raise UsageError(
            f"{what} {shown(value)} is too long: the API server gives no token for more than 2^32 seconds",
            hint="8760h is a year",
        )
    return number


def subdomain(value: str, what: str = "the name") -> str:
    """A DNS subdomain: what most objects of Kubernetes are called.

    Raises:
        UsageError: it is none.
    """
    not_empty(value, what)
    if len(value) > _LONGEST_SUBDOMAIN or not _SUBDOMAIN.fullmatch(value):
        raise UsageError(
            f"{what} {shown(value)} is not a name of Kubernetes",
            hint=f"use a-z, 0-9, dashes and dots, {_LONGEST_SUBDOMAIN} characters at most",
        )
    return value


def image(value: str, what: str = "the image") -> str:
    """A reference of an image: ``registry/path:tag`` or ``…@sha256:…``.

    Raises:
        UsageError: it is none.
    """
    not_empty(value, what)
    found = _IMAGE.fullmatch(value) if len(value) <= 2 * _LONGEST_IMAGE else None
    if found is None or len(found["name"]) > _LONGEST_IMAGE:
        raise UsageError(
            f"{what} {shown(value)} is not the name of an image", hint="as in ghcr.io/me/vcli-syncer:1.0"
        )
    return value


def service_account(value: str, what: str = "the service account") -> str:
    """``[NAMESPACE/]NAME``.

    Raises:
        UsageError: it is something else.
    """
    not_empty(value, what)
    place, slash, name = value.rpartition("/")
    if slash:
        label(place, f"the namespace in {what}")
    subdomain(name, f"the name in {what}" if slash else what)
    return value


def role(value: str, what: str = "the role") -> str:
    """The name of a ClusterRole, which may have almost any characters.

    Raises:
        UsageError: it can't be part of a URL's path.
    """
    not_empty(value, what)
    if value in {".", ".."} or re.search(r"[/%\s]", value) or not value.isprintable():
        raise UsageError(
            f"{what} {shown(value)} is not the name of a role", hint="such as view, edit or admin"
        )
    return value
