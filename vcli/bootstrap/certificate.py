"""What a certificate says, read from its DER (RFC 5280) by the standard library alone.

It is read, not verified: whether a leaf is of a CA follows from names and key identifiers, which is enough to
decide whether to renew what only this project's signers write.
"""

import base64
import binascii
import datetime as dt
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

_PEM_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_PEM_END: Final = b"-----END CERTIFICATE-----"
_SUBJECT_KEY: Final = bytes.fromhex("551d0e")  # 2.5.29.14
_ALTERNATIVE_NAMES: Final = bytes.fromhex("551d11")  # 2.5.29.17
_AUTHORITY_KEY: Final = bytes.fromhex("551d23")  # 2.5.29.35
_UTC_TIME: Final = 0x17
_EXTENSIONS: Final = 0xA3
_KEY_ID: Final = 0x80
_DNS_NAME: Final = 0x82
_ADDRESS: Final = 0x87
_LONG_FORM: Final = 0x80


class _Item(NamedTuple):
    tag: int
    content: bytes
    whole: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The parts that decide whether a certificate is still good.

    Attributes:
        subject: the name, as DER.
        issuer: the issuer's name, as DER.
        not_before: begin of its validity.
        not_after: end of its validity.
        key_id: subject key identifier, empty without one.
        issuer_key_id: authority key identifier, empty without one.
        sans: DNS names and IP addresses.
    """

    subject: bytes
    issuer: bytes
    not_before: dt.datetime
    not_after: dt.datetime
    key_id: bytes
    issuer_key_id: bytes
    sans: frozenset[str]

    def is_issued_by(self, authority: "Certificate") -> bool:
        """Whether it names this CA, and its very key, as its issuer."""
        same_key = bool(authority.key_id) and self.issuer_key_id == authority.key_id
        return same_key and self.issuer == authority.subject


def blocks(pem: bytes) -> list[bytes]:
    """Each certificate of a PEM file by itself, with a line break at its end."""
    parts = pem.split(_PEM_BEGIN)[1:]
    bodies = [part.partition(_PEM_END) for part in parts]
    return [_PEM_BEGIN + body + end + b"\n" for body, end, _ in bodies if end]


def parse(pem: bytes) -> Certificate:
    """Read the first certificate of a PEM file.

    Raises:
        ValueError: it is not one.
    """
    _, begin, rest = pem.partition(_PEM_BEGIN)
    body, end, _ = rest.partition(_PEM_END)
    if not begin or not end:
        raise ValueError("not a PEM certificate")
    try:
        return _certificate(base64.b64decode(b"".join(body.split()), validate=True))
    except (binascii.Error, IndexError) as error:
        raise ValueError(f"not a certificate: {error}") from error


def _certificate(der: bytes) -> Certificate:
    [whole] = _items(der)
    signed, *_ = _items(whole.content)
    parts = list(_items(signed.content))
    # version [0], serial number, algorithm, issuer, validity, subject, key, then what is optional
    _, _, _, issuer, validity, subject, _, *optional = parts
    begin, end = map(_time, _items(validity.content))
    extensions = dict(_extensions(optional))
    return Certificate(
        subject=subject.whole,
        issuer=issuer.whole,
        not_before=begin,
        not_after=end,
        key_id=_first(extensions.get(_SUBJECT_KEY, b"")),
        issuer_key_id=_issuer_key(extensions.get(_AUTHORITY_KEY, b"")),
        sans=frozenset(_names(extensions.get(_ALTERNATIVE_NAMES, b""))),
    )


def _items(data: bytes) -> Iterator[_Item]:
    at = 0
    while at < len(data):
        tag, length, start = data[at], data[at + 1], at + 2
        if length & _LONG_FORM:
            size = length & ~_LONG_FORM
            length = int.from_bytes(data[start : start + size])
            start += size
        if start + length > len(data):
            raise ValueError("not a certificate: it is cut off")
        yield _Item(tag, data[start : start + length], data[at : start + length])
        at = start + length


def _extensions(optional: list[_Item]) -> Iterator[tuple[bytes, bytes]]:
    for item in optional:
        if item.tag == _EXTENSIONS:
            [listed] = _items(item.content)
            for extension in _items(listed.content):
                # The identifier, perhaps whether it is critical, and the value in an octet string.
                identifier, *_, value = _items(extension.content)
                yield identifier.content, value.content


def _first(der: bytes) -> bytes:
    return next((item.content for item in _items(der)), b"")


def _issuer_key(der: bytes) -> bytes:
    return next((item.content for item in _items(_first(der)) if item.tag == _KEY_ID), b"")


def _names(der: bytes) -> Iterator[str]:
    for item in _items(_first(der)):
        if item.tag == _DNS_NAME:
            yield item.content.decode("ascii")
        elif item.tag == _ADDRESS:
            yield str(ipaddress.ip_address(item.content))


def _time(item: _Item) -> dt.datetime:
    text = item.content.decode("ascii")
    if item.tag == _UTC_TIME:
        # RFC 5280: years from 50 are of the last century.
        text = ("19" if text >= "50" else "20") + text
    return dt.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC)
