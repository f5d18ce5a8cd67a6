"""Writing the Helm chart."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from vcli._version import __version__
from vcli.config.schema import Values
from vcli.controlplane import chart as charts
from vcli.errors import ConflictError, VcliError
from vcli.operations.facts import load_bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A chart on the disk.

    Attributes:
        path: its folder.
        version: of the chart, that of vcli.
        files: paths in the folder.
    """

    path: Path
    version: str
    files: tuple[str, ...]


async def write_chart(folder: Path) -> Written:
    """Write the chart; one that is there already is replaced.

    Args:
        folder: where its Chart.yaml goes. Made if it does not exist.

    Raises:
        ConflictError: there is something else.
        VcliError: it can't be written.
    """
    bundle = await load_bundle(Values())
    if bundle is None:
        raise VcliError("the default values name an image for the syncer")
    files = charts.chart(bundle)
    try:
        await asyncio.to_thread(_write, folder, files)
    except OSError as error:
        raise VcliError(f"chart {folder} can't be written: {error.strerror}") from error
    return Written(path=folder, version=__version__, files=tuple(sorted(files)))


def _write(folder: Path, files: dict[str, bytes]) -> None:
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not _is_ours(folder))):
        raise ConflictError(
            f"{folder} exists and is no chart of vcli", hint="name another folder, or an empty one"
        )
    # Parts of an earlier version must not stay: Helm would take them for templates.
    for below in ("templates", "files"):
        shutil.rmtree(folder / below, ignore_errors=True)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _is_ours(folder: Path) -> bool:
    about = folder / "Chart.yaml"
    return about.is_file() and f"name: {charts.NAME}\n" in about.read_text(encoding="utf-8", errors="replace")
