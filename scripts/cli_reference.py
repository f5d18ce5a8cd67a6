"""Write docs/reference/cli.md from the program's own help. A test checks that it was done."""

import contextlib
import io
import os
import re
import sys
from pathlib import Path

from vcli.cli.app import COMMANDS
from vcli.cli.run import run_cli

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cli.md"
HEAD = """# Commands

Written by `python scripts/cli_reference.py` from `--help`; do not edit. See
[what scripts can rely on](contract.md) for the common options, exit codes and output formats.
"""


def help_of(*names: str) -> str:
    """What `vcli NAMES --help` prints."""
    os.environ["COLUMNS"] = "80"
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run_cli([*names, "--help"])
    if code:
        sys.exit(f"vcli {' '.join(names)} --help: exit code {code}")
    return out.getvalue()


def section(*names: str) -> str:
    """A command, and those below it, as Markdown."""
    text = help_of(*names)
    # The common options are the same everywhere; the program's own help shows them once.
    shown = re.sub(r"\n*Common options:\n(?:  .*\n?)+", "\n", text) if names else text
    title = f"{'#' * (1 + max(1, len(names)))} vcli {' '.join(names)}".rstrip()
    parts = [f"\n{title}\n\n```text\n{shown.strip()}\n```\n"]
    if below := re.search(r"^Commands:\n((?:  .*\n)+)", text, re.MULTILINE):
        parts += [section(*names, name) for name in re.findall(r"^  (\S+)", below[1], re.MULTILINE)]
    return "".join(parts)


def reference() -> str:
    """The whole document."""
    names = [name for name, entry in COMMANDS.items() if entry.is_listed]
    return HEAD + section() + "".join(section(name) for name in names)


if __name__ == "__main__":
    TARGET.write_text(reference())
