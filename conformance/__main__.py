"""``python -m conformance``: run Kubernetes' conformance suite, and report what only a virtual cluster fails.

Results are kept: a spec that passed is not run again, so an interrupted run goes on where it was.
"""

import argparse
import hashlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from conformance import clusters
from conformance.keeper import Keeper
from conformance.outcome import FAILED, PASSED, Results
from conformance.runner import Runner, Suite
from conformance.specs import Spec, listed, select
from conformance.verdict import as_json, as_text
from lab.build import build
from vcli.errors import VcliError

FOLDER = Path(__file__).parent
_INTERRUPTED = 130


def say(line: str) -> None:
    """Chatter: stdout is for the verdict."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Run what was asked for; 1 when the virtual cluster fails what the host passes, 130 when interrupted."""
    options = _options()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(options)
    except VcliError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        return _INTERRUPTED


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/conformance", description=__doc__)
    parser.add_argument("--target", choices=["host", "virtual", "both"], default="both")
    parser.add_argument("--serial", action="store_true", help="the specs that run alone or take long")
    parser.add_argument("--quick", action="store_true", help="only the specs in conformance/quick.txt")
    parser.add_argument("--focus", metavar="REGEX", help="only specs whose name matches")
    parser.add_argument(
        "--spec", metavar="NAME", help="only specs whose name contains this, even if they passed"
    )
    parser.add_argument("--procs", type=int, default=4, help="specs at once, without --serial (default: 4)")
    parser.add_argument("--fresh", action="store_true", help="also those that passed before")
    parser.add_argument(
        "--host", metavar="NAME", default="conformance", help="embedded host (default: %(default)s)"
    )
    parser.add_argument(
        "--nodes", type=int, default=3, help="of the host; some specs want two (default: %(default)s)"
    )
    parser.add_argument(
        "--cluster",
        metavar="NAME",
        default="conformance",
        help="virtual cluster, and its namespace on the host",
    )
    parser.add_argument(
        "--results",
        metavar="FOLDER",
        type=Path,
        default=FOLDER / "results",
        help="default: conformance/results",
    )
    parser.add_argument("--list", action="store_true", help="print the specs and their results, and run none")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> int:
    targets = ["host", "virtual"] if options.target == "both" else [options.target]
    host = clusters.host(options.host, nodes=options.nodes, say=say)
    suite = Suite(program=build(["e2e"], say)["e2e.test"], kubectl=host.kubectl)
    folder: Path = options.results.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    specs = select(
        suite.specs(),
        alone=options.serial,
        focus=options.focus,
        name=options.spec,
        only=listed((FOLDER / "quick.txt").read_text()) if options.quick else None,
    )
    if not specs:
        raise VcliError("no spec is like that")
    results = {x: Results(folder / f"{x}.json") for x in ("host", "virtual")}
    for target in targets if not options.list else ():
        if options.fresh:
            results[target].forget(x.name for x in specs)
        due = _due(specs, results[target], again=options.spec is not None)
        if not due:
            continue
        where = host.kubeconfig if target == "host" else clusters.virtual(host, options.cluster, folder, say)
        say(f"{target}: {len(due)} of {len(specs)} specs to run")
        keeper = Keeper(target, results[target], folder / "logs" / target, len(due), say)
        runner = Runner(suite, where, keeper.keep)
        runner.run(due, 1 if options.serial else options.procs)
    show = as_json if options.json else as_text
    print(show([x.name for x in specs], results))
    return int(any(results["virtual"].state(x.name) == FAILED for x in specs) and "virtual" in targets)


def _due(specs: Sequence[Spec], results: Results, *, again: bool) -> list[str]:
    """What has not passed, first what never ran; neighbours take equally long, so they are parted."""
    names = [x.name for x in specs if again or results.state(x.name) != PASSED]
    return sorted(names, key=lambda x: (results.state(x) == FAILED, hashlib.sha256(x.encode()).digest()))


if __name__ == "__main__":
    sys.exit(main())
