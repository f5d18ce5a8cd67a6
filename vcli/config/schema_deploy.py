"""The values of ``experimental.deploy``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass

from vcli.config.fields import doc, section


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployInside:
    """What is in the virtual cluster from the start."""

    manifests: str = doc(
        "",
        "Objects as YAML documents, applied in the virtual cluster when it starts, and again when they"
        " change; what is taken out stays there. They are kept in a ConfigMap: no place for secrets.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """What is applied."""

    vcluster: DeployInside = section(DeployInside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experimental:
    """Called so by a vcluster.yaml."""

    deploy: Deploy = section(Deploy)
