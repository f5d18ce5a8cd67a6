"""Start a module of the syncer's bundle: ``python -S boot.py vcli.syncer ARGUMENTS``.

This file lies in the bundle's ConfigMaps as it is, beside the parts of the code, as xz compressed what
`vcli.controlplane.bytecode` laid out. At each start it makes a zip of modules of that, in 0.1 s.
"""

import importlib.util
import lzma
import marshal
import os
import runpy
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

PARTS = "vcli.code.xz.*"
ARCHIVE = Path("/tmp/vcli.zip")  # noqa: S108  the pod's own, in memory

NESTED = StopIteration
"""Among constants: code that follows in its turn. marshal knows it, and no program has it as a constant."""
NUMBERS = ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_stacksize", "co_firstlineno")
COUNTS = (
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_code",
    "co_linetable",
    "co_exceptiontable",
)
_OF_A_FUNCTION = 0x01  # CO_OPTIMIZED
# A .pyc that is taken without looking for its source (PEP 552, unchecked hash).
_HEADER = importlib.util.MAGIC_NUMBER + struct.pack("<L", 0b01) + bytes(8)


def main() -> None:
    """Unpack, and become the module."""
    here = Path(__file__).parent
    packed = b"".join(part.read_bytes() for part in sorted(here.glob(PARTS)))
    write(lzma.decompress(packed), ARCHIVE)
    sys.path[0] = os.environ["PYTHONPATH"] = str(ARCHIVE)
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def write(data: bytes, archive: Path) -> None:
    """Write the modules of a block into a zip."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, code in modules(data):
            file.writestr(name + "c", _HEADER + marshal.dumps(code))


def modules(data: bytes) -> Iterator[tuple[str, CodeType]]:
    """Each file of a block, and its code."""
    fields = marshal.loads(data)  # noqa: S302  the pod's own, as is all code here
    code_of = _Rows(fields).following
    for name in fields["files"]:
        yield name, code_of(name, "")


def inner(qualified: str, flags: int) -> str:
    """With what the qualified names start of what is defined in such code (PEP 3155)."""
    if qualified == "<module>":
        return ""
    return qualified + (".<locals>." if flags & _OF_A_FUNCTION else ".")


class _Rows:
    """The code objects of a block, in its order: each before those in it."""

    def __init__(self, fields: dict[str, Any]) -> None:
        table = fields["names"].split("\n")
        self._used = (table[number] for number in _whole(fields["used"]))
        self._rows = zip(
            zip(*(_whole(fields["numbers"][field]) for field in NUMBERS), strict=True),
            zip(*(_whole(fields["counts"][field]) for field in COUNTS), strict=True),
            fields["flags"],
            fields["constants"],
            strict=True,
        )
        self._qualified = fields["qualified"]
        self._texts = [_Pieces(fields[text]) for text in ("code", "lines", "exceptions")]
        self._number = -1

    def following(self, file: str, outer: str) -> CodeType:
        """The next one; its qualified name starts with ``outer`` as a rule."""
        self._number += 1
        number = self._number
        (arguments, positional, keyword, stack, line), counts, flags, constants = next(self._rows)
        name = next(self._used)
        names, variables, free, cells = (self._names(count) for count in counts[:4])
        code, lines, exceptions = (take(count) for take, count in zip(self._texts, counts[4:], strict=True))
        qualified = self._qualified.get(number, outer + name)
        start = inner(qualified, flags)
        constants = tuple(self.following(file, start) if each is NESTED else each for each in constants)
        return CodeType(
            arguments, positional, keyword, len(variables), stack, flags, code, constants, names, variables,
            file, name, qualified, line, lines, exceptions, free, cells,
        )  # fmt: skip

    def _names(self, count: int) -> tuple[str, ...]:
        return tuple(next(self._used) for _ in range(count))


class _Pieces:
    """A text, of which each call gives the next bytes."""

    def __init__(self, whole: bytes) -> None:
        self._whole = whole
        self._at = 0

    def __call__(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        return self._whole[start : self._at]


def _whole(halves: tuple[bytes, bytes]) -> list[int]:
    """The numbers of which there are all low bytes, and all high ones."""
    low, high = halves
    return [of_high * 256 + of_low for of_low, of_high in zip(low, high, strict=True)]


if __name__ == "__main__":
    main()
