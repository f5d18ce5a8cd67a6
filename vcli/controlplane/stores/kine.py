"""kine in the control plane's pod: what SQLite and databases outside have in common."""

from vcli.config.schema import Values
from vcli.config.schema_database import Kine
from vcli.controlplane.components import Component, load
from vcli.controlplane.images import place
from vcli.controlplane.names import Names

ENDPOINT = "--endpoint="
DATABASE = "DATABASE"
"""Variable of its container, which no program reads there: where the database is, without what is secret."""


def component(
    names: Names, values: Values, chosen: Kine, *, instead: tuple[str, ...], more: tuple[str, ...] = ()
) -> Component:
    """Kine as the manifest has it.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        chosen: the part of it that is for kine.
        instead: flags in place of the one that says where the database is.
        more: flags before those of the values.
    """
    (kine,) = load("control-plane/stores/kine.yaml", names).values()
    kine.container["command"] = [
        each
        for flag in kine.container["command"]
        for each in (instead if flag.startswith(ENDPOINT) else (flag,))
    ]
    return kine.configured(
        image=place(chosen.image, values).reference(),
        pull_policy=values.control_plane.distro.k8s.image_pull_policy,
        resources=chosen.resources,
        more_args=(*more, *chosen.extra_args),
    )
