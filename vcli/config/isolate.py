"""What ``--isolate`` means: values below those that are given, which may narrow or loosen it."""

from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from vcli.config.document import Document, Keys
from vcli.config.load import Given

OPTION: Final = "--isolate"
_ON: Final[dict[str, Any]] = {"enabled": True}
_VALUES: Final[dict[str, Any]] = {
    "podSecurityStandard": "baseline",
    "resourceQuota": _ON,
    "limitRange": _ON,
    "networkPolicy": _ON,
}


def isolated(given: Given) -> Given:
    """The same values over those of an isolated virtual cluster."""
    places: dict[Keys, str] = {("policies",): OPTION, **{("policies", key): OPTION for key in _VALUES}}
    document = Document({"policies": deepcopy(_VALUES)}, places)
    return replace(given, files=(document, *given.files))
