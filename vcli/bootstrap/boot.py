"""Start a module of the syncer's bundle: ``python -S boot.py vcli.syncer ARGUMENTS``.

This file lies in the bundle's ConfigMaps as it is, beside the parts of the archive: a zip whose members are
stored as they are, compressed as one. It is unpacked at each start, in a few hundredths of a second.
"""

import lzma
import os
import runpy
import sys
from pathlib import Path

PARTS = "vcli.zip.xz.*"
ARCHIVE = Path("/tmp/vcli.zip")  # noqa: S108  the pod's own, in memory


def main() -> None:
    """Unpack, and become the module."""
    here = Path(__file__).parent
    packed = b"".join(part.read_bytes() for part in sorted(here.glob(PARTS)))
    ARCHIVE.write_bytes(lzma.decompress(packed))
    sys.path[0] = os.environ["PYTHONPATH"] = str(ARCHIVE)
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
