"""What was found, as data, as text for people, and as JUnit XML for CI."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from vcli.errors import NotReadyError, VcliError
from vcli.escape import visible
from vcli.operations.verify.model import Finding, Profile, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings about one virtual cluster.

    Attributes:
        name: of the virtual cluster.
        namespace: of the host.
        profile: that it was judged by.
        findings: one for each attempt.
        seconds: that it took.
    """

    name: str
    namespace: str
    profile: Profile
    findings: Sequence[Finding]
    seconds: float

    def counted(self) -> Mapping[Verdict, int]:
        """How many findings there are of each verdict."""
        counts = Counter(each.verdict for each in self.findings)
        return {verdict: counts[verdict] for verdict in Verdict}

    @property
    def error(self) -> VcliError | None:
        """What is wrong: something got through that the profile closes, or something could not be judged."""
        where = f"virtual cluster {self.name!r} in namespace {self.namespace!r}"
        if names := self._names(Verdict.THROUGH):
            return VcliError(
                f"{where} lets through what the profile {self.profile!r} closes: {names}",
                hint="docs/how-to/check-isolation.md says what each part of the policies closes",
            )
        if names := self._names(Verdict.UNKNOWN):
            return NotReadyError(
                f"{where} is not judged whole, these could not be tried: {names}",
                hint="the column OBSERVED says why; try again when that is mended",
            )
        return None

    def _names(self, verdict: Verdict) -> str:
        return ", ".join(each.attempt.name for each in self.findings if each.verdict is verdict)

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "namespace": self.namespace,
            "profile": self.profile,
            "seconds": round(self.seconds, 1),
            "counts": {_key(verdict): count for verdict, count in self.counted().items()},
            "attempts": [
                {
                    "name": each.attempt.name,
                    "group": each.attempt.group,
                    "title": each.attempt.title,
                    "closedBy": each.attempt.closed_by.value,
                    "expected": "closed" if each.closed else "open",
                    "observed": each.observed.text,
                    "verdict": _key(each.verdict),
                }
                for each in self.findings
            ],
        }

    def summary(self) -> str:
        """One line."""
        counts = self.counted()
        said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        return f"{len(self.findings)} attempts by the profile {self.profile!r}: {said}"

    def junit(self) -> str:
        """JUnit XML: what got through is a failure, what could not be judged an error."""
        counts = self.counted()
        suite = ET.Element(
            "testsuite",
            name=f"verify {self.namespace}/{self.name} ({self.profile})",
            tests=str(len(self.findings)),
            failures=str(counts[Verdict.THROUGH]),
            errors=str(counts[Verdict.UNKNOWN]),
            skipped=str(counts[Verdict.SKIPPED]),
            time=f"{self.seconds:.1f}",
        )
        for each in self.findings:
            name, text = f"{each.attempt.name}: {each.attempt.title}", _xml(each.observed.text)
            case = ET.SubElement(suite, "testcase", classname=f"verify.{each.attempt.group}", name=name)
            match each.verdict:
                case Verdict.THROUGH:
                    ET.SubElement(case, "failure", message=text)
                case Verdict.UNKNOWN:
                    ET.SubElement(case, "error", message=text)
                case Verdict.SKIPPED:
                    ET.SubElement(case, "skipped", message=text)
                case verdict:
                    ET.SubElement(case, "system-out").text = f"{verdict}: {text}"
        ET.indent(suite)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _key(verdict: Verdict) -> str:
    """As JSON has it."""
    return "gotThrough" if verdict is Verdict.THROUGH else verdict.value


def _xml(text: str) -> str:
    """What others have written, without characters that XML does not know."""
    return "".join(each if each.isprintable() else " " for each in visible(text))
