"""Objects of the host by name in the values; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc makes fields

from dataclasses import dataclass

from vcli.config.fields import doc


@dataclass(frozen=True, slots=True, kw_only=True)
class Mappings:
    """Which objects in namespaces of the host are shown, and under which names."""

    by_name: dict[str, str] = doc(
        {},
        "Objects of the host to their names in the virtual cluster, `infra/web: default/web`, or all of a"
        " namespace, `infra/*: infra/*`; without a namespace on the host it is that of the virtual cluster:"
        ' `/web: default/web`, and `"": default/*` for all.',
    )
