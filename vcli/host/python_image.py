"""An image of the running interpreter, laid out as ``python:3.N-slim`` is: everything below /usr/local."""

import platform
import shutil
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from vcli.host.oci import Image, tree

PREFIX = "/usr/local"
# Not for running programs: tests, the editor, what installs packages.
_SKIP = (
    "test",
    "tests",
    "idlelib",
    "turtledemo",
    "ensurepip",
    "__pycache__",
    "site-packages",
    "dist-packages",
    "tkinter",
)
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")


def reference() -> str:
    """The public name of the image with this minor version."""
    return f"docker.io/library/python:{sys.version_info.major}.{sys.version_info.minor}-slim"


def fingerprint() -> str:
    """Changes with the interpreter."""
    executable = Path(sys.executable).resolve()
    about = executable.stat()
    return (
        f"{executable} {about.st_size} {about.st_mtime_ns} {platform.python_version()} {platform.libc_ver()}"
    )


def image(busybox: Path | None) -> Image:
    """The interpreter, its standard library and what both link; a shell when busybox is given."""
    files, links = interpreter()
    if busybox:
        files["/bin/busybox"] = busybox
        links |= applets(busybox)
    return Image(names=[reference()], files=files, links=links, command=["python3"], env={"LANG": "C.UTF-8"})


def interpreter() -> tuple[dict[str, Path | bytes], dict[str, str]]:
    """Files and links of the running interpreter as they lie in the image."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    base = Path(sys.base_prefix).resolve()
    files: dict[str, Path | bytes] = {f"{PREFIX}/bin/python{minor}": executable}
    links = {f"{PREFIX}/bin/python3": f"python{minor}", f"{PREFIX}/bin/python": "python3"}
    for kind in ("stdlib", "platstdlib"):
        folder = Path(sysconfig.get_path(kind, vars={"base": str(base), "platbase": str(base)})).resolve()
        more_files, more_links = tree(
            folder, f"{PREFIX}/{folder.relative_to(base)}", skip=(*_SKIP, f"config-{minor}")
        )
        files |= {k: v for k, v in more_files.items() if not k.endswith((".a", ".o"))}
        links |= more_links
    extensions = [x for x in files.values() if isinstance(x, Path) and ".so" in x.name]
    openssl = shutil.which("openssl")
    if openssl:  # which python:slim has, because of its certificates
        files["/usr/bin/openssl"] = program = Path(openssl).resolve()
        extensions.append(program)
    files |= shared_libraries([executable, *extensions], base)
    if _CERTIFICATES.is_file():
        files[str(_CERTIFICATES)] = _CERTIFICATES
        looked_for = ssl.get_default_verify_paths().openssl_cafile
        if looked_for != str(_CERTIFICATES):
            links[looked_for] = str(_CERTIFICATES)
    files |= accounts()
    return files, links


def shared_libraries(programs: Iterable[Path], base: Path) -> dict[str, Path]:
    """Every library that these need, where the loader of the image finds it.

    Libraries outside the loader's own folders and outside the interpreter's are laid beside libc.
    """
    listed = subprocess.run(
        ["ldd", *map(str, programs)],
        check=False,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    ).stdout
    found: dict[str, Path] = {}
    for line in listed.splitlines():
        words = line.split()
        if "=>" in words and len(words) > 2 and words[2].startswith("/"):  # noqa: PLR2004
            found[words[0]] = Path(words[2])
        elif words and words[0].startswith("/") and not words[0].endswith(":"):
            found[words[0]] = Path(words[0])
    home = next(
        (path.parent for name, path in found.items() if name.startswith(("libc.so", "libc.musl"))),
        Path("/lib"),
    )
    laid: dict[str, Path] = {}
    for name, path in found.items():
        if str(path).startswith(tuple(f"{x}/" for x in _SYSTEM)):
            laid[str(path)] = path.resolve()
        elif path.resolve().is_relative_to(base):
            laid[f"{PREFIX}/{path.resolve().parent.relative_to(base)}/{path.name}"] = path.resolve()
            laid[f"{home}/{Path(name).name}"] = path.resolve()
        else:
            laid[f"{home}/{Path(name).name}"] = path.resolve()
    return laid


def accounts() -> dict[str, Path | bytes]:
    """Users and groups that programs look up, and how to look up hosts."""
    return {
        "/etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n"
        b"nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
        "/etc/group": b"root:x:0:\nnogroup:x:65534:\n",
        "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files dns\n",
    }


def applets(busybox: Path) -> dict[str, str]:
    """A link in /bin for each program that this busybox can be."""
    names = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    return {f"/bin/{x}": "busybox" for x in names if x != "busybox"}
