"""Controllers that must not run beside the syncer, which does their work; a part of `vcli.config.checks`."""

from typing import Final

from vcli.config.controllers import OFF
from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.config.schema import ControlPlane

_FLAG: Final = "--controllers="
_OF_K3S: Final = (
    "--kube-controller-manager-arg=controllers=",
    "--kube-controller-manager-arg=--controllers=",
)
_DISTRO: Final[Keys] = ("controlPlane", "distro")


def check_controllers(plane: ControlPlane, document: Document) -> None:
    """Complain about flags that turn on what must be off: a flag given again wins over vcli's own.

    Raises:
        UsageError: names the flag, and what it lacks.
    """
    for path, flags, forms in (
        (("k8s", "controllerManager"), plane.distro.k8s.controller_manager.extra_args, (_FLAG,)),
        (("k3s",), plane.distro.k3s.extra_args, _OF_K3S),
    ):
        for index, flag in enumerate(flags):
            form = next((each for each in forms if flag.startswith(each)), "")
            chosen = flag[len(form) :].split(",") if form else []
            running = [each for each in OFF if each in chosen or ("*" in chosen and f"-{each}" not in chosen)]
            if running:
                off = ",".join(f"-{each}" for each in running)
                text = f"{form.rstrip('=')} has {', '.join(running)} run, which the syncer does, or the host"
                keys: Keys = (*_DISTRO, *path, "extraArgs", index)
                raise fail(document, keys, text, hint=f"add {off}")
