"""The benchmark measures: how much is not asked on a machine that does something else as well."""

import json
import sys
from pathlib import Path

import pytest
from embedded import Host, run

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[2]
HANGS_AFTER = 1200
PARTS = ("create", "burst", "reading", "scale")


def test_a_few_of_everything_are_measured_and_nothing_is_left(desk: Host) -> None:
    before = desk.get("namespaces")["items"]
    done = run(
        [sys.executable, "-m", "bench", "--tiny", "--json", *PARTS],
        # HOME as it is: a first build uses the user's Go caches.
        env=desk.env | {"HOME": str(Path.home()), "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=HANGS_AFTER,
    )
    assert done.returncode in {0, 1}, done.stderr  # 1: over a budget
    rows = {row["what"]: row for row in json.loads(done.stdout)}
    assert {
        "create to first kubectl get ns",
        "3 pods at once, all Running",
        "GET through the virtual API",
        "8 pods on kwok nodes, all Running",
        "syncer restart with 8 pods: all looked at",
    } <= rows.keys()
    assert all(row["ours"] > 0 for row in rows.values())
    assert done.returncode == 0 or not all(row["held"] for row in rows.values())
    kept = {each["metadata"]["name"] for each in before}
    left = [each for each in desk.get("namespaces")["items"] if each["metadata"]["name"] not in kept]
    assert all("deletionTimestamp" in each["metadata"] for each in left)
    assert not [each for each in desk.get("nodes")["items"] if "kwok" in json.dumps(each["metadata"])]
