"""A schema with maps and lists of sections, of the tests' own."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from vcli.config import Image, document, setting
from vcli.config.document import Document
from vcli.config.fields import doc, required, section
from vcli.config.parse import build
from vcli.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A change of one field."""

    path: str = required("Path of the field.", pattern=r"^[a-z.]+$")
    expression: str = doc("", "What it becomes.")
    labels: dict[str, str] = doc({}, "Labels.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """A custom resource."""

    enabled: bool | Literal["auto"] = doc(True, "Sync them.")
    patches: tuple[Patch, ...] = doc((), "Changes on the way.")
    image: Image = field(default_factory=lambda: Image(registry="ghcr.io", repository="me/it"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToHost:
    """From the virtual cluster."""

    custom_resources: dict[str, Custom] = doc(
        {}, "By plural.group.", keys=r"^[a-z]+(\.[-a-z0-9]+)+$", form="a plural with its group"
    )
    names: tuple[str, ...] = doc((), "Names.")
    args: tuple[dict[str, Any], ...] = doc((), "Anything.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is synced."""

    to_host: ToHost = section(ToHost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """All values."""

    own: Own = section(Own)


CERTIFICATES = "certificates.cert-manager.io"
CERTIFICATES_PATH = f"own.toHost.customResources.{CERTIFICATES}"
YAML = f"""\
own:
  toHost:
    customResources:
      {CERTIFICATES}:
        enabled: false
        patches:
          - path: spec.name
            expression: x
          - path: spec.other
      issuers.cert-manager.io: {{}}
"""


ESCAPED = CERTIFICATES.replace(".", r"\.")
SET = rf"own.toHost.customResources.{ESCAPED}"


def parsed(text: str, *sets: str, name: str = "values.yaml") -> Root:
    whole = Document()
    whole.merge(document.parse(text, name))
    for each in sets:
        whole.merge(setting.parse(each, below=whole.data))
    return build(Root, whole)


def complaint(text: str, *sets: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parsed(text, *sets)
    return caught.value
