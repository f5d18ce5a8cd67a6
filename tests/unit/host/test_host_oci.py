import hashlib
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.host.oci import LAYER, Image, architecture, tree, write_archive


def read(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {x.name: tar.extractfile(x).read() for x in tar if x.isfile()}  # type: ignore[union-attr]


def manifest_of(content: dict[str, bytes], number: int = 0) -> Any:
    index = json.loads(content["index.json"])
    digest = index["manifests"][number]["digest"]
    return json.loads(content["blobs/sha256/" + digest[7:]])


def layer_of(archive: Path, tmp_path: Path) -> tarfile.TarFile:
    content = read(archive)
    digest = manifest_of(content)["layers"][0]["digest"]
    layer = tmp_path / "layer.tar"
    layer.write_bytes(content["blobs/sha256/" + digest[7:]])
    return tarfile.open(layer)


@pytest.fixture
def image(tmp_path: Path) -> Image:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    return Image(
        names=["example.test/a:1", "example.test/a:latest"],
        files={"/usr/bin/program": program, "/etc/motd": b"hello"},
        links={"/bin/sh": "../usr/bin/program"},
        entrypoint=["/usr/bin/program"],
        command=["--serve"],
        env={"LANG": "C"},
        user="1000:1000",
    )


def test_every_blob_has_the_digest_and_size_that_is_said(image: Image, tmp_path: Path) -> None:
    returned = write_archive(image, tmp_path / "a.tar")
    content = read(tmp_path / "a.tar")
    blobs = {k: v for k, v in content.items() if k.startswith("blobs/")}
    assert len(blobs) == 3
    for name, blob in blobs.items():
        assert name == "blobs/sha256/" + hashlib.sha256(blob).hexdigest()
    manifest = manifest_of(content)
    for described in (manifest["config"], *manifest["layers"]):
        assert len(content["blobs/sha256/" + described["digest"][7:]]) == described["size"]
    index = json.loads(content["index.json"])
    assert {x["digest"] for x in index["manifests"]} == {returned}
    assert json.loads(content["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}


def test_configuration_tells_how_to_run(image: Image, tmp_path: Path) -> None:
    write_archive(image, tmp_path / "a.tar")
    content = read(tmp_path / "a.tar")
    manifest = manifest_of(content)
    config = json.loads(content["blobs/sha256/" + manifest["config"]["digest"][7:]])
    assert config["architecture"] == architecture()
    assert config["config"]["Entrypoint"] == ["/usr/bin/program"]
    assert config["config"]["Cmd"] == ["--serve"]
    assert config["config"]["User"] == "1000:1000"
    assert "LANG=C" in config["config"]["Env"]
    assert any(x.startswith("PATH=") for x in config["config"]["Env"])
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    assert manifest["layers"][0]["mediaType"] == LAYER


def test_each_name_is_in_the_index(image: Image, tmp_path: Path) -> None:
    write_archive(image, tmp_path / "a.tar")
    index = json.loads(read(tmp_path / "a.tar")["index.json"])
    assert [x["annotations"]["io.containerd.image.name"] for x in index["manifests"]] == list(image.names)
    assert [x["annotations"]["org.opencontainers.image.ref.name"] for x in index["manifests"]] == [
        "1",
        "latest",
    ]


def test_layer_has_files_links_and_their_folders_once(image: Image, tmp_path: Path) -> None:
    write_archive(image, tmp_path / "a.tar")
    with layer_of(tmp_path / "a.tar", tmp_path) as layer:
        members = layer.getmembers()
        names = [x.name for x in members]
        assert len(names) == len(set(names))
        by_name = {x.name: x for x in members}
        assert by_name["usr/bin/program"].mode == 0o755
        assert by_name["etc/motd"].mode == 0o644
        assert by_name["bin/sh"].linkname == "../usr/bin/program"
        assert by_name["tmp"].mode == 0o1777
        assert {x.uid for x in members} == {0}
        for name in names:
            parent = str(Path(name).parent)
            assert parent == "." or names.index(parent) < names.index(name)


def test_what_runs_as_its_owner_is_marked(image: Image, tmp_path: Path) -> None:
    write_archive(replace(image, setuid=["/usr/bin/program"]), tmp_path / "a.tar")
    with layer_of(tmp_path / "a.tar", tmp_path) as layer:
        assert layer.getmember("usr/bin/program").mode == 0o4755
        assert layer.getmember("etc/motd").mode == 0o644


def test_same_files_make_the_same_bytes(image: Image, tmp_path: Path) -> None:
    write_archive(image, tmp_path / "a.tar")
    for path in image.files.values():
        if isinstance(path, Path):
            path.touch()
    write_archive(
        Image(
            names=image.names,
            files=dict(reversed(image.files.items())),
            links=image.links,
            entrypoint=image.entrypoint,
            command=image.command,
            env=image.env,
            user=image.user,
        ),
        tmp_path / "b.tar",
    )
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_a_change_of_one_byte_changes_the_digest(image: Image, tmp_path: Path) -> None:
    first = write_archive(image, tmp_path / "a.tar")
    second = write_archive(
        Image(names=image.names, files={**image.files, "/etc/motd": b"hellO"}), tmp_path / "a.tar"
    )
    assert first != second


def test_failure_leaves_neither_an_archive_nor_parts_of_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(FileNotFoundError):
        write_archive(Image(names=["x:1"], files={"/a": tmp_path / "missing"}), out / "a.tar")
    assert list(out.iterdir()) == []


_names = st.text("abcdefgh", min_size=1, max_size=3)


@given(
    st.dictionaries(
        st.lists(_names, min_size=1, max_size=4).map(lambda x: "/" + "/".join(x)), st.binary(max_size=40)
    )
)
def test_any_files_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    folders = {str(p) for x in files for p in Path(x).parents}
    files = {k: v for k, v in files.items() if k not in folders}
    tmp_path = tmp_path_factory.mktemp("oci")
    write_archive(Image(names=["x:1"], files=files), tmp_path / "a.tar")
    with layer_of(tmp_path / "a.tar", tmp_path) as layer:
        found = {"/" + x.name: layer.extractfile(x).read() for x in layer if x.isfile()}  # type: ignore[union-attr]
    assert found == files


def test_tree_leaves_out_what_it_is_told_to(tmp_path: Path) -> None:
    for path in ("a/x.py", "a/test/t.py", "b/keep/x.py", "b/drop/x.py", "test.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "a" / "file-link").symlink_to("x.py")
    files, links = tree(tmp_path, "/in", skip=("test", "b/drop"))
    assert set(files) == {"/in/a/x.py", "/in/b/keep/x.py", "/in/test.py"}
    assert links == {"/in/link": "a", "/in/a/file-link": "x.py"}
