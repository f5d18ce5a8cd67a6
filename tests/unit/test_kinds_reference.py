"""The reference of kinds is what the catalog says."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def test_the_reference_is_what_the_catalog_says():
    code = "import sys, kinds_reference; sys.stdout.write(kinds_reference.reference())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    written = SCRIPTS.parent.joinpath("docs", "reference", "synced-kinds.md").read_text()
    assert done.stdout == written, "run: python scripts/kinds_reference.py"
