"""When an etcd is defragmented, and what is done at its quota."""

from dataclasses import replace

import pytest

from vcli.kube.errors import Unreachable
from vcli.syncer.etcd.member import NOSPACE, Status
from vcli.syncer.etcd.upkeep import Upkeep, frees_much, has_room

MIB = 1024 * 1024
STATUS = Status(member="1", revision=10, size=40 * MIB, in_use=30 * MIB, quota=2048 * MIB, alarms=frozenset())


@pytest.mark.parametrize(
    ("size", "in_use", "quota", "rate", "due"),
    [
        (40, 4, 2048, 0.5, False),  # little is little
        (300, 200, 2048, 0.5, False),  # not worth it: two thirds would stay
        (300, 100, 2048, 0.5, True),
        (300, 100, 2048, 20, False),  # not now
        (1700, 1400, 2048, 20, True),  # the quota is near: now in any case
        (1700, 1650, 2048, 20, False),  # and of no use
        (300, 100, 0, 0.5, True),  # an etcd that does not say its quota
    ],
)
def test_when_a_pause_is_worth_it(size, in_use, quota, rate, due):
    status = replace(STATUS, size=size * MIB, in_use=in_use * MIB, quota=quota * MIB)
    assert frees_much(status, rate=rate) is due


def test_room_is_a_little_below_the_quota():
    assert has_room(replace(STATUS, size=94, quota=100))
    assert not has_room(replace(STATUS, size=96, quota=100))
    assert has_room(replace(STATUS, size=96, quota=0))


class Scripted:
    """A member that answers with what is next, and takes down what it is told."""

    def __init__(self, *statuses: Status) -> None:
        self.statuses = list(statuses)
        self.told: list[str] = []

    async def status(self) -> Status:
        if not self.statuses:
            raise Unreachable("gone")
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    async def compact(self, revision: int) -> None:
        self.told.append(f"compact {revision}")

    async def defragment(self) -> None:
        self.told.append("defragment")

    async def disarm(self, status: Status, alarm: str) -> None:
        self.told.append(f"disarm {status.member} {alarm}")


def upkeep(member: Scripted) -> tuple[Upkeep, list[str]]:
    said: list[str] = []

    async def warn(reason: str, message: str) -> None:
        said.append(f"{reason}: {message}")

    return Upkeep(member, warn), said  # type: ignore[arg-type]


FULL = replace(STATUS, size=2048 * MIB, in_use=2040 * MIB, alarms=frozenset({NOSPACE}))


async def test_the_alarm_goes_when_room_was_made():
    member = Scripted(FULL, replace(FULL, size=100 * MIB, in_use=100 * MIB), replace(STATUS, size=100 * MIB))
    keeper, said = upkeep(member)
    await keeper.look()
    assert member.told == ["compact 10", "defragment", "disarm 1 NOSPACE"]
    assert [each for each in said if "room was made: it has 100.0 MiB of its quota of 2048.0 MiB" in each]
    assert not [each for each in keeper.samples() if "alarm" in each[0]]


async def test_nothing_is_tried_again_before_something_is_deleted():
    member = Scripted(FULL)
    keeper, said = upkeep(member)
    for _ in range(3):
        await keeper.look()
    assert member.told == ["compact 10", "defragment"]
    assert len(said) == 1
    assert ("vcli_store_alarm", '{alarm="NOSPACE"}', 1, None) in [*keeper.samples()]
    member.statuses = [replace(FULL, revision=11), replace(FULL, revision=11, size=MIB), STATUS]
    await keeper.look()
    assert member.told[2:] == ["compact 11", "defragment", "disarm 1 NOSPACE"]


async def test_the_first_look_knows_no_rate():
    member = Scripted(replace(STATUS, size=300 * MIB))
    keeper, _ = upkeep(member)
    await keeper.look()
    assert member.told == []
    await keeper.look()
    assert member.told == ["defragment"]
