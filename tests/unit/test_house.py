"""The rules of the house: who imports whom, how long a file may be, what the package carries."""

import ast
import configparser
import itertools
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

import vcli

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(ROOT.joinpath("vcli").rglob("*.py"))
LONGEST = 400


def test_import_rules():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["vcli", "lab", "conformance", "tests", "bench", "scripts"])
def test_files_are_rooms_not_halls(folder):
    long = {
        str(path.relative_to(ROOT)): count
        for path in ROOT.joinpath(folder).rglob("*")
        if path.suffix in {".py", ".sh", ""} and path.is_file() and "__pycache__" not in path.parts
        if (count := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long


def test_test_modules_have_names_of_their_own():
    """A run of all tests imports them side by side, most of them without packages."""
    shared = {"conftest.py", "__init__.py"}
    names = Counter(path.name for path in ROOT.joinpath("tests").rglob("*.py") if path.name not in shared)
    assert [name for name, count in names.items() if count > 1] == []


def test_modules_say_what_they_are():
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if (text := path.read_text().strip()) and not re.match(r'r?"""', text)
    ]
    assert not silent


# For these Kubernetes, or plain English, has a word; docs/reference/glossary.md has those of our own.
NOT_PLAIN = re.compile(
    r"\b(told|tell_back|anew|stands? for|tenant's wish|good news|last words|half[ -]deleted|"
    r"on its way out|is_going|appeared_or_gone|Doorway|thrift|reckon\w*|hopeless|patience|evidence|madeBy|"
    r"won't have it|UsageApiService)\b"
)


def test_words_are_plain():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for folder, pattern in (("vcli", "*.py"), ("docs", "*.md"))
        for path in sorted(ROOT.joinpath(folder).rglob(pattern))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := NOT_PLAIN.search(line))
    ]
    assert not found


def test_commands_in_messages_are_built_not_written():
    """``f"vcli delete {name}"`` lacks --context and --kubeconfig, and quotes: see vcli/invocation.py."""
    written = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if path.relative_to(ROOT / "vcli").parts[0] in {"commands", "operations", "kubeconfig", "portforward"}
        # The embedded host is named by --name; an installHint is read on machines with other kubeconfigs.
        and path.name not in {"host.py", "host_context.py", "host_node.py", "token.py"}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr)
        for first, second in itertools.pairwise(node.values)
        if isinstance(first, ast.Constant)
        and isinstance(second, ast.FormattedValue)
        and re.search(r"\b(vcli|kubectl|helm) [a-z]+( [a-z]+)? $", str(first.value))
    ]
    assert not written


def test_nothing_prints_below_commands():
    talking = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.relative_to(ROOT / "vcli").parts[0]
        not in {"commands", "syncer", "console", "__main__.py", "cli"}
        if re.search(r"^\s*(print\(|sys\.stdout\.write\()", path.read_text(), re.MULTILINE)
    ]
    assert not talking


def test_the_changelog_knows_this_version():
    assert f"## {vcli.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_lock_holds_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["fast"],
        *project["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[<>=\[; ]", item)[0].lower() for item in wanted}
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    assert names <= locked
    assert not re.search(r"https?://", lock), "a lock names packages, not where one machine got them"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built offline from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_carries_what_it_needs(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"vcli/py.typed", "vcli/__main__.py"} <= names
    assert {f"vcli/{path.relative_to(ROOT)}" for path in ROOT.glob("manifests/**/*.yaml")} <= names
    assert {str(path.relative_to(ROOT)) for path in ROOT.glob("vcli/host/modules/*/go.*")} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "bench/", "scripts/", ".ci"))]
    entry_points = configparser.ConfigParser()
    [file] = [name for name in names if name.endswith("entry_points.txt")]
    entry_points.read_string(zipfile.ZipFile(wheel).read(file).decode())
    assert entry_points["console_scripts"]["vcli"] == "vcli.__main__:main"


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A `vcli` program of its own environment: the wheel's files and this one's dependencies."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    site = next(home.glob("lib/python3*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    # Dependencies come from this environment, but by a path of its own: a folder on sys.path would also read
    # the .pth file that points to the checkout.
    for item in next(Path(sys.prefix).glob("lib/python3*/site-packages")).iterdir():
        if not item.name.startswith("vcli") and item.suffix != ".pth" and not (site / item.name).exists():
            (site / item.name).symlink_to(item)
    return home / "bin" / "python"


def test_the_wheel_runs(installed, tmp_path):
    done = subprocess.run(
        [installed, "-I", "-m", "vcli", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"vcli {vcli.__version__}\n", "")
    where = subprocess.run(
        [installed, "-I", "-c", "import vcli; print(vcli.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(installed.parents[1]))


def test_the_wheel_renders_the_manifests(installed, tmp_path):
    done = subprocess.run(
        [installed, "-I", "-m", "vcli", "template", "demo", "-n", "team-a"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "kind: StatefulSet" in done.stdout
