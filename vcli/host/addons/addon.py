"""What an add-on of the host is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vcli.host.images import Offer
from vcli.host.instance import Instance
from vcli.host.plan import Component
from vcli.host.products import Product
from vcli.kube.types import Object

NAMESPACE = "kube-system"
Programs = Mapping[str, Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What objects depend on.

    Attributes:
        node: the host's first one, which is never stopped.
        several: whether the host has more nodes.
        name_server: whether there is one beyond the cluster, in the node's resolv.conf.
        programs: all there; some add-ons have programs that print objects.
    """

    node: str
    several: bool = False
    name_server: bool = False
    programs: Programs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon:
    """Something that a cluster has beside its components: in every part of it there may be nothing.

    Attributes:
        name: what ``--with`` takes.
        summary: what a cluster has with it.
        needs: names of other add-ons that come with it.
        products: what is built for it, beside the host's own.
        packages: programs of the machine that it runs, each with its Debian package.
        images: the images that its pods run, of the programs by name; on the first node.
        objects: what to create, in this order. Deployments are kept on the first node.
        users: names of clients: each has a certificate for ``vcli:NAME`` and a kubeconfig in `pki`.
        components: programs of a node, for the instance, of the programs by name.
        every_node: whether users and components are for every node, not only for the first one.
        available: API paths of objects whose condition Available says that the add-on works.
    """

    name: str
    summary: str
    needs: Sequence[str] = ()
    products: Sequence[Product] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    images: Callable[[Programs], Sequence[Offer]] = lambda _: ()
    objects: Callable[[Facts], Sequence[Object]] = lambda _: ()
    users: Sequence[str] = ()
    components: Callable[[Instance, Programs], Sequence[Component]] = lambda _, __: ()
    every_node: bool = False
    available: Sequence[str] = ()

    def is_on(self, node: Instance) -> bool:
        """Whether it has a part on this node."""
        return self.every_node or node.number == 1


def deployment(name: str) -> str:
    """The API path of a Deployment of an add-on."""
    return f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}"
