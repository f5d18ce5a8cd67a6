"""What docs/reference/contract.md promises, for tests."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "contract.md").read_text(encoding="utf-8")

ERRORS: dict[str, int | None] = {
    name: int(code) if code.isdigit() else None
    for name, code in re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", TEXT, re.MULTILINE)
}
"""The ``code`` of each error, and its exit code; None for 128 + n."""

EXIT_CODES = {
    int(code) for codes in re.findall(r"^\| ([\d, ]+) \|", TEXT, re.MULTILINE) for code in codes.split(",")
} | {130}
"""The exit codes that have a number."""
