"""Building programs of the lab into the cache that the host's programs are in."""

from collections.abc import Sequence

from lab.products import PRODUCTS
from vcli.host.binaries import Binaries, Say, ensure, mark_used
from vcli.host.go_source import GoSource
from vcli.host.instance import cache_dir


def build(names: Sequence[str], say: Say) -> Binaries:
    """Have the programs of these products in the cache; at once when they are.

    Args:
        names: of products; all of them when empty.
        say: takes a line of progress, again and again.

    Raises:
        VcliError: a build failed.
    """
    products = [x for x in PRODUCTS if x.name in names or not names]
    binaries = ensure(cache_dir(), [GoSource()], say, products=products)
    mark_used(x.bin_dir(cache_dir()).parent for x in products)
    return binaries
