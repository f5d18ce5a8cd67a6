"""Write a CycloneDX SBOM of the wheel to stdout, from pyproject.toml and requirements.lock alone.

What is installed with vcli is `required`, or `optional` with an extra; what only its development takes is
`excluded`. The same sources give the same bytes.

    python scripts/sbom.py > vcli.cdx.json
"""

import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"([a-z0-9._-]+)==([^ ;\\]+)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def locked(text: str) -> dict[str, tuple[str, set[str]]]:
    """Version of each package of the lock, and who asked for it; ``vcli`` for the project itself."""
    found: dict[str, tuple[str, set[str]]] = {}
    current: set[str] = set()
    for line in text.splitlines():
        if pin := _PIN.match(line):
            current = set()
            found[pin[1]] = (pin[2], current)
        elif (comment := re.match(r"\s+#(?: via)?\s+(\S.*)", line)) and comment[1] != "via":
            current.add(comment[1].split(" ")[0])
    return found


def _names(requirements: Iterable[str]) -> set[str]:
    matches = (_NAME.match(each) for each in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in matches if match}


def _closure(roots: set[str], uses: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [*roots]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += uses.get(name, ())
    return found


def sbom(project: Mapping[str, Any], lock: str, version: str) -> dict[str, Any]:
    """The document.

    Args:
        project: pyproject.toml.
        lock: text of requirements.lock.
        version: of vcli.
    """
    packages = locked(lock)
    uses: dict[str, set[str]] = {}
    for name, (_, users) in packages.items():
        for user in users:
            uses.setdefault(user, set()).add(name)
    about = project["project"]
    required = _closure(_names(about["dependencies"]), uses)
    extras = _names(each for some in about["optional-dependencies"].values() for each in some)
    optional = _closure(extras, uses) - required
    refs = {name: f"pkg:pypi/{name}@{found}" for name, (found, _) in packages.items()}
    own = f"pkg:pypi/vcli@{version}"
    components = [
        {
            "type": "library",
            "bom-ref": refs[name],
            "name": name,
            "version": packages[name][0],
            "purl": refs[name],
            "scope": "required" if name in required else "optional" if name in optional else "excluded",
        }
        for name in sorted(packages)
    ]
    direct = sorted(refs[name] for name in _names(about["dependencies"]) | extras)
    graph = [{"ref": own, "dependsOn": direct}] + [
        {"ref": refs[name], "dependsOn": sorted(refs[each] for each in uses.get(name, ()))}
        for name in sorted(packages)
    ]
    body: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "vcli",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": about["license"]}}],
            }
        },
        "components": components,
        "dependencies": graph,
    }
    content = json.dumps(body, sort_keys=True)
    return {**body, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"}


def main() -> None:
    """Read what the checkout has, and print."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    source = (ROOT / "vcli" / "_version.py").read_text()
    version = re.search(r'__version__ = "([^"]+)"', source)
    if version is None:
        sys.exit("vcli/_version.py has no version")
    document = sbom(project, (ROOT / "requirements.lock").read_text(), version[1])
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
