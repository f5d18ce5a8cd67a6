"""LabelSelectors in the values; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and required make fields

from dataclasses import dataclass
from typing import Literal

from vcli.config.fields import doc, required

LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A condition on a label."""

    key: str = required("Key of the label.", pattern=LABEL_KEY, form="a label key, such as example.com/tier")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = required("What the label has to be.")
    values: tuple[str, ...] = doc((), "Values of the label, for In and NotIn.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Only objects of the host with such labels, as a LabelSelector; all if it is empty."""

    match_labels: dict[str, str] = doc({}, "Labels that an object must have, all of them.")
    match_expressions: tuple[Requirement, ...] = doc((), "Conditions on its labels, all to be met.")
