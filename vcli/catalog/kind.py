"""What a synced kind is, and the rights that it takes. Pure data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from vcli.kube.resources import CRDS, Resource
from vcli.kube.types import Object

Direction: TypeAlias = Literal["toHost", "fromHost", "both"]
Switch: TypeAlias = bool | Literal["auto"]

READ: Final = ("list", "watch")
"""To follow a kind: each object is read from the list and the watch, none by itself."""
WRITE: Final = ("create", "patch", "delete")
"""To apply objects, which creates those that are not there, and to take them away again."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on a resource of the host, as in a Role; ``names``: only on objects of these."""

    resource: Resource
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def dump(self) -> Object:
        """As an element of a Role's ``rules``."""
        return {
            "apiGroups": [self.resource.group],
            "resources": [self.resource.plural],
            **({"resourceNames": list(self.names)} if self.names else {}),
            "verbs": list(self.verbs),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedKind:
    """A kind, and all that is to be known of it outside the syncer's translations.

    Attributes:
        resource: what it is in both clusters.
        direction: where the objects come from; ``toHost``: from the virtual cluster.
        key: its name in the values, ``sync.<direction>.<key>``.
        summary: a sentence for the reference and the values.
        enabled: the default of ``enabled`` in the values; ``auto``: on where the syncer gets its rights, that
            is ``cluster_rules`` where there are some, else ``rules``.
        required: that there is no such key, as nothing works without.
        essential: that the syncer waits at its start until it can list them; without others it goes on.
        rules: what the syncer needs in its namespace.
        optional_rules: what it needs beyond, and gets only if whoever creates the virtual cluster has it.
        without_optional_rules: what does not work without ``optional_rules``.
        cluster_rules: what it needs outside its namespace: only in a ClusterRole.
        forwards_events: whether events about its host objects are shown in the virtual cluster.
        selectable: whether the values may choose objects of the host by their labels, in ``selector``.
        mapped: whether the values name each object of the host that is shown, in ``mappings.byName``.
        custom: whether it is a custom resource, of the catalog or a `custom_kind`: the virtual cluster gets
            the host's definition, if it may.
        for_scheduler: whether a scheduler inside asks for it: with one, ``auto`` is on, and has its rights.
        follows: a section of several kinds, ``toHost.gatewayApi``, whose ``enabled`` is that of a kind to the
            host with ``auto``; one from the host with ``auto`` is off while that is. Then ``enabled`` is what
            comes of it by default.
        definitions: further custom resources that the virtual cluster gets the definitions of with it.
    """

    resource: Resource
    direction: Direction
    key: str
    summary: str
    enabled: Switch = True
    required: bool = False
    essential: bool = False
    rules: tuple[Rule, ...] = ()
    optional_rules: tuple[Rule, ...] = ()
    without_optional_rules: str = ""
    cluster_rules: tuple[Rule, ...] = ()
    forwards_events: bool = False
    selectable: bool = False
    mapped: bool = False
    custom: bool = False
    for_scheduler: bool = False
    follows: str = ""
    definitions: tuple[Resource, ...] = ()

    @property
    def path(self) -> str:
        """The section in the values, which is also its name in the syncer's settings: ``toHost.pods``."""
        return f"{self.direction}.{self.key}"

    @property
    def switch(self) -> str:
        """The key in the values that turns it on and off; empty where it is required."""
        return "" if self.required else f"sync.{self.path}.enabled"

    @property
    def default(self) -> Switch:
        """The default of its switch in the values."""
        return "auto" if self.follows else self.enabled

    @property
    def is_on_by_default(self) -> bool:
        """Whether it is synced where the values say nothing."""
        return self.is_on(self.enabled, cluster_role=False)

    @property
    def is_owned_by_cluster_role(self) -> bool:
        """Whether its host objects are in no namespace: the syncer's ClusterRole owns them."""
        return self.direction == "toHost" and not self.resource.namespaced

    @property
    def rules_of_cluster_role(self) -> tuple[Rule, ...]:
        """What is in the ClusterRole for it: one of the catalog works without its definition being read."""
        read = [reading_definition(each) for each in self.names_of_definitions]
        return (*self.cluster_rules, *(each for each in read if each not in self.cluster_rules))

    @property
    def names_of_definitions(self) -> tuple[str, ...]:
        """The CustomResourceDefinitions of the host that the virtual cluster gets with it."""
        return tuple(each.definition for each in (self.resource, *self.definitions)) if self.custom else ()

    def followed(self, chosen: Switch, section: Switch) -> Switch:
        """What its switch comes to, where it `follows` a section.

        Args:
            chosen: the value of its switch.
            section: ``enabled`` of that section.
        """
        if chosen != "auto":
            return chosen
        return section if self.direction == "toHost" or section is False else "auto"

    def is_on(self, chosen: Switch, *, cluster_role: bool) -> bool:
        """Whether it is synced.

        Args:
            chosen: the value of its switch.
            cluster_role: whether the syncer gets rights outside its namespace.
        """
        if self.required or chosen is True:
            return True
        return chosen == "auto" and (cluster_role or not self.cluster_rules)

    def needed_rules(self, chosen: Switch) -> tuple[Rule, ...]:
        """What the syncer must have in its namespace where the kind is on: creating fails without it.

        Args:
            chosen: the value of its switch.
        """
        return () if self._follows_rights(chosen) else self.rules

    def rules_if_given(self, chosen: Switch) -> tuple[Rule, ...]:
        """What the syncer gets in its namespace only if whoever creates the virtual cluster has it.

        Args:
            chosen: the value of its switch.
        """
        return (*self.rules, *self.optional_rules) if self._follows_rights(chosen) else self.optional_rules

    def _follows_rights(self, chosen: Switch) -> bool:
        return chosen == "auto" and not self.required and not self.cluster_rules


def reading(resource: Resource) -> Rule:
    """What it takes to follow a kind."""
    return Rule(resource, READ)


def reading_by_name(resource: Resource) -> Rule:
    """What it takes to follow objects that the values name, each of which may be asked for alone."""
    return Rule(resource, ("get", *READ))


def reading_definition(name: str) -> Rule:
    """What it takes to follow one CustomResourceDefinition: a watch by its name takes no more."""
    return Rule(CRDS, READ, names=(name,))


def custom_kind(name: str, direction: Direction, *, namespaced: bool, elsewhere: bool = False) -> SyncedKind:
    """A custom resource that the values name, as a kind that is on.

    Its version, and its kind as in an object, are known only where it is served.

    Args:
        name: of its CustomResourceDefinition: ``certificates.cert-manager.io``.
        direction: where the objects come from.
        namespaced: whether it is.
        elsewhere: whether objects of other namespaces of the host are shown.
    """
    plural, _, group = name.partition(".")
    resource = Resource(group, "", plural, name, namespaced)
    rules = (Rule(resource, READ if direction == "fromHost" else (*READ, *WRITE)),)
    in_namespace = namespaced and not elsewhere
    return SyncedKind(
        resource=resource,
        direction=direction,
        key=f"customResources.{name}",
        summary="A custom resource.",
        rules=rules if in_namespace else (),
        cluster_rules=(reading_definition(name), *(() if in_namespace else rules)),
        custom=True,
    )


def merged(rules: Iterable[Rule]) -> list[Object]:
    """A Role's ``rules``: resources of one group that have the same verbs and names are in one rule."""
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Object] = {}
    for rule in rules:
        dumped = rule.dump()
        known = found.setdefault((rule.resource.group, rule.verbs, rule.names), {**dumped, "resources": []})
        known["resources"] += dumped["resources"]
    return list(found.values())
