"""The YAML that the control plane is made of, as plain objects."""

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from vcli import yaml
from vcli.errors import VcliError
from vcli.kube.types import Object

EXAMPLE = re.compile(r"\bdemo\b")
"""In manifests: names are made from this one."""


def load(path: str) -> list[Object]:
    """The documents of a manifest, fresh: the caller may change them.

    Args:
        path: below the folder of manifests, ``control-plane/services.yaml``.
    """
    return [document for document in yaml.load_all(read(path)) if document]


def dump(objects: Sequence[Mapping[str, Any]]) -> str:
    """The documents as YAML, fit for a terminal: see `vcli.escape`."""
    return "---\n".join(yaml.dump(each, sort_keys=False, dumper=_Dumper, width=110) for each in objects)


def read(path: str) -> str:
    """The text of a manifest; see `load`."""
    # Inside the wheel they are vcli/manifests; an editable checkout has them beside the package.
    for root in (resources.files("vcli") / "manifests", Path(__file__).parents[2] / "manifests"):
        found = root.joinpath(*path.split("/"))
        if found.is_file():
            return found.read_text(encoding="utf-8")
    raise VcliError(f"the manifest {path} is missing from the installation", hint="reinstall vcli")


class _Dumper(yaml.Dumper):
    """With texts of several lines as blocks."""


def _text(dumper: Any, text: str) -> Any:
    return yaml.represent(dumper, text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
