"""Requests to the host in a while, by the audit log of an embedded host."""

import datetime as dt
import json
from collections import Counter
from pathlib import Path

from bench.measure import run

Asked = Counter[tuple[str, str, int]]
"""How often, by verb, resource and the code of the answer."""


def log_of_host() -> Path:
    """The audit log of the host that is the current context.

    Raises:
        SystemExit: it writes none, and says what helps.
    """
    context = run("kubectl", "config", "current-context").strip()
    found = json.loads(run("vcli", "host", "status", "--name", context, "--output", "json")).get("auditLog")
    if found is None:
        raise SystemExit(
            f"host {context} writes no audit log, by which requests are counted: boot one with "
            "vcli host up --audit"
        )
    return Path(found)


def asked(log: Path, *, user: str, since: dt.datetime, until: dt.datetime) -> Asked:
    """What one user has asked for, of requests that came between two moments.

    Args:
        log: what is written now; older parts lie beside it.
        user: as the log has it.
        since: the first moment.
        until: the last one.
    """
    counted: Asked = Counter()
    for path in log.parent.glob(f"{log.stem}*{log.suffix}"):
        for line in path.read_text().splitlines():
            if user not in line:  # most lines are of others
                continue
            event = json.loads(line)
            received = dt.datetime.fromisoformat(event["requestReceivedTimestamp"])
            is_first = event["stage"] == "ResponseStarted" or event["verb"] != "watch"
            if event["user"]["username"] == user and since <= received <= until and is_first:
                code = event.get("responseStatus", {}).get("code", 0)
                resource = event.get("objectRef", {}).get("resource", "")
                counted[event["verb"], resource, code] += 1
    return counted
