"""JSON in and out: the standard library, or msgspec where it is installed and its speed matters.

msgspec decodes several times as fast and shares the memory of repeated keys between documents, but its
import takes 7 ms longer than json's: worth it for the syncer, which calls ``use_fastest`` when it starts,
and not for a command.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

_NOT_YAML: Final = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]")
"""DEL, C1 controls, the line and paragraph separators, the byte order mark and non-characters, in UTF-8."""


class DecodeError(ValueError):
    """The bytes are not JSON."""


def loads(data: bytes | bytearray) -> Any:
    """Decode a JSON document.

    Raises:
        DecodeError: it isn't one.
    """
    try:
        return _decode(data)
    except ValueError as error:  # of both libraries
        raise DecodeError(str(error)) from error
    except RecursionError as error:
        raise DecodeError("it is nested too deeply") from error


def dumps(value: Any) -> bytes:
    """Encode as compact JSON."""
    return _encode(value)


def dumps_yaml(value: Any) -> bytes:
    """Encode as JSON that is YAML as well.

    YAML folds the line separators of Unicode into a space and refuses control characters, where JSON takes
    both as they are.
    """
    return _NOT_YAML.sub(_escaped, _encode(value))


def use_fastest() -> bool:
    """From now on use msgspec, in the whole process; False if it isn't installed."""
    global _decode, _encode  # noqa: PLW0603 - chosen once, at start
    try:
        import msgspec.json  # noqa: PLC0415
    except ImportError:  # the syncer's bundle is pure Python
        return False
    _decode = msgspec.json.Decoder().decode
    _encode = msgspec.json.Encoder().encode
    return True


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match[0].decode())


def _encode_plain(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


_decode: Callable[[bytes | bytearray], Any] = json.loads
_encode: Callable[[Any], bytes] = _encode_plain
