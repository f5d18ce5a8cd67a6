"""The custom resources that the values name, as the syncer's settings have them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vcli.catalog.kind import Direction
from vcli.contract.settings import Object, Settings
from vcli.syncer.translate.patches import Patch, load


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomResource:
    """One of them.

    Attributes:
        path: its section in the values below ``sync``.
        name: of its CustomResourceDefinition.
        namespaced: whether its scope is said to be Namespaced.
        patches: fields that are others on the host.
        by_name: host objects to virtual ones, of those in namespaces; see `vcli.contract.mappings`.
        selector: which of the host's are mirrored, a LabelSelector.
    """

    path: str
    name: str
    namespaced: bool
    patches: tuple[Patch, ...] = ()
    by_name: Mapping[str, str] = field(default_factory=dict)
    selector: Object = field(default_factory=dict)

    @property
    def plural(self) -> str:
        """As in the path of a request."""
        return self.name.partition(".")[0]

    @property
    def group(self) -> str:
        """Its API group."""
        return self.name.partition(".")[2]


def resources_of(settings: Settings, direction: Direction) -> Iterator[CustomResource]:
    """Those that are synced in one direction."""
    for path, chosen in settings.custom_resources.items():
        of, _, name = path.split(".", 2)
        if of == direction:
            yield CustomResource(
                path=path,
                name=name,
                namespaced=chosen["scope"] == "Namespaced",
                patches=tuple(map(load, chosen.get("patches", ()))),
                by_name=chosen.get("mappings", {}),
                selector=chosen.get("selector", {}),
            )
