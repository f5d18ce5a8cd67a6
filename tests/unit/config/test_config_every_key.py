"""Every key that other charts have had: known, and never without a word where it is without effect."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from vcli.config import Values
from vcli.config.document import Document, Keys
from vcli.config.known import KNOWN
from vcli.config.known.asking import same
from vcli.config.known.facts import TABLES, Fact, facts
from vcli.config.known.meaning import meaning_of
from vcli.config.load import Given
from vcli.errors import UsageError

NAME = "widgets.example.com"
FACTS = [fact for table in TABLES for fact in facts(table)]
GROUPS = sorted({fact.path.split(".")[0] for fact in FACTS})
SOMETHING: tuple[Any, ...] = (True, 7, "x", ["x"], {"x": "y"})
NOTHING: tuple[Any, ...] = (None, "", [], {}, False)


def given(keys: tuple[str, ...], value: Any) -> Document:
    data: dict[str, Any] = {}
    below, names = data, [NAME if key == "*" else key for key in keys]
    for name in names[:-1]:
        below = below.setdefault(name, {})
    below[names[-1]] = copy.deepcopy(value)
    places: dict[Keys, str] = {tuple(names[:end]): "f.yaml:1" for end in range(1, len(names) + 1)}
    return Document(data, places)


def loaded(document: Document) -> Values | UsageError:
    try:
        return Given(files=(document,)).values()
    except UsageError as error:
        return error


def tried(group: str) -> Iterator[tuple[Fact, Any, Values | UsageError]]:
    for fact in FACTS:
        if fact.path.split(".")[0] == group:
            for value in (*SOMETHING, *NOTHING, *fact.default):
                yield fact, value, loaded(given(fact.keys, value))


def is_stated_default(fact: Fact, value: Any) -> bool:
    ours = KNOWN[fact.path].defaults if fact.path in KNOWN else ()
    theirs = (each for other in FACTS if other.keys == fact.keys for each in other.default)
    return any(same(value, each) for each in (*ours, *theirs))


def test_each_key_has_a_meaning():
    assert [fact.path for fact in FACTS if not meaning_of(fact.keys).what] == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("controlPlane.distro.k8s.version", "same"),
        ("controlPlane.statefulSet.resources.limits.memory", "same"),
        ("sync.toHost.customResources.*.enabled", "same"),
        ("controlPlane.ingress.odd", ""),
        ("sync.ingresses.enabled", "moved"),
        ("controlPlane.proxy.port", "default"),
        ("telemetry.enabled", "note"),
        ("controlPlane.tlsRoute.host", "later"),
        ("controlPlane.standalone.enabled", "scope"),
        ("odd", ""),
    ],
)
def test_meanings(path: str, expected: str):
    assert meaning_of(tuple(path.split("."))).what == expected


@pytest.mark.parametrize("group", GROUPS)
def test_each_value_of_each_key(group: str):
    wrong = []
    for fact, value, result in tried(group):
        meaning, said = meaning_of(fact.keys), f"{fact.path}: {value!r}"
        if isinstance(result, UsageError):
            if is_stated_default(fact, value):
                wrong.append(f"{said}: a default is refused: {result.message}")
            elif "unknown key" in result.message and f": {fact.path}: unknown" in result.message:
                wrong.append(f"{said}: nobody knows it")
            elif not names(result.message, fact):
                wrong.append(f"{said}: not named as it was written: {result.message}")
        elif has_an_effect_there(meaning.what, fact, value):
            wrong.append(f"{said}: accepted: {result.given} {result.warnings}")
    assert not wrong, "\n".join(wrong)


def has_an_effect_there(what: str, fact: Fact, value: Any) -> bool:
    """Whether a value of a key that is nothing here is more than its chart does without."""
    if is_stated_default(fact, value):
        return False
    if what in ("later", "scope"):
        return value in SOMETHING
    return what == "default" and (value in SOMETHING or (value is False and is_stated_default(fact, True)))


def names(message: str, fact: Fact) -> bool:
    """Whether a message has the key, or the section that it is in; or names another that is missing."""
    paths = [".".join(fact.keys[:end]).replace("*", NAME) for end in range(1, len(fact.keys) + 1)]
    return "must be given" in message or (
        "f.yaml:1: " in message and any(f": {path}" in message or f"from {path}" in message for path in paths)
    )


def has(fact: Fact, minor: int, chart: str) -> bool:
    """Whether a release of a chart has a key with this default."""
    releases = fact.releases
    if chart:
        releases = dict(each.split(":") for each in releases.split()).get(chart, "")
    for span in filter(None, releases.split(",")):
        first, _, last = span.replace("0.", "").partition("-")
        if int(first) <= minor <= int(last or first):
            return bool(fact.default)
    return False


def whole_chart(table: str, minor: int, chart: str = "") -> dict[str, Any]:
    """All defaults of a chart, as its values.yaml has them."""
    data: dict[str, Any] = {}
    for fact in facts(table):
        if has(fact, minor, chart):
            below = data
            for key in fact.keys[:-1]:
                below = below.setdefault(key, {})
            below.setdefault(fact.keys[-1], copy.deepcopy(fact.default[0]))
    return data


@pytest.mark.parametrize(
    ("table", "minor", "chart"),
    [
        *(("vcluster", minor, "") for minor in range(20, 38)),
        *(("charts_2023", minor, chart) for minor in range(10, 20) for chart in ("k3s", "k8s", "k0s", "eks")),
    ],
)
def test_a_copy_of_a_whole_chart_passes(table: str, minor: int, chart: str):
    data = whole_chart(table, minor, chart)
    assert len(data) > 5
    result = loaded(Document(data, {}))
    assert isinstance(result, Values), result
    problems: Mapping[str, Any] = {each: None for each in result.warnings if "not supported" in each}
    assert not problems
