"""SOCKS5 (RFC 1928) with a user and a password (RFC 1929): one CONNECT, the name being resolved by the proxy.

Sixty lines of our own: the syncer, which packs all it imports, has this module as well, and the one small
library for the protocol has not been maintained since 2020.
"""

import asyncio
import ipaddress

_VERSION = 5
_LOGIN_VERSION = 1
_NONE, _PASSWORD, _REFUSED = 0, 2, 0xFF
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_LENGTHS = {_IPV4: 4, _IPV6: 16}
_LONGEST = 255
_REPLIES = {
    1: "it failed",
    2: "its rules do not allow that address",
    3: "the network can't be reached from it",
    4: "the host can't be reached from it",
    5: "connection refused",
    6: "the connection took too long",
    7: "it can't do CONNECT",
    8: "it can't use that kind of address",
}


class SocksError(ConnectionError):
    """The proxy refused, or speaks another protocol."""


async def connect(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    host: str,
    port: int,
    login: tuple[str, str] | None = None,
) -> None:
    """Have the proxy connect to ``host``; the next byte on the streams is the server's.

    Args:
        reader: from the proxy.
        writer: to the proxy.
        host: name or address; a name is resolved by the proxy, as Go's net/http has it done.
        port: TCP port.
        login: user and password.

    Raises:
        SocksError: the proxy refused, or speaks another protocol.
        EOFError: it closed the connection.
    """
    methods = bytes((_NONE, _PASSWORD) if login else (_NONE,))
    writer.write(bytes((_VERSION, len(methods))) + methods)
    version, method = await reader.readexactly(2)
    if version != _VERSION:
        raise SocksError("it does not speak SOCKS5")
    if method == _PASSWORD and login:
        await _log_in(reader, writer, *login)
    elif method != _NONE:
        wanted = "it does not accept this kind of login" if login else "it wants a user and a password"
        raise SocksError(wanted if method == _REFUSED else "it chose a kind of login that was not offered")
    writer.write(bytes((_VERSION, _CONNECT, 0)) + _address(host) + port.to_bytes(2, "big"))
    version, reply, _, kind = await reader.readexactly(4)
    if version != _VERSION:
        raise SocksError("it does not speak SOCKS5")
    if reply:
        raise SocksError(_REPLIES.get(reply, f"it answered with code {reply}"))
    length = _ADDRESS_LENGTHS.get(kind) or (await reader.readexactly(1))[0]
    await reader.readexactly(length + 2)  # the address that it connected from


async def _log_in(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user: str, password: str
) -> None:
    words = [word.encode() for word in (user, password)]
    if not all(1 <= len(word) <= _LONGEST for word in words):
        raise SocksError("user and password must have 1 to 255 bytes each")
    writer.write(bytes((_LOGIN_VERSION,)) + b"".join(bytes((len(word),)) + word for word in words))
    _, status = await reader.readexactly(2)
    if status:
        raise SocksError("it does not accept the user and the password")


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna") if not host.isascii() else host.encode()
        if len(name) > _LONGEST:
            raise SocksError(f"the name {host} is too long for it") from None
        return bytes((_NAME, len(name))) + name
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed  # noqa: PLR2004
