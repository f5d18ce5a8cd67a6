"""The command line's own time, beside kubectl's."""

from collections.abc import Iterator

from bench.measure import Row, command

_KUBECTL = ("kubectl", "version", "--client")


def rows(cluster: str, *, runs: int) -> Iterator[Row]:
    """Start-up, list and connect.

    Args:
        cluster: a running virtual cluster of this name.
        runs: of each command.
    """
    direct = command(_KUBECTL, runs=runs)
    for what, argv, budget in (
        ("vcli --version", ("vcli", "--version"), 2.0),
        ("vcli list", ("vcli", "list"), 4.0),
        (f"vcli connect {cluster} -- true", ("vcli", "connect", cluster, "--", "true"), 7.0),
    ):
        yield Row(
            what=what,
            ours=command(argv, runs=runs),
            direct=direct,
            direct_is=" ".join(_KUBECTL),
            budget=budget,
        )
