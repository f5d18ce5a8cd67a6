"""Run the tests marked ``skew`` where host and virtual clusters are of different versions of Kubernetes.

``python tests/skew.py [HOST/VIRTUAL ...] [ARGS]``: pairs of versions, as in ``1.33/1.36``; ARGS go to pytest.
Without pairs: a host of each version with virtual clusters of the default one, then a host of the default
version with virtual clusters of each. One host at a time; at the end a table. Exit code 1 if a test failed.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vcli.errors import UsageError
from vcli.host.versions import KUBERNETES, KUBERNETES_RELEASES, release

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "tests/e2e"
COUNTED = ("passed", "failed", "error", "flaky", "skipped")
HEAD = ("HOST", "VIRTUAL", "PASSED", "FAILED", "FLAKY", "SKIPPED", "SECONDS")
_PAIR = re.compile(r"v?1\.[0-9.]+/v?1\.[0-9.]+")

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one run of pytest.

    Attributes:
        counts: how many tests of each of `COUNTED`; None when pytest did not get so far as to say.
    """

    pair: Pair
    counts: dict[str, int] | None
    seconds: float

    @property
    def failed(self) -> int:
        """How many tests failed, or could not be set up."""
        return self.counts["failed"] + self.counts["error"] if self.counts else 1


def chosen(arguments: Sequence[str]) -> tuple[list[Pair], list[str]]:
    """The pairs of versions that the arguments name, or all; and the rest, for pytest.

    Raises:
        UsageError: there is no such version.
    """
    named = [x for x in arguments if _PAIR.fullmatch(x)]
    rest = [x for x in arguments if x not in named]
    pairs = [(release(host), release(virtual)) for host, _, virtual in (x.partition("/") for x in named)]
    return pairs or list(usual()), rest


def usual() -> Iterator[Pair]:
    """Each version as the host's, with the default one inside, and the other way round."""
    for version in KUBERNETES_RELEASES:
        yield version, KUBERNETES
    for version in KUBERNETES_RELEASES:
        if version != KUBERNETES:
            yield KUBERNETES, version


def counts(line: str) -> dict[str, int] | None:
    """The numbers in pytest's last line, ``1 failed, 60 passed in 300.12s (0:05:00)``; None if it is none."""
    if not re.search(r" in [0-9.]+s", line):
        return None
    found = {word: int(number) for number, word in re.findall(r"([0-9]+) ([a-z]+)", line)}
    return {x: found.get(x, found.get(f"{x}s", 0)) for x in COUNTED}


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes, a line each."""
    rows = [HEAD]
    for each in outcomes:
        got = each.counts or {}
        failed = str(each.failed) if each.counts else "no result"
        numbers = [str(got.get(x, "-")) for x in ("passed", "flaky", "skipped")]
        rows.append((*each.pair, numbers[0], failed, *numbers[1:], f"{each.seconds:.0f}"))
    widths = [max(len(row[x]) for row in rows) for x in range(len(HEAD))]
    return "\n".join(
        "  ".join(y.ljust(width) for y, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def run(pair: Pair, arguments: Sequence[str]) -> Outcome:
    """One run of pytest, which boots and removes its host; shows what it prints."""
    host, virtual = pair
    print(f"\n==> host {host}, virtual clusters {virtual}", flush=True)
    begun = time.monotonic()
    env = os.environ | {"VCLI_E2E_HOST_KUBERNETES": host, "VCLI_E2E_VIRTUAL_KUBERNETES": virtual}
    where = [] if any(x.startswith(FOLDER) for x in arguments) else [FOLDER]
    argv = [sys.executable, "-m", "pytest", "-m", "skew", *where, *arguments]
    last = b""
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, bufsize=0) as process:
        # Not by lines: a dot a test is all that shows how far it is.
        while process.stdout and (chunk := process.stdout.read(1 << 16)):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            last = (last + chunk)[-1000:]
    lines = last.decode(errors="replace").rstrip().splitlines()
    return Outcome(pair=pair, counts=counts(lines[-1]) if lines else None, seconds=time.monotonic() - begun)


def main(arguments: Sequence[str]) -> int:
    """Build what is missing, then run all pairs."""
    try:
        pairs, rest = chosen(arguments)
    except UsageError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
        return 2
    for version in sorted({host for host, _ in pairs}):
        build = [sys.executable, "-m", "vcli", "host", "build", "--kubernetes", version]
        subprocess.run(build, check=True)
    outcomes = [run(pair, rest) for pair in pairs]
    print(f"\n{table(outcomes)}")
    return int(any(x.failed for x in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
