"""Shapes of Kubernetes objects: a misspelt field does not pass mypy, and what is read is what is there."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.kube import types
from vcli.syncer.translate import events, mirrored_nodes, pvs, services

ROOT = Path(__file__).parents[3]
SYNCER = ROOT / "vcli" / "syncer"

MISSPELT = {
    "translate/endpoints.py": (
        '"addressType": virtual["addressType"]',
        '"adressType": virtual["addressType"]',
    ),
    "translate/ingresses.py": ('spec["defaultBackend"] = backend', 'spec["backend"] = backend'),
    "translate/services.py": ('spec["externalIPs"] =', 'spec["externalIps"] ='),
    "translate/pvcs.py": ('spec["volumeName"] =', 'spec["volume"] ='),
    "translate/pvs.py": ('"persistentVolumeReclaimPolicy": "Delete"', '"reclaimPolicy": "Delete"'),
    "translate/events.py": ('"involvedObject": cast(', '"involvedobject": cast('),
    "translate/nodes.py": ('"daemonEndpoints": endpoints_of', '"daemonEndpoint": endpoints_of'),
    "translate/metadata.py": ('"ownerReferences": [owner]', '"ownerReference": [owner]'),
    "translate/labels.py": ('"matchExpressions": list(', '"matchExpression": list('),
    "engine/recorder.py": ('"reportingComponent": COMPONENT', '"reportingController": COMPONENT'),
}


def test_a_misspelt_field_does_not_pass_mypy(tmp_path: Path):
    for number, (path, (right, wrong)) in enumerate(MISSPELT.items()):
        source = (SYNCER / path).read_text()
        assert right in source, path
        (tmp_path / f"wrong_{number}.py").write_text(source.replace(right, wrong, 1))
        (tmp_path / f"right_{number}.py").write_text(source)
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            *map(str, tmp_path.iterdir()),
        ],
        cwd=ROOT,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    found = {
        line.partition(":")[0].rpartition("/")[2] for line in ran.stdout.splitlines() if ": error:" in line
    }
    assert found == {f"wrong_{number}.py" for number in range(len(MISSPELT))}, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        (services.HOST_FIELDS | {services.EXTERNAL_IPS, services.EXTERNAL_NAME}, types.ServiceSpec),
        (services._LIVED, types.ObjectMeta),
        (events._COPIED, types.Event),
        (mirrored_nodes._SPEC, types.NodeSpec),
        (mirrored_nodes._STATUS, types.NodeStatus),
        (pvs._COPIED, types.VolumeSpec),
    ],
)
def test_lists_of_fields_are_fields(names: Any, shape: Any):
    assert set(names) <= set(shape.__annotations__)


MAPPINGS = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3)


@given(st.none() | MAPPINGS, st.none() | MAPPINGS)
def test_labels_and_annotations(labels: dict[str, str] | None, annotations: dict[str, str] | None):
    obj = {"metadata": {"labels": labels, "annotations": annotations}}
    assert types.labels(obj) == (labels or {})
    assert types.annotations(obj) == (annotations or {})


@pytest.mark.parametrize(
    "obj", [None, {}, {"metadata": {}}, {"metadata": None}, {"status": None}, {"status": {}}]
)
def test_what_is_not_there(obj: Any):
    assert types.labels(obj) == {}
    assert types.annotations(obj) == {}
    assert list(types.conditions(obj)) == []
    assert not types.is_true(obj, "Ready")
    assert not types.is_terminating(obj)


def test_conditions():
    found = {"type": "Ready", "status": "True"}
    obj = {
        "metadata": {"uid": "1"},
        "status": {"conditions": [found, {"type": "Other", "status": "Unknown"}]},
    }
    assert types.conditions(obj)[0] == found
    assert types.is_true(obj, "Ready")
    assert not types.is_true(obj, "Other")
    assert types.uid(obj) == "1"


def test_what_terminates():
    assert types.is_terminating({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})


def test_a_shape_is_a_plain_dict():
    condition: types.Condition = {"type": "Ready", "status": "True"}
    assert types.plain(condition) is condition
