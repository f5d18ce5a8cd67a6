"""The page of other charts' keys is what the table says."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


def test_the_page_is_that_of_the_table():
    code = "import sys, migration_reference; sys.stdout.write(migration_reference.reference())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    written = SCRIPTS.parent.joinpath("docs", "how-to", "migrate-from-vcluster.md").read_text()
    assert done.stdout == written, "run: python scripts/migration_reference.py"
