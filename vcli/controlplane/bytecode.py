"""Python sources as one block of bytecode that compresses well; `vcli.bootstrap.boot` makes modules of it.

A ``.pyc`` has the fields of its code objects one after the other, with docstrings, columns and annotations
that nothing here reads. Here each field of all code objects lies together, and each name is there once: a
quarter less after compression.
"""

import __future__

import ast
import marshal
from collections.abc import Iterable, Mapping
from types import CodeType

from vcli.bootstrap.boot import COUNTS, NESTED, NUMBERS, inner

_KEPT = ("ClassVar", "InitVar", "KW_ONLY")  # what dataclasses look for in an annotation
_CODE_UNIT, _LONGEST_ENTRY, _NO_COLUMNS, _NO_LOCATION, _MORE = 2, 8, 13, 15, 0x40
# The last version without back references: those follow reference counts, and differ from run to run.
_MARSHAL = 2


def compiled(source: bytes, name: str) -> CodeType:
    """The code of a module without docstrings, columns, and annotations that nothing reads.

    Args:
        source: Python text.
        name: what tracebacks call the file.
    """
    # Annotations are text: as code, which nothing runs, they would be longer.
    flags = __future__.annotations.compiler_flag
    tree = _Plain().visit(ast.parse(source, name))
    return without_columns(compile(tree, name, "exec", flags=flags, dont_inherit=True, optimize=2))


def dump(modules: Mapping[str, CodeType]) -> bytes:
    """Lay code out field by field; equal code gives equal bytes.

    Args:
        modules: code by the path of its file.
    """
    rows = [row for code in modules.values() for row in _with_nested(code, "")]
    names = sorted({name for code, _ in rows for name in _names(code)})
    numbers = {name: number for number, name in enumerate(names)}
    used = (numbers[name] for code, _ in rows for name in _names(code))
    return marshal.dumps(
        {
            "files": tuple(modules),
            "names": "\n".join(names),
            "used": _halves(used),
            "numbers": {field: _halves(getattr(code, field) for code, _ in rows) for field in NUMBERS},
            "counts": {field: _halves(len(getattr(code, field)) for code, _ in rows) for field in COUNTS},
            "flags": tuple(code.co_flags for code, _ in rows),
            "code": b"".join(code.co_code for code, _ in rows),
            "lines": b"".join(code.co_linetable for code, _ in rows),
            "exceptions": b"".join(code.co_exceptiontable for code, _ in rows),
            "constants": tuple(
                tuple(NESTED if isinstance(each, CodeType) else each for each in code.co_consts)
                for code, _ in rows
            ),
            # Of those whose place does not tell it: a function that its `global` statement puts elsewhere.
            "qualified": {
                number: code.co_qualname
                for number, (code, derived) in enumerate(rows)
                if code.co_qualname != derived
            },
        },
        _MARSHAL,
    )


def without_columns(code: CodeType) -> CodeType:
    """The same code, whose tracebacks name lines, and underline nothing: columns would be 30 % of it.

    The format is that of Objects/locations.md in CPython's sources, the same since 3.11.
    """
    table, line = bytearray(), code.co_firstlineno
    for start, end, at in code.co_lines():
        left = (end - start) // _CODE_UNIT
        while left > 0:
            length = min(left, _LONGEST_ENTRY)
            kind = _NO_LOCATION if at is None else _NO_COLUMNS
            table.append(0x80 | kind << 3 | length - 1)
            if at is not None:
                table += _signed(at - line)
                line = at
            left -= length
    constants = tuple(
        without_columns(each) if isinstance(each, CodeType) else each for each in code.co_consts
    )
    return code.replace(co_linetable=bytes(table), co_consts=constants)


class _Plain(ast.NodeTransformer):
    """Takes annotations away. Those of fields stay, as dataclasses count them, but say nothing."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if not any(word in ast.unparse(node.annotation) for word in _KEPT):
            node.annotation = ast.copy_location(ast.Name("_", ast.Load()), node.annotation)
        return self.generic_visit(node)


def _with_nested(code: CodeType, qualified: str) -> Iterable[tuple[CodeType, str]]:
    """Code, and the code in it, as boot reads them; each with the qualified name that its place tells."""
    qualified = qualified or code.co_qualname
    yield code, qualified
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _with_nested(each, inner(code.co_qualname, code.co_flags) + each.co_name)


def _names(code: CodeType) -> Iterable[str]:
    return (code.co_name, *code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars)


def _halves(numbers: Iterable[int]) -> tuple[bytes, bytes]:
    """Numbers below 65536: all their low bytes, and all their high ones, which are zero as a rule."""
    high, low = zip(*(divmod(number, 256) for number in numbers), strict=True)
    return bytes(low), bytes(high)


def _signed(number: int) -> bytes:
    """A number in groups of six bits, the lowest first; its own lowest bit is the sign."""
    left = abs(number) << 1 | (number < 0)
    found = bytearray()
    while left >= _MORE:
        found.append(_MORE | left & _MORE - 1)
        left >>= 6
    found.append(left)
    return bytes(found)
