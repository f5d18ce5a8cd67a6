"""What a virtual cluster fails though its host passes it, and totals."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.outcome import FAILED, NOT_RUN, PASSED, SKIPPED, Results


def only_virtual_fails(names: Sequence[str], results: Mapping[str, Results]) -> list[str]:
    """Specs that pass on the host and do not in the virtual cluster."""
    return [
        x
        for x in names
        if results["host"].state(x) == PASSED and results["virtual"].state(x) in (FAILED, SKIPPED)
    ]


def totals(names: Sequence[str], results: Results) -> dict[str, int]:
    """How many specs are in each state."""
    count = Counter(results.state(x) for x in names)
    return {x: count[x] for x in (PASSED, FAILED, SKIPPED, NOT_RUN)}


def as_json(names: Sequence[str], results: Mapping[str, Results]) -> str:
    """For programs."""
    specs: dict[str, Any] = {x: {target: of.state(x) for target, of in results.items()} for x in names}
    document = {
        "totals": {target: totals(names, of) for target, of in results.items()},
        "onlyVirtualFails": only_virtual_fails(names, results),
        "specs": specs,
    }
    return json.dumps(document, indent=2)


def as_text(names: Sequence[str], results: Mapping[str, Results]) -> str:
    """For people."""
    lines = []
    for title, found in (
        ("pass on the host and fail in the virtual cluster", only_virtual_fails(names, results)),
        ("fail on the host", [x for x in names if results["host"].state(x) == FAILED]),
    ):
        if found:
            lines.append(f"{len(found)} {title}:")
            for name in found:
                target = "virtual" if results["virtual"].state(name) in (FAILED, SKIPPED) else "host"
                outcome = results[target][name]
                why = outcome.message.strip().partition("\n")[0] if outcome else ""
                lines += [f"  {name}", f"      {why}"]
            lines.append("")
    lines.append(f"{'':<10}" + "".join(f"{x:>10}" for x in (PASSED, FAILED, SKIPPED, NOT_RUN)))
    for target, of in results.items():
        lines.append(f"{target:<10}" + "".join(f"{x:>10}" for x in totals(names, of).values()))
    return "\n".join(lines)
