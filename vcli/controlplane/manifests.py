"""The YAML that the control plane is made of, as plain objects."""

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from vcli.errors import VcliError
from vcli.escape import in_quotes, is_plain

Object = dict[str, Any]

EXAMPLE = re.compile(r"\bdemo\b")
"""In manifests: names are made from this one."""

# libyaml where PyYAML was built with it: ten times faster.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def load(path: str) -> list[Object]:
    """The documents of a manifest, fresh: the caller may change them.

    Args:
        path: below the folder of manifests, ``control-plane/services.yaml``.
    """
    return [document for document in yaml.load_all(read(path), Loader=_Loader) if document]


def dump(objects: Sequence[Mapping[str, Any]]) -> str:
    """The documents as YAML, fit for a terminal: see `vcli.escape`."""
    text: str = yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return in_quotes(text)


def read(path: str) -> str:
    """The text of a manifest; see `load`."""
    # Inside the wheel they are vcli/manifests; an editable checkout has them beside the package.
    for root in (resources.files("vcli") / "manifests", Path(__file__).parents[2] / "manifests"):
        found = root.joinpath(*path.split("/"))
        if found.is_file():
            return found.read_text(encoding="utf-8")
    raise VcliError(f"the manifest {path} is missing from the installation", hint="reinstall vcli")


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """Without anchors, and with texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Write shared parts in full."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if not is_plain(text):
        text, style = text.encode("utf-8", "backslashreplace").decode(), '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
