"""Files and ``--set`` arguments, merged in order, checked, and typed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vcli.config import document as documents
from vcli.config import setting
from vcli.config.checks import check
from vcli.config.document import Document, Source
from vcli.config.legacy import modernise
from vcli.config.parse import build
from vcli.config.schema import Values


def load(
    files: Sequence[Source] = (),
    sets: Sequence[str | tuple[str, str]] = (),
    *,
    options: Mapping[str, Any] | None = None,
) -> Values:
    """The values of a virtual cluster.

    Args:
        files: YAML files, a later one over an earlier one; ``-`` is standard input.
        sets: ``a.b=c`` expressions, over the files; or an option and its expression, as in
            ``("--set-string", "a.b=1")``.
        options: what came from options of their own: the option's name (``--distro``) to a mapping of values,
            over all else; errors name the option.

    Raises:
        UsageError: with file and line, the key, and the nearest known one.
    """
    merged = Document()
    warnings: tuple[str, ...] = ()
    for source in files:
        document = documents.read(source)
        warnings += modernise(document)
        merged.merge(document)
    for each in sets:
        option, expression = (setting.SET, each) if isinstance(each, str) else each
        document = setting.parse(expression, below=merged.data, option=option)
        warnings += modernise(document)
        merged.merge(document)
    for option, data in (options or {}).items():
        merged.merge(Document(dict(data), {(key,): option for key in data}))
        _claim(merged, data, (), option)
    values = build(Values, merged)
    return replace(check(values, merged), given=merged.data, warnings=warnings)


def from_mapping(data: Mapping[str, Any], *, name: str) -> Values:
    """Values that were kept, as in Secret ``vc-config-NAME``; ``name`` is said in errors."""
    document = Document(dict(data), {(key,): name for key in data})
    warnings = modernise(document)
    return replace(check(build(Values, document), document), given=document.data, warnings=warnings)


def _claim(document: Document, data: Mapping[str, Any], keys: documents.Keys, option: str) -> None:
    for key, value in data.items():
        document.places[*keys, key] = option
        if isinstance(value, dict):
            _claim(document, value, (*keys, key), option)
