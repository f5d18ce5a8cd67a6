"""The syncer keeps nothing in memory that it can't do without."""

from plane import Plane
from polling import eventually
from space import Space, pod

from faults.figures import Figures, Running, leaked, lost
from faults.pulse import Pulse
from vcli.syncer.translate.names import VirtualName, derived_name

BATCHES, SIZE = 5, 10
KILLS = 3


def test_syncer_killed_while_50_pods_come_and_go(
    space: Space, plane: Plane, pulse: Pulse, figures: Figures
) -> None:
    stays = [f"stays-{number}" for number in range(3)]
    space.apply(*map(pod, stays))
    space.wait("condition=Ready", "pod", "--all")
    before = Running.of(space)
    restarts = plane.status("syncer")["restartCount"]

    space.apply(pod("short", "sleep 2; echo done"))
    names = [[f"pod-{batch}-{number}" for number in range(SIZE)] for batch in range(BATCHES)]
    deleted: list[str] = []
    for batch in range(BATCHES):
        space.apply(*map(pod, names[batch]))
        if batch < KILLS:
            plane.kill("syncer")
        if batch:
            deleted += names[batch - 1][::2]
            space.kubectl("delete", "pod", *names[batch - 1][::2], "--wait=false")
    kept = [name for names_of_batch in names for name in names_of_batch if name not in deleted]

    space.wait("condition=Ready", *(f"pod/{name}" for name in kept))
    eventually(lambda: not leaked(space, "pods", [*stays, *kept, "short", "pulse"]))
    pulse.beats()
    assert plane.status("syncer")["restartCount"] >= restarts + KILLS
    gone, restarted = lost(space, "pods", [*stays, *kept]), before.restarted(Running.of(space))
    figures.note("syncer killed, 50 pods", lost=len(gone), restarted=len(restarted), seconds=pulse.longest)
    assert (gone, restarted) == (set(), set())
    # The host's pod goes first, and then the virtual one.
    eventually(lambda: not {each["metadata"]["name"] for each in space.get("pods")["items"]} & set(deleted))
    # What ended while no syncer ran is told afterwards.
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/short")
    assert space.kubectl("logs", "short").strip() == "done"
    # Each pod that is there has its tokens, and none of those that went has left any.
    tokens = {token_secret(space, name) for name in [*stays, *kept, "pulse"]}
    short = token_secret(space, "short")
    eventually(lambda: set(space.on_host("secrets")) - {short} == tokens)


def token_secret(space: Space, name: str) -> str:
    """What the Secret of a pod's tokens is called on the host."""
    return derived_name(VirtualName(space.name, name), space.cluster.name, role="tokens")
