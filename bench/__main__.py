"""``python -m bench``: measure, and print each figure beside the direct one and its budget.

Needs a host (``vcli host up``), and a virtual cluster for the start-up figures (``--cluster``).
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from bench import create, startup
from bench.measure import Row


def main() -> int:
    """Run what was asked for; 1 when a budget does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["startup", "create", "all"], default="all")
    parser.add_argument("--cluster", default="demo", help="a running virtual cluster (default: demo)")
    parser.add_argument("--runs", type=int, default=5, help="of each command (default: 5)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()

    def rows() -> Iterator[Row]:
        if options.what in ("startup", "all"):
            yield from startup.rows(options.cluster, runs=options.runs)
        if options.what in ("create", "all"):
            yield from create.rows(runs=max(1, options.runs // 2))

    measured = list(rows())
    if options.json:
        print(
            json.dumps([{**asdict(row), "ratio": row.ratio, "held": row.held} for row in measured], indent=2)
        )
    else:
        print(f"{'what':<34} {'ours':>8} {'direct':>8} {'ratio':>6} {'budget':>6}  direct is")
        for row in measured:
            mark = "" if row.held else "  OVER"
            print(
                f"{row.what:<34} {row.ours:7.3f}s {row.direct:7.3f}s {row.ratio:6.2f} {row.budget:6.1f}"
                f"  {row.direct_is}{mark}"
            )
    return 0 if all(row.held for row in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
