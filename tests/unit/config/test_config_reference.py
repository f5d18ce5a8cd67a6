"""The reference of values in the docs is that of the schema."""

import subprocess
import sys
from pathlib import Path

import vcli


def test_the_reference_is_that_of_the_schema():
    root = Path(vcli.__file__).parents[1]
    code = "import sys, values_reference; sys.stdout.write(values_reference.reference())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root / "scripts", capture_output=True, text=True, check=True
    )
    written = (root / "docs" / "reference" / "values.md").read_text()
    assert done.stdout == written, "run: python scripts/values_reference.py"
