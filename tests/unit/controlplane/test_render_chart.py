"""The chart without Helm: values, schema, and the folder that is written."""

import base64
import dataclasses
import json
from pathlib import Path

import pytest
import yaml
from controlplane_builders import BUNDLE

from vcli.config.load import from_mapping
from vcli.config.schema import Values
from vcli.controlplane import chart as charts
from vcli.controlplane import manifests
from vcli.errors import ConflictError, VcliError
from vcli.operations.chart import write_chart

FILES = charts.chart(BUNDLE)


@pytest.mark.parametrize("name", ["values.yaml", "files/defaults.yaml"])
def test_its_values_are_the_defaults(name: str):
    values = yaml.safe_load(FILES[name])
    assert dataclasses.replace(from_mapping(values, name=name), given={}) == Values()


def test_every_value_is_described():
    before = ""
    for line in FILES["values.yaml"].decode().splitlines():
        if not line.lstrip().startswith("#"):
            assert before.lstrip().startswith("#") or line.strip() in {
                "statefulSet:",
                "deployment:",
            }, line
        before = line


def test_the_schema_knows_every_value():
    def check(values: object, schema: dict[str, object], path: str) -> None:
        options = schema.get("anyOf", [schema])
        objects = [each for each in options if "properties" in each]
        if isinstance(values, dict) and objects:
            assert set(values) <= set(objects[0]["properties"]), path
            for key, value in values.items():
                check(value, objects[0]["properties"][key], f"{path}.{key}")

    check(yaml.safe_load(FILES["values.yaml"]), json.loads(FILES["values.schema.json"]), "")


def test_no_name_of_the_example_is_left():
    for path, content in FILES.items():
        if path.startswith("templates/"):
            assert "demo" not in content.decode()


def test_a_manifest_that_is_not_as_expected_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(manifests, "read", lambda _: "something else")
    with pytest.raises(VcliError, match=r"the manifest .+ has no"):
        charts.chart(BUNDLE)


async def test_it_is_written_again_and_again(tmp_path: Path):
    folder = tmp_path / "new" / "chart"
    first = await write_chart(folder)
    (folder / "templates" / "old.yaml").touch()
    assert await write_chart(folder) == first
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert written == set(first.files)
    parts = sorted(path for path in written if "xz" in path)
    assert len(parts) > 1
    assert base64.b64encode((folder / parts[0]).read_bytes())[:4] == b"/Td6"  # the magic of xz


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("content", ["Chart.yaml", "notes.txt"])
async def test_what_is_not_ours_is_left_alone(tmp_path: Path, content: str):
    (tmp_path / content).write_text("name: other\n")
    with pytest.raises(ConflictError):
        await write_chart(tmp_path)
    assert names_in(tmp_path) == [content]


async def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "chart").touch()
    with pytest.raises(ConflictError):
        await write_chart(tmp_path / "chart")
    with pytest.raises(VcliError, match="can't be written"):
        await write_chart(tmp_path / "chart" / "below")
