"""What is rendered stays as it is: another pod would mean a restart of each control plane.

``golden/default.yaml`` is all of the default; ``golden/cases.diff`` is what each other case changes in it, in
lines of `golden_lines`. A change that is meant is written down, and then looked at, with

    VCLI_RENEW_GOLDEN=1 python -m pytest tests/unit/controlplane/test_golden.py; git diff tests/unit
"""

import os
import random
from dataclasses import replace
from typing import Any

import pytest
from controlplane_builders import BUNDLE, FACTS, NAMES
from golden_lines import FOLDER, difference, dump_cases, lasting, lines, load_cases

from value_examples import COMBINATIONS, EXAMPLES, nested
from vcli.config import Values, load
from vcli.config.load import from_mapping
from vcli.controlplane import manifests
from vcli.controlplane.bundle import PART, Bundle
from vcli.controlplane.render import render

Object = dict[str, Any]

DEFAULT, DIFFERENCES = FOLDER / "default.yaml", FOLDER / "cases.diff"
RENEWS = bool(os.environ.get("VCLI_RENEW_GOLDEN"))
LARGE = Bundle("0123456789", random.Random(1).randbytes(2 * PART + 1), "3.11")  # noqa: S311
_NO_CLASS = replace(FACTS, storage=None)
_CLAIM = "controlPlane.statefulSet.persistence.volumeClaim.enabled"


def of(values: Values, **others: Any) -> list[Object]:
    bundle = None if values.control_plane.stateful_set.image.repository else BUNDLE
    return render(**{"names": NAMES, "values": values, "facts": FACTS, "bundle": bundle, **others})


def cases() -> dict[str, list[Object]]:
    """Each case but the default: values one by one, some together, and other facts about the host."""
    of_values = {
        f"{key} {index}": {key: value} for key in EXAMPLES for index, value in enumerate(EXAMPLES[key])
    }
    of_values |= {f"combination {index}": flat for index, flat in enumerate(COMBINATIONS) if flat}
    legacy = {
        "vcluster": {"image": "me/api:v1.35.2"},
        "etcd": {"image": "me/etcd:1"},
        "syncer": {"image": "me/vcli:1"},
    }
    return {
        **{name: of(from_mapping(nested(flat), name="values")) for name, flat in of_values.items()},
        "keys of before": of(from_mapping(legacy, name="values")),
        "no default StorageClass": of(load(), facts=_NO_CLASS),
        "no default StorageClass, claim wanted": of(load([], [f"{_CLAIM}=true"]), facts=_NO_CLASS),
        "no rights to give": of(load(), facts=replace(FACTS, features=frozenset())),
        "a bundle of several parts": [obj for obj in of(load(), bundle=LARGE) if "binaryData" not in obj],
        "an owner": of(load(), owner="uid-of-service"),
        "more objects": of(load(), more=[{"kind": "Secret", "metadata": {"name": "more"}}]),
        "renewed certificates": of(load(), renewed="2026-01-01T00:00:00Z"),
    }


CASES = cases()
DEFAULT_TEXT = manifests.dump(lasting(of(load())))
DEFAULT_LINES = lines(of(load()))


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    if RENEWS:
        FOLDER.mkdir(exist_ok=True)
        DEFAULT.write_text(DEFAULT_TEXT, encoding="utf-8")
        texts = {name: difference(DEFAULT_LINES, lines(objects)) for name, objects in CASES.items()}
        DIFFERENCES.write_text(dump_cases(texts), encoding="utf-8")
    return load_cases(DIFFERENCES)


@pytest.mark.usefixtures("expected")
def test_the_default():
    assert DEFAULT.read_text(encoding="utf-8") == DEFAULT_TEXT


@pytest.mark.parametrize("name", CASES)
def test_what_values_and_the_host_change(name, expected):
    assert difference(DEFAULT_LINES, lines(CASES[name])) == expected[name]


def test_no_case_is_left_over(expected):
    assert list(expected) == list(CASES)
