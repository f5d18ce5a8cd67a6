r"""Text of other people's making, fit to be printed: nothing in it commands a terminal or hides what it says.

Pod names, event messages, log lines and answers of servers may hold control characters, and characters that
change the direction of text or have no width. They are printed as ``\x1b`` and ``\u202e``, as kubectl does
for events. Joiners and variation selectors stay: writing systems and emoji need them.
"""

import re
from typing import Final

_CONTROL: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and line feed, DEL, C1
_FORMAT: Final = (
    "\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e00ff"
)
_SURROGATES: Final = "\ud800-\udfff"  # bytes of a file name or an argument that are no UTF-8

_UNPRINTABLE: Final = re.compile(f"[{_CONTROL}{_FORMAT}{_SURROGATES}]")
_OF_ONE_LINE: Final = re.compile(f"[\t\n{_CONTROL}{_FORMAT}{_SURROGATES}]")
_SHORT: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_BYTE: Final = 0x100
_LONG: Final = 0x10000


def visible(text: str) -> str:
    """A text of several lines: line breaks and tabs stay, what else can't be seen is escaped."""
    return _UNPRINTABLE.sub(_escaped, text)


def one_line(text: str) -> str:
    """A text as one line, or one cell of a table: line breaks and tabs are escaped too."""
    return _OF_ONE_LINE.sub(_escaped, text)


def is_plain(text: str) -> bool:
    """Whether `visible` would leave a text as it is."""
    return _UNPRINTABLE.search(text) is None


def in_json(document: str) -> str:
    """A JSON document with the same data; JSON's own escapes replace what `visible` would escape."""
    return _UNPRINTABLE.sub(_json_escaped, document)


def in_quotes(document: str) -> str:
    """A YAML document with the same data, if each text that is not `is_plain` stands in double quotes."""
    return _UNPRINTABLE.sub(lambda match: _numeric(ord(match[0])), document)


def _escaped(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or _numeric(ord(match[0]))


def _numeric(code: int) -> str:
    if code < _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _LONG else f"\\U{code:08x}"


def _json_escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
