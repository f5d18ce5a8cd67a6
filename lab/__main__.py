"""``python -m lab``: build programs of the lab, or put its images into an embedded host."""

import argparse
import sys
from collections.abc import Sequence

from lab import images
from lab.build import build
from lab.products import PRODUCTS
from vcli.errors import VcliError
from vcli.host.binaries import Say


def main() -> int:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    building = verbs.add_parser("build", help="build programs into the cache, and print their paths")
    names = [x.name for x in PRODUCTS]
    building.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (default: all)")
    loading = verbs.add_parser("load", help="put the stand-ins for images of tests into a host")
    loading.add_argument("host", metavar="HOST", help="name of an embedded host that is up")
    options = parser.parse_args()

    last = ""

    def say(line: str) -> None:
        nonlocal last
        if line != last:
            print(line, file=sys.stderr)
        last = line

    try:
        if options.verb == "build":
            _build(options.names, parser, say)
        else:
            images.load(options.host, say)
    except VcliError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _build(wanted: Sequence[str], parser: argparse.ArgumentParser, say: Say) -> None:
    if unknown := set(wanted) - {x.name for x in PRODUCTS}:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for path in build(wanted, say).values():
        print(path)


if __name__ == "__main__":
    sys.exit(main())
