"""Objects of the host by name in the values: what is no mapping, and what is shown twice."""

from collections.abc import Mapping

from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.contract.mappings import parse

_HINT = 'write infra/web: default/web for one, infra/*: infra/* or "": default/* for all'


def check_mappings(by_name: Mapping[str, str], keys: Keys, document: Document) -> None:
    """Complain.

    Args:
        by_name: ``mappings.byName`` of a kind or custom resource.
        keys: where that is.
        document: what it is in.

    Raises:
        UsageError: names the entry, its place and the way out.
    """
    targets: set[str] = set()
    for on_host, inside in by_name.items():
        try:
            mapping = parse(on_host, inside)
        except ValueError as error:
            raise fail(document, (*keys, on_host), f"{error}", hint=_HINT) from error
        if not mapping.is_for_all and mapping.target in targets:
            message = f"two objects of the host can't both be {mapping.target}"
            raise fail(document, (*keys, on_host), message)
        targets.add(mapping.target)
