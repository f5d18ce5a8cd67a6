"""From a tree of plain values to the dataclasses of `vcli.config.schema`, every mistake with its place."""

from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from vcli.config.complaints import Complaints
from vcli.config.document import Document, Keys, dotted
from vcli.config.fit import problem, problem_of_key, sort_of
from vcli.config.image import Image, image
from vcli.config.known.facts import names_below
from vcli.config.shape import default_of, is_required, keys_of, paths, shape_of
from vcli.errors import UsageError

T = TypeVar("T")

_NEAR = 0.85
_JAVASCRIPT = ("expression", "reverseExpression")


def build(kind: type[T], document: Document) -> T:
    """Make a section and all below it.

    Raises:
        UsageError: with all keys that are unknown or missing, or have a value of the wrong type.
    """
    complaints = Complaints()
    complaints.add(*document.twice)
    result: T | None = None
    with complaints.collected():
        result = _Parser(document, kind, complaints).section(kind, document.data, ())
    complaints.raise_all()
    if result is None:  # pragma: no cover  without a complaint there is a result
        raise AssertionError
    return result


def fail(document: Document, keys: Keys, complaint: str, *, hint: str | None = None) -> UsageError:
    """An error about one key, with its place."""
    place = document.place(keys)
    where = f"{place}: " if place else ""
    return UsageError(f"{where}{document.written(keys)}: {complaint}", hint=hint)


@dataclass(frozen=True, slots=True)
class _Parser:
    """Takes a document apart; ``root`` is the section that its keys are looked up in, for hints."""

    document: Document
    root: type
    complaints: Complaints

    def section(self, kind: type, data: Any, keys: Keys, default: Any = None) -> Any:
        """A section; what is not given is that of the default, an image's tag alone keeps its repository."""
        if kind is Image and isinstance(data, str):
            return image(data)
        self._expect_mapping(data, keys)
        known = keys_of(kind)
        values: dict[str, Any] = {}
        for key, value in data.items():
            with self.complaints.collected():
                if key not in known:
                    raise self._unknown((*keys, str(key)), known)
                field, hint = known[key]
                if is_required(field):  # also a wrong one is given
                    values[field.name] = None
                values[field.name] = self._value(hint, field, value, (*keys, key))
        for key, (field, _) in known.items():
            if is_required(field) and field.name not in values:
                raise fail(self.document, (*keys, key), "must be given")
        return kind(**values) if default is None else replace(default, **values)

    def _value(self, hint: Any, field: Field[Any], value: Any, keys: Keys) -> Any:
        shape = shape_of(hint)
        if shape.section is None:
            return self._plain(hint, field, value, keys)
        if shape.of == "map":
            return self._map(shape.section, field, value, keys)
        if shape.of == "list":
            if not isinstance(value, list):
                raise fail(self.document, keys, f"must be a list, not {sort_of(value)}")
            return tuple(self.section(shape.section, each, (*keys, i)) for i, each in enumerate(value))
        return self.section(shape.section, value, keys, None if is_required(field) else default_of(field))

    def _map(self, kind: type, field: Field[Any], value: Any, keys: Keys) -> dict[str, Any]:
        self._expect_mapping(value, keys)
        found = {}
        for key, each in value.items():
            own = (*keys, str(key))
            if wrong := problem_of_key(field, key):
                raise fail(self.document, own, wrong)
            found[key] = self.section(kind, each, own)
        return found

    def _plain(self, hint: Any, field: Field[Any], value: Any, keys: Keys) -> Any:
        if wrong := problem(hint, field, value):
            is_set = self.document.place(keys).startswith("--set ")
            raise fail(self.document, keys, wrong, hint=_how_to_set(wrong) if is_set else None)
        return tuple(value) if isinstance(value, list) else value

    def _expect_mapping(self, data: Any, keys: Keys) -> None:
        if not isinstance(data, dict):
            raise fail(self.document, keys, f"must be a mapping, not {sort_of(data)}")

    def _unknown(self, keys: Keys, known: Mapping[str, Any]) -> UsageError:
        last = str(keys[-1])
        if last in _JAVASCRIPT and "patches" in keys:
            instead = "reference translates the name of another object, labels a selector"
            return fail(self.document, keys, "a JavaScript expression, which vcli does not run", hint=instead)
        full = _beside(keys, nearest(last, known)) or _elsewhere(self.root, keys)
        # Of other charts, too: what became of that key is said once it is written right.
        full = full or _beside(keys, nearest(last, names_below(keys[:-1])))
        return fail(self.document, keys, "unknown key", hint=full and f"did you mean {full}?")


def _beside(keys: Keys, name: str | None) -> str | None:
    return dotted((*keys[:-1], name)) if name else None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The word that is meant, if one is misspelt: another case, or a letter or two."""
    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[found[0]] if found else None


def _elsewhere(root: type, keys: Keys) -> str | None:
    """The one key of that name below the same section: of names that several have, none is meant."""
    last = str(keys[-1]).lower()
    found = [each for each in paths(root) if each.rpartition(".")[2].lower() == last]
    if len(found) != 1 or "*" in found[0] or "[]" in found[0]:
        return None
    return found[0] if found[0].startswith("".join(f"{key}." for key in keys[:-1])) else None


def _how_to_set(problem: str) -> str | None:
    if "a string" in problem:
        return "--set-string keeps it text"
    return "write a list as KEY={a,b}" if "a list" in problem else None
