"""`python -m vcli.syncer --settings FILE`."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from vcli.errors import VcliError
from vcli.syncer.engine.log import configure
from vcli.syncer.main import main


def _run() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m vcli.syncer", description="Sync a virtual cluster with its host."
    )
    parser.add_argument("--settings", type=Path, required=True, help="settings.json of the virtual cluster")
    parser.add_argument("--verbose", action="store_true", help="log what goes well, too")
    options = parser.parse_args()
    configure(logging.DEBUG if options.verbose else logging.INFO)
    try:
        asyncio.run(main(options.settings))
    except VcliError as error:
        text = f"{error.message} ({error.hint})" if error.hint else error.message
        logging.getLogger("vcli.syncer").critical(text)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_run())
