"""The syncer as a component, and how its code gets into the pod."""

from typing import Final

from vcli.config.schema import Values
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.components import Component, load
from vcli.controlplane.images import place, syncer_image
from vcli.controlplane.names import Names

_FOLDER: Final = "/bundle"


def component(names: Names, values: Values, bundle: Bundle | None) -> Component:
    """The syncer.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        bundle: its code; None when its image has it.
    """
    chosen = values.control_plane.stateful_set
    (syncer,) = load("control-plane/syncer.yaml", names).values()
    syncer = syncer.configured(
        image=place(syncer_image(values, bundle), values).reference(),
        pull_policy=chosen.image_pull_policy,
        resources={},
    )
    if bundle is None:
        return syncer
    python, _, *rest = syncer.container["command"]
    # -S: nothing outside the bundle and the standard library is wanted from the image.
    syncer.container["command"] = [python, "-S", f"{_FOLDER}/boot.py", *rest]
    parts = [
        {"configMap": {"name": names.bundle(bundle.digest, part)}} for part, _ in enumerate(bundle.parts)
    ]
    syncer.container["volumeMounts"] += [{"name": "bundle", "mountPath": _FOLDER, "readOnly": True}]
    return syncer.having({"name": "bundle", "projected": {"sources": parts}})
