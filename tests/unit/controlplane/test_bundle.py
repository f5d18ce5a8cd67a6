"""The bundle: it runs on its own, is the same each time, and small enough."""

import dataclasses
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from vcli.bootstrap import boot
from vcli.controlplane import bundle, bytecode
from vcli.errors import VcliError

ISOLATED = [sys.executable, "-S", "-E", "-s", "-I"]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "vcli.zip"
    boot.write(lzma.decompress(bundle.load(cache=path.parent / "cache").data), path)
    return path


def modules(path: Path) -> list[str]:
    names = [Path(name) for name in zipfile.ZipFile(path).namelist()]
    dotted = [".".join(name.with_suffix("").parts) for name in names]
    return [name.removesuffix(".__init__") for name in dotted if not name.endswith("__main__")]


def test_every_module_imports_with_nothing_but_the_standard_library(packed: Path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import importlib\n"
        "for name in sys.argv[2:]: importlib.import_module(name)\n"
        "for name, module in sys.modules.items():\n"
        "    file = getattr(module, '__file__', None) or ''\n"
        "    ours = name.partition('.')[0] in ('vcli', 'h11', 'wsproto')\n"
        "    assert file.startswith(sys.argv[1]) if ours else 'site-packages' not in file, file\n"
    )
    names = [name for name in modules(packed) if name.startswith("vcli")]
    assert "vcli.syncer.main" in names
    done = subprocess.run(
        [*ISOLATED, "-c", program, str(packed), *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_syncer_starts_from_its_parts(tmp_path: Path):
    packed = bundle.load(cache=tmp_path / "cache")
    for number, part in enumerate(packed.parts):
        (tmp_path / f"vcli.code.xz.{number:02}").write_bytes(part)
    script = tmp_path / "boot.py"
    archive = tmp_path / "vcli.zip"
    script.write_text(bundle.boot_script().replace('"/tmp/vcli.zip"', repr(str(archive))))
    done = subprocess.run(
        [sys.executable, "-S", str(script), "vcli.syncer", "--settings", str(tmp_path / "none.json")],
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "none.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert archive.is_file()
    assert len(packed.parts) > 1


def test_only_the_syncer_is_in_it(packed: Path):
    tops = {"/".join(name.split("/")[:2]) for name in zipfile.ZipFile(packed).namelist()}
    assert {top for top in tops if top.startswith("vcli/")} == {
        "vcli/__init__.pyc",
        "vcli/_version.pyc",
        "vcli/bootstrap",
        "vcli/catalog",
        "vcli/contract",
        "vcli/errors.pyc",
        "vcli/invocation.pyc",
        "vcli/kube",
        "vcli/syncer",
    }


def test_it_fits_twice_into_a_release_of_helm():
    # As a file of the chart, and in the rendered objects; both as base64.
    assert 2 * len(bundle.load().data) * 4 / 3 < 1024 * 1024 - 100_000


def test_equal_sources_give_equal_bytes(tmp_path: Path):
    program = (
        "import sys, pathlib\n"
        "from vcli.controlplane import bundle\n"
        "pathlib.Path(sys.argv[1]).write_bytes(bundle.load(cache=pathlib.Path(sys.argv[2])).data)\n"
    )
    other = tmp_path / "other.zip"
    argv = [sys.executable, "-c", program, str(other), str(tmp_path / "cache")]
    subprocess.run(argv, env=os.environ | {"PYTHONHASHSEED": "12345"}, check=True)
    assert other.read_bytes() == bundle.load(cache=tmp_path / "another").data


def test_it_is_packed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = bundle.load(cache=tmp_path)
    monkeypatch.setattr(bundle, "pack", lambda _: pytest.fail("packed again"))
    assert bundle.load(cache=tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == [f"{first.digest}.code.xz"]


def test_old_ones_do_not_pile_up(tmp_path: Path):
    for number in range(9):
        old = tmp_path / f"{number}.xz"
        old.touch()
        os.utime(old, (number, number))
    digest = bundle.load(cache=tmp_path).digest
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{digest}.code.xz",
        *(f"{n}.xz" for n in range(5, 9)),
    }


def test_tracebacks_name_the_same_lines():
    def lines(code: CodeType) -> Iterator[int | None]:
        for start, end, line in code.co_lines():
            yield from [line] * (end - start)
        for each in code.co_consts:
            if isinstance(each, CodeType):
                yield from lines(each)

    for source in bundle._sources():
        code = compile(source.data, source.name, "exec")
        short = bytecode.without_columns(code)
        assert list(lines(short)) == list(lines(code)), source.name
        assert {position[2] for position in short.co_positions()} == {None}


FIELDS = [name for name in dir(CodeType) if name.startswith("co_") and name not in ("co_lnotab", "co_consts")]


def fields(code: CodeType) -> Iterator[tuple[object, ...]]:
    """What a code object and those in it are made of, each method's answer as a list."""
    values = (getattr(code, name) for name in FIELDS)
    yield tuple(list(value()) if callable(value) else value for value in values)
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from fields(each)
        else:
            yield (type(each), each)


def test_each_code_object_is_the_same_after_unpacking():
    modules = {
        source.name: bytecode.compiled(source.data, source.name)
        for source in (*bundle._sources(), bundle._Source("odd.py", ODD.encode()))
    }
    unpacked = dict(boot.modules(bytecode.dump(modules)))
    assert unpacked.keys() == modules.keys()
    for name, code in modules.items():
        assert list(fields(unpacked[name])) == list(fields(code)), name


ODD = """
from dataclasses import KW_ONLY, InitVar, dataclass
from typing import ClassVar, NamedTuple, TypedDict

def outer(first: int, /, second: str = "s", *rest: bytes, named: float) -> None:
    global elsewhere
    here: list[int] = []
    def elsewhere():
        return [lambda: (here, each) for each in rest]
    class Inner:
        def method(self) -> "Inner": return __class__

@dataclass
class Fields:
    shared: ClassVar[int] = 1
    given: InitVar[int]
    _: KW_ONLY
    kept: dict[str, int]

class Pair(NamedTuple):
    left: int
    right: str = ""

class Shape(TypedDict, total=False):
    name: str
"""


def test_annotations_that_something_reads_stay():
    module = ModuleType("odd")
    sys.modules[module.__name__] = module
    try:
        exec(bytecode.compiled(ODD.encode(), "odd.py"), module.__dict__)  # noqa: S102  its own text
    finally:
        del sys.modules[module.__name__]
    assert [field.name for field in dataclasses.fields(module.Fields)] == ["kept"]
    assert module.Fields(1, kept={}).shared == 1
    assert module.Pair(1) == (1, "")
    assert module.Shape.__optional_keys__ == {"name"}
    assert module.outer.__annotations__ == {}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    assert bundle.load(cache=file / "below").data


def test_another_source_has_another_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = bundle.load(cache=tmp_path).digest
    sources = [*bundle._sources(), bundle._Source("vcli/more.py", b"x = 1\n")]
    monkeypatch.setattr(bundle, "_sources", lambda: iter(sources))
    assert bundle.load(cache=tmp_path).digest != before


def test_too_large_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bundle, "LARGEST", 1000)
    with pytest.raises(VcliError, match="1000 are the most"):
        bundle.pack(list(bundle._sources()))
