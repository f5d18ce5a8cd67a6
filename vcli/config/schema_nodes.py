"""The values of ``sync.fromHost.nodes``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from dataclasses import dataclass

from vcli.config.fields import doc, section


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSelector:
    """Which Nodes; without any of these, those that pods of the virtual cluster run on."""

    all: bool = doc(False, "All Nodes of the host.")
    labels: dict[str, str] = doc(
        {}, "All Nodes of the host that have these labels; pods of the virtual cluster run on no others."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """What may be chosen for Nodes."""

    selector: NodeSelector = section(NodeSelector)
    sync_back_changes: bool = doc(
        False,
        "Give labels, taints and cordons that are changed inside to the host's Nodes, where they are for"
        " everybody; takes the right to patch Nodes.",
    )
    clear_image_status: bool = doc(
        True, "Leave out the images that a Node has, as they name what other tenants run."
    )
