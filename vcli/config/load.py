"""Files and ``--set`` arguments, merged in order, checked, and typed."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from vcli.config import document as documents
from vcli.config import setting
from vcli.config.checks import check
from vcli.config.checks_distros import without_version
from vcli.config.checks_policies import privileged_beside
from vcli.config.complaints import Complaints
from vcli.config.defaults import without_defaults
from vcli.config.document import Document, Source
from vcli.config.idle import drop_idle, warn, without_off, write_off
from vcli.config.modernise import chooses_k3s, move, settle
from vcli.config.parse import build, fail
from vcli.config.schema import KUBERNETES, Values
from vcli.config.shape import is_element, keys_of, shape_of

Set: TypeAlias = str | tuple[str, str]
"""An expression of ``--set``; or an option of its family, such as ``--set-string``, and its expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Values as they were given: read, and not yet laid over one another.

    Attributes:
        files: a later one over an earlier one.
        sets: an option of the ``--set`` family and its expression, each over what is before it.
        options: what came from options of their own, over all else: the option's name to a mapping of values.
    """

    files: tuple[Document, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def values(self, *, over: Document | None = None) -> Values:
        """The values of a virtual cluster.

        Args:
            over: the values that lie below those given, such as the stored ones. Mappings are merged, lists
                and scalars replace, null removes a key. It stays as it is.

        Raises:
            UsageError: all mistakes, with file and line, the key, and the nearest known one.
        """
        merged, complaints, k3s = Document(), Complaints(), self._chooses_k3s(over)
        for document in (*([over] if over else ()), *self.files):
            own = Document(copy.deepcopy(document.data), dict(document.places), twice=document.twice)
            move(own, complaints, k3s=k3s)
            if document is over:
                write_off(own)
            merged.merge(own)
        for option, expression in self.sets:
            document = setting.parse(expression, below=merged.data, option=option)
            move(document, complaints, k3s=k3s)
            merged.merge(document)
        for option, data in self.options.items():
            merged.merge(Document(copy.deepcopy(dict(data)), {(key,): option for key in data}))
            _claim(merged, data, (), option)
        merged.drop_emptied(stays=partial(is_element, Values))
        return _checked(merged, complaints, is_new=over is None)

    def _chooses_k3s(self, over: Document | None) -> bool:
        documents = (*([over] if over else ()), *self.files)
        sets = (setting.parse(expression, option=option) for option, expression in self.sets)
        given = (*(each.data for each in (*documents, *sets)), *self.options.values())
        return any(map(chooses_k3s, given))


def read(
    files: Sequence[Source] = (), sets: Sequence[Set] = (), *, options: Mapping[str, Any] | None = None
) -> Given:
    """Read values; what they mean together is seen when they are merged.

    Args:
        files: YAML files, a later one over an earlier one; ``-`` is standard input.
        sets: ``a.b=c`` expressions, over the files; or an option and its expression, as in
            ``("--set-string", "a.b=1")``.
        options: what came from options of their own: the option's name (``--distro``) to a mapping of values,
            over all else; errors name the option.

    Raises:
        UsageError: a file can't be read or is no YAML mapping, or an expression can't be understood.
    """
    expressions = tuple((setting.SET, each) if isinstance(each, str) else each for each in sets)
    for option, expression in expressions:
        setting.parse(expression, option=option)
    return Given(files=tuple(map(documents.read, files)), sets=expressions, options=dict(options or {}))


def load(
    files: Sequence[Source] = (), sets: Sequence[Set] = (), *, options: Mapping[str, Any] | None = None
) -> Values:
    """The values of a virtual cluster, from those given alone; for the arguments see `read`.

    Raises:
        UsageError: with file and line, the key, and the nearest known one.
    """
    return read(files, sets, options=options).values()


def from_mapping(data: Mapping[str, Any], *, name: str) -> Values:
    """Values that were kept, as in ConfigMap ``vc-config-NAME``; ``name`` is said in errors."""
    document, complaints = Document(copy.deepcopy(dict(data)), {(key,): name for key in data}), Complaints()
    move(document, complaints, k3s=chooses_k3s(document.data))
    return _checked(document, complaints, drops_empty=False)


def _checked(
    document: Document, complaints: Complaints, *, drops_empty: bool = True, is_new: bool = False
) -> Values:
    """Values of a merged document; all that is wrong with it is said together.

    Args:
        document: it is changed.
        complaints: what was found before.
        drops_empty: as it was given, so that a section without keys says nothing.
        is_new: no virtual cluster has such values yet, so that none is held up by a stricter check.
    """
    complaints.add(*document.twice)
    settle(document, complaints)
    drop_idle(document)
    if drops_empty:
        drop_empty(Values, document.data)
    values = Values()
    with complaints.collected():
        # What has no effect must be right too; what does not go together is judged once each is right.
        values = build(Values, document)
        effective = without_off(document, complaints, unsaid=not drops_empty)
        if effective.data != document.data:
            values = build(Values, effective)
        values = check(values, effective)
        if keys := without_version(values, effective):
            text = f"names no version of Kubernetes, and {KUBERNETES} may be another one"
            hint = "write the version of the image in controlPlane.distro.k8s.version"
            if is_new:
                raise fail(document, keys, text, hint=hint)
            warn(document, keys, f"{text}: {hint}", complaints)
        if text := privileged_beside(values):
            warn(document, ("policies", "podSecurityStandard"), f"privileged {text}", complaints)
        # Of a switch that may have been forgotten: what is not refused is said.
        without_off(effective, complaints, unsaid=True)
    complaints.raise_all()
    given = without_defaults(document.data) if drops_empty else document.data
    return replace(values, given=given, warnings=tuple(complaints.warnings))


def drop_empty(kind: type, data: dict[str, Any]) -> None:
    """Drop sections in which nothing is given; in place.

    An element of a map or list stays: that it is there has a meaning of its own.

    Args:
        kind: the section whose data it is.
        data: merged, and not checked yet.
    """
    for key, (_, hint) in keys_of(kind).items():
        value, shape = data.get(key), shape_of(hint)
        if shape.section is None:
            continue
        below = [value] if shape.of == "section" else _elements(value)
        for each in below:
            if isinstance(each, dict):
                drop_empty(shape.section, each)
        if shape.of == "section" and value == {}:
            del data[key]


def _elements(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _claim(document: Document, data: Mapping[str, Any], keys: documents.Keys, option: str) -> None:
    for key, value in data.items():
        document.places[*keys, key] = option
        if isinstance(value, dict):
            _claim(document, value, (*keys, key), option)
