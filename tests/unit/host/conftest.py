"""What tests of the embedded host share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder for an instance: `tmp_path` may be too long for sockets below it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
