"""An image of the running interpreter with ``vcli``, what the syncer needs, and installed extras."""

import importlib.metadata
import importlib.util
import marshal
import re
import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from vcli.errors import VcliError
from vcli.host import python_image
from vcli.host.oci import Image, tree

REQUIRED = ("h11", "wsproto")
EXTRAS = ("httptools", "msgspec")
ENTRYPOINT = ("python", "-m", "vcli.syncer")

_UNCHECKED_HASH = 0b01
# The last version without back references: those follow reference counts, and differ from run to run.
_MARSHAL = 2


def image(name: str, busybox: Path | None = None) -> Image:
    """The image's description.

    Args:
        name: full reference that the image gets.
        busybox: put in as a shell, for `kubectl exec`, when given.

    Raises:
        VcliError: a package that the syncer needs is not installed.
    """
    files, links = python_image.interpreter()
    site = f"{python_image.PREFIX}/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    package = Path(__file__).parents[1]
    own, _ = tree(package, f"{site}/vcli", skip=("__pycache__", "host/modules"))
    packaged = dict(own)
    for distribution in distributions(REQUIRED, EXTRAS):
        packaged |= _files(distribution, site)
    libraries = [x for path, x in packaged.items() if isinstance(x, Path) and ".so" in Path(path).name]
    if libraries:
        base = Path(sys.base_prefix).resolve()
        files = {**python_image.shared_libraries(libraries, base), **files}
    files |= packaged
    files |= bytecode(files)
    if busybox:
        files["/bin/busybox"] = busybox
        links |= python_image.applets(busybox)
    return Image(
        names=[name],
        files=files,
        links=links,
        entrypoint=ENTRYPOINT,
        env={"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
    )


def distributions(required: Iterable[str], optional: Iterable[str]) -> list[importlib.metadata.Distribution]:
    """These and all that they need, as installed here; of the optional ones those that are.

    Raises:
        VcliError: a required one is not installed.
    """
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [(x, True) for x in required] + [(x, False) for x in optional]
    while waiting:
        name, needed = waiting.pop()
        name = re.sub(r"[-_.]+", "-", name).lower()
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError as error:
            if needed:
                raise VcliError(f"the package {name} is not installed", hint="reinstall vcli") from error
            continue
        for requirement in found[name].requires or ():
            # One with a condition that does not hold here is not installed either, or does no harm.
            what, _, condition = requirement.partition(";")
            if "extra" not in condition:
                waiting.append((re.split(r"[^\w.-]", what.strip(), maxsplit=1)[0], not condition))
    return [found[x] for x in sorted(found)]


def bytecode(files: Mapping[str, Path | bytes]) -> dict[str, bytes]:
    """Compiled modules to lie beside these sources, taken unchecked (PEP 552): containers start faster."""
    compiled = {}
    for path, source in files.items():
        if path.endswith(".py"):
            text = source.read_bytes() if isinstance(source, Path) else source
            try:
                code = compile(text, path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue  # templates and the like
            header = importlib.util.MAGIC_NUMBER + struct.pack("<L", _UNCHECKED_HASH)
            content = header + importlib.util.source_hash(text) + marshal.dumps(code, _MARSHAL)
            compiled[importlib.util.cache_from_source(path)] = content
    return compiled


def _files(distribution: importlib.metadata.Distribution, site: str) -> dict[str, Path | bytes]:
    files: dict[str, Path | bytes] = {}
    for item in distribution.files or ():
        # Scripts lie outside of site-packages; bytecode is compiled again.
        if not str(item).startswith("..") and item.suffix != ".pyc":
            path = Path(str(item.locate()))
            if path.is_file():
                files[f"{site}/{item}"] = path
    return files
