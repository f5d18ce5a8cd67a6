"""The values ``sync.<direction>.<kind>``, from `vcli.catalog`; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc and section make fields

from collections.abc import Callable, Mapping
from dataclasses import dataclass, make_dataclass
from typing import Any, Final, Literal, TypeVar

from vcli.catalog import SYNCED
from vcli.catalog.kind import Direction, Switch, SyncedKind
from vcli.config.fields import doc, section
from vcli.config.schema_custom import CUSTOM_RESOURCE, CustomFromHost
from vcli.config.schema_mappings import Mappings
from vcli.config.schema_nodes import NodeOptions
from vcli.config.schema_selector import Selector

Section = TypeVar("Section")

_OPTIONS: Final[Mapping[str, type]] = {"fromHost.nodes": NodeOptions}
"""Further keys of a kind's section."""


def field_of(kind: SyncedKind) -> str:
    """The name of a kind's section in its dataclass: snake case, as all of them."""
    return _snake(kind.key.rpartition(".")[2])


def _snake(key: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)


def with_switches(direction: Direction) -> Callable[[type[Section]], type[Section]]:
    """Decorate a section: it gets one more below it for each kind of a direction that can be turned off."""

    def decorate(base: type[Section]) -> type[Section]:
        kinds = [kind for kind in SYNCED if kind.direction == direction and kind.switch]
        alone = [kind for kind in kinds if "." not in kind.key]
        sections = [(field_of(kind), _section(kind)) for kind in alone]
        groups = dict.fromkeys(kind.key.partition(".")[0] for kind in kinds if kind not in alone)
        sections += [(_snake(group), _group(group, kinds)) for group in groups]
        made: Any = make_dataclass(
            base.__name__,
            [(name, made, section(made)) for name, made in sections],
            bases=(base,),
            namespace={"__doc__": base.__doc__, "__module__": base.__module__},
            frozen=True,
            slots=True,
            kw_only=True,
        )
        return made  # type: ignore[no-any-return]

    return decorate


def switch_of(section: Any, kind: SyncedKind) -> Switch:
    """The value of a kind's switch.

    Args:
        section: ``sync.toHost`` or ``sync.fromHost``.
        kind: of that direction; one that has a switch.
    """
    for key in kind.key.split("."):
        section = getattr(section, _snake(key))
    chosen: Switch = section.enabled
    return chosen


def group_of(to_host: Any, kind: SyncedKind) -> Switch:
    """``enabled`` of the section that a kind follows.

    Args:
        to_host: ``sync.toHost``.
        kind: one that follows a section.
    """
    chosen: Switch = getattr(to_host, _snake(kind.follows.partition(".")[2])).enabled
    return chosen


def nodes_of(section: Any) -> NodeOptions:
    """What the values say of Nodes.

    Args:
        section: ``sync.fromHost``.
    """
    chosen: NodeOptions = section.nodes
    return chosen


def selector_of(section: Any, kind: SyncedKind) -> Selector:
    """Which objects of a selectable kind are synced.

    Args:
        section: ``sync.fromHost``.
        kind: of that direction; one that is selectable.
    """
    chosen: Selector = getattr(section, field_of(kind)).selector
    return chosen


def by_name_of(section: Any, kind: SyncedKind) -> dict[str, str]:
    """Which objects of a mapped kind are shown.

    Args:
        section: ``sync.fromHost``.
        kind: of that direction; one that is mapped.
    """
    mappings: Mappings = getattr(section, field_of(kind)).mappings
    return mappings.by_name


def _section(kind: SyncedKind) -> type:
    hint: Any = bool if isinstance(kind.default, bool) else bool | Literal["auto"]
    enabled = doc(kind.default, f"Sync {kind.resource.kind} objects{_auto(kind)}.")
    fields: list[tuple[str, Any, Any]] = [("enabled", hint, enabled)]
    if kind.selectable:
        fields.append(("selector", Selector, section(Selector)))
    if kind.mapped:
        fields.append(("mappings", Mappings, section(Mappings)))
    return make_dataclass(
        kind.resource.kind,
        fields,
        bases=(_OPTIONS[kind.path],) if kind.path in _OPTIONS else (),
        namespace={"__doc__": f"{kind.resource.kind}: {kind.summary}"},
        frozen=True,
        slots=True,
        kw_only=True,
    )


def _group(name: str, kinds: list[SyncedKind]) -> type:
    """A section of several kinds, with a switch for all of which nothing else is said."""
    below = [kind for kind in kinds if kind.key.startswith(f"{name}.")]
    text = f"Sync all these kinds of which nothing else is said{_BY_RIGHTS}."
    made = [(field_of(kind), _section(kind)) for kind in below]
    return make_dataclass(
        f"{name[0].upper()}{name[1:]}",
        [
            ("enabled", bool | Literal["auto"], doc(False, text)),
            *((field, each, section(each)) for field, each in made),
        ],
        namespace={"__doc__": f"{', '.join(kind.resource.kind for kind in below)}."},
        frozen=True,
        slots=True,
        kw_only=True,
    )


_BY_RIGHTS: Final = "; auto: if the user who creates the virtual cluster has the rights that it takes"


def _auto(kind: SyncedKind) -> str:
    if kind.default != "auto":
        return ""
    if kind.follows:
        rest = "" if kind.direction == "toHost" else " is not false, and the syncer gets the rights it takes"
        return f"; auto: {'as' if kind.direction == 'toHost' else 'if'} sync.{kind.follows}.enabled{rest}"
    who = "the syncer gets" if kind.cluster_rules else "the user who creates the virtual cluster has"
    or_scheduler = ", or pods are scheduled inside" if kind.for_scheduler else ""
    return f"; auto: if {who} the rights that it takes{or_scheduler}"


@with_switches("fromHost")
@dataclass(frozen=True, slots=True, kw_only=True)
class FromHost:
    """From the host to the virtual cluster."""

    custom_resources: dict[str, CustomFromHost] = doc(
        {}, "Custom resources, each by plural and group: clusterissuers.cert-manager.io.", **CUSTOM_RESOURCE
    )
