"""Small text files from an https:// address."""

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from vcli.errors import NotAllowedError, TimedOutError, UnreachableError, UsageError, VcliError

if TYPE_CHECKING:
    import httpx

LARGEST: Final = 1024 * 1024
"""Bytes; values are some thousand."""
MOST_REDIRECTS: Final = 5
_SECONDS: Final = 30.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def is_address(source: object) -> bool:
    """Whether something names an address and not a file: it has a scheme, such as https://."""
    return isinstance(source, str) and "://" in source


def shown(address: str) -> str:
    """An address as it may be said: without a password, and without a query, which may hold a token."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def read_text(address: str) -> str:
    """The text at an address.

    Args:
        address: https://…; redirects are followed, to https:// only.

    Raises:
        UsageError: it is no https:// address, there is nothing, or no text of a fit size.
        NotAllowedError: its server wants to know who asks.
        UnreachableError: its server does not answer, or has a mistake of its own.
        TimedOutError: it takes too long.
    """
    import httpx  # noqa: PLC0415  100 ms that most commands need not wait

    asked, deadline = address, time.monotonic() + _SECONDS
    try:
        with httpx.Client(follow_redirects=False, timeout=_SECONDS) as client:
            for _ in range(MOST_REDIRECTS + 1):
                _check(asked, address)
                with client.stream("GET", asked) as response:
                    if response.status_code in _REDIRECTS and "location" in response.headers:
                        asked = urljoin(asked, response.headers["location"])
                        continue
                    if response.status_code != httpx.codes.OK:
                        raise _refused(asked, response.status_code)
                    return _text(response, asked, deadline)
    except httpx.TimeoutException as error:
        raise _late(asked) from error
    except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
        said = str(error) or type(error).__name__
        raise UnreachableError(f"{shown(asked)} can't be read: {said}", hint="is its name right?") from error
    raise UsageError(f"{shown(address)} redirects more than {MOST_REDIRECTS} times")


def _check(asked: str, first: str) -> None:
    parts = urlsplit(asked)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "https":
        raise UsageError(f"{shown(asked)} names no host", hint="as in https://example.com/values.yaml")
    if asked != first:
        raise UsageError(
            f"{shown(first)} redirects to {shown(asked)}: only https:// is followed",
            hint="anybody on the way could change what comes without TLS: name the file itself",
        )
    if parts.scheme == "http":
        raise UsageError(
            f"{shown(asked)}: not over http://, where anybody on the way can change what comes",
            hint="use https://, or download the file and name it",
        )
    raise UsageError(
        f"{shown(asked)}: {parts.scheme}:// can't be read", hint="a file, an https:// address, or - for stdin"
    )


def _text(response: "httpx.Response", asked: str, deadline: float) -> str:
    found = bytearray()
    for part in response.iter_bytes():
        found += part
        if len(found) > LARGEST:
            raise UsageError(
                f"{shown(asked)} is larger than {LARGEST // 1024} KiB", hint="is it a values file?"
            )
        if time.monotonic() > deadline:
            raise _late(asked)
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(asked)} is no text in UTF-8", hint="is it a values file?") from error


def _late(asked: str) -> TimedOutError:
    return TimedOutError(
        f"{shown(asked)} was not read within {_SECONDS:.0f} seconds", hint="download the file and name it"
    )


def _refused(asked: str, status: int) -> VcliError:
    if status in {401, 403}:
        return NotAllowedError(
            f"{shown(asked)} can't be read: its server does not allow it ({status})",
            hint="download the file and name it",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnreachableError(
            f"{shown(asked)} can't be read: its server answers {status}", hint="try again"
        )
    return UsageError(
        f"{shown(asked)} can't be read: its server answers {status}", hint="is the address right?"
    )
