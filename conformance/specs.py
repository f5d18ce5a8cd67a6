"""Which specs there are, and which of them to run."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A test of the suite.

    Attributes:
        name: its full text, which nothing else in the suite has.
        labels: as ``Conformance``, ``Serial``, ``sig-node``.
    """

    name: str
    labels: frozenset[str]

    @property
    def alone(self) -> bool:
        """Whether it disturbs others, or takes many minutes."""
        return bool(self.labels & {"Serial", "Slow"})

    @property
    def sig(self) -> str:
        """The group that owns it."""
        return next((x for x in sorted(self.labels) if x.startswith("sig-")), "")


def full_name(report: Mapping[str, Any]) -> str:
    """The full text of the spec that a report of Ginkgo's is about; empty for set-up and tear-down."""
    if report["LeafNodeType"] != "It":
        return ""
    return " ".join(x for x in (*(report["ContainerHierarchyTexts"] or ()), report["LeafNodeText"]) if x)


def conformance(suites: Iterable[Mapping[str, Any]]) -> list[Spec]:
    """The conformance specs in Ginkgo's JSON report of a dry run."""
    found = {}
    for suite in suites:
        for report in suite["SpecReports"] or ():
            nested = report["ContainerHierarchyLabels"] or ()
            labels = {*(report["LeafNodeLabels"] or ()), *(x for group in nested for x in group or ())}
            if (name := full_name(report)) and "Conformance" in labels:
                found[name] = Spec(name=name, labels=frozenset(labels))
    return [found[x] for x in sorted(found)]


def select(
    specs: Iterable[Spec],
    *,
    alone: bool = False,
    focus: str | None = None,
    name: str | None = None,
    only: Collection[str] | None = None,
) -> list[Spec]:
    """Those to run.

    Args:
        specs: to choose from.
        alone: those that have to run alone, or take long; otherwise the others.
        focus: a regular expression that the name contains.
        name: a part of the name; chooses among all specs, alone or not.
        only: full names.
    """
    chosen = [
        x for x in specs if (name is not None and name in x.name) or (name is None and x.alone == alone)
    ]
    if focus is not None:
        chosen = [x for x in chosen if re.search(focus, x.name)]
    return [x for x in chosen if only is None or x.name in only]


def listed(text: str) -> list[str]:
    """The names in a file with one a line, and comments."""
    return [x.strip() for x in text.splitlines() if x.strip() and not x.startswith("#")]


def focus_on(names: Iterable[str]) -> str:
    """A regular expression for Ginkgo that just these specs match."""
    return "(?: |^)(?:" + "|".join(re.escape(x) for x in names) + ")$"
