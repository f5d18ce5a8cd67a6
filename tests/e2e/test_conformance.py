"""A part of Kubernetes' own conformance suite, run inside a virtual cluster."""

import json
import sys
from pathlib import Path

from embedded import Host, run

ROOT = Path(__file__).parents[2]
HANGS_AFTER = 2400


def test_a_virtual_cluster_passes_the_chosen_conformance_specs(host: Host, tmp_path: Path) -> None:
    """On failure pytest shows which spec failed and why."""
    argv = [sys.executable, "-m", "conformance", "--quick", "--target", "virtual", "--json"]
    try:
        done = run(
            [*argv, "--host", host.name, "--nodes", "1", "--cluster", "quick", "--results", str(tmp_path)],
            # HOME as it is: a first build uses the user's Go caches.
            env=host.env | {"HOME": str(Path.home()), "PYTHONPATH": str(ROOT)},
            timeout=HANGS_AFTER,
        )
    finally:
        host.vcli(
            "delete", "quick", "--namespace", "quick", "--ignore-not-found", "--delete-namespace", check=False
        )
    totals = json.loads(done.stdout)["totals"]["virtual"]
    assert totals["passed"] > 0
    assert totals["failed"] + totals["skipped"] + totals["not run"] == 0, done.stderr
