"""Connections that die without a word: packets are dropped, and nobody is told."""

import pytest
from plane import Plane, SilentCut, local_ports
from polling import eventually
from space import Space, pod

from faults.figures import Figures, Running, leaked, lost
from faults.pulse import Pulse

PORTS = {"virtual": 8443, "host": 443}
STAYS = [f"stays-{number}" for number in range(3)]


@pytest.mark.parametrize("side", PORTS)
def test_every_connection_of_the_syncer_cut_silently(
    space: Space, plane: Plane, pulse: Pulse, figures: Figures, side: str
) -> None:
    """The syncer notices by the silence; neither side ever sees an end of the old connections."""
    space.apply(*map(pod, STAYS), pod("goes"))
    space.wait("condition=Ready", "pod", "--all")
    before, restarts = Running.of(space), plane.status("syncer")["restartCount"]
    syncer = plane.process("syncer")
    port = PORTS[side]
    flows = local_ports(syncer, remote=port)

    with SilentCut(syncer, remote=port, flows=flows):
        space.kubectl("delete", "pod", "goes", "--wait=false")
        space.apply(pod("comes"))
        pulse.beats()
        space.wait("condition=Ready", "pod/comes")
        eventually(lambda: not leaked(space, "pods", [*STAYS, "comes", "pulse"]))
        # Given up for good, while the packets are still being dropped.
        eventually(lambda: not set(flows) & set(local_ports(syncer, remote=port)))

    gone = lost(space, "pods", [*STAYS, "comes"])
    restarted = before.restarted(Running.of(space), but=["goes"])
    figures.note(
        f"connections to the {side} API cut silently",
        lost=len(gone),
        restarted=len(restarted),
        seconds=pulse.longest,
    )
    assert (gone, restarted) == (set(), set())
    assert plane.status("syncer")["restartCount"] == restarts
