from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vcli.syncer.engine.schedule import INITIAL, NORMAL, Schedule

KEYS = st.sampled_from("abcd")


def test_what_came_first_goes_first() -> None:
    schedule: Schedule[str] = Schedule()
    for key in "bca":
        schedule.add(key, at=0, now=0)
    assert [schedule.take(now=0) for _ in range(4)] == ["b", "c", "a", None]


def test_a_key_waits_once() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", at=0, now=0)
    schedule.add("a", at=0, now=0)
    assert len(schedule) == 1
    assert schedule.take(now=0) == "a"
    assert schedule.take(now=0) is None


def test_what_has_changed_overtakes_the_initial_list() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("old", at=0, now=0, priority=INITIAL)
    schedule.add("new", at=0, now=0, priority=NORMAL)
    assert schedule.take(now=0) == "new"


def test_the_highest_priority_is_kept() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", at=0, now=0, priority=INITIAL)
    schedule.add("b", at=0, now=0, priority=INITIAL)
    schedule.add("b", at=0, now=0, priority=NORMAL)
    schedule.add("b", at=0, now=0, priority=INITIAL)
    assert schedule.take(now=0) == "b"


def test_the_earliest_time_wins() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", at=10, now=0)
    schedule.add("a", at=5, now=0)
    schedule.add("a", at=20, now=0)
    assert schedule.next_at() == 5
    assert schedule.take(now=4) is None
    assert schedule.take(now=5) == "a"
    assert schedule.next_at() is None


def test_a_key_that_is_out_is_not_handed_out_again_but_afterwards() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", at=0, now=0)
    assert schedule.take(now=0) == "a"
    schedule.add("a", at=0, now=1)
    assert schedule.take(now=1) is None
    assert schedule.next_at() is None
    schedule.done("a", now=2)
    assert schedule.take(now=2) == "a"


def test_a_wish_for_later_made_while_the_key_is_out_keeps_its_time() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", at=0, now=0)
    schedule.take(now=0)
    schedule.add("a", at=9, now=1)
    schedule.done("a", now=2)
    assert schedule.take(now=8) is None
    assert schedule.take(now=9) == "a"


@given(st.lists(st.tuples(KEYS, st.integers(0, 5), st.integers(-1, 1)), max_size=30))
def test_due_keys_come_by_priority(wishes: list[tuple[str, int, int]]) -> None:
    schedule: Schedule[str] = Schedule()
    best: dict[str, int] = {}
    for key, at, priority in wishes:
        schedule.add(key, at=at, now=0, priority=priority)
        best[key] = max(best.get(key, priority), priority)
    taken = []
    while (key := schedule.take(now=5)) is not None:
        taken.append(best[key])
    assert len(taken) == len(best)
    assert taken == sorted(taken, reverse=True)


class ScheduleMachine(RuleBasedStateMachine):
    """Against the plainest model there is: what is wanted, from when on, and what is out."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule: Schedule[str] = Schedule()
        self.now = 0.0
        self.wanted: dict[str, float] = {}
        self.out: set[str] = set()

    @rule(key=KEYS, delay=st.integers(0, 4), priority=st.integers(-1, 1))
    def add(self, key: str, delay: int, priority: int) -> None:
        at = self.now + delay
        self.schedule.add(key, at=at, now=self.now, priority=priority)
        self.wanted[key] = min(at, self.wanted.get(key, at))

    @rule(seconds=st.integers(0, 3))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        due = {key for key, at in self.wanted.items() if at <= self.now} - self.out
        key = self.schedule.take(now=self.now)
        if key is None:
            assert not due, "a key that is due was not handed out"
            return
        assert key in due
        del self.wanted[key]
        self.out.add(key)

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.out)))
        self.out.discard(key)
        self.schedule.done(key, now=self.now)

    @invariant()
    def the_alarm_is_right(self) -> None:
        waiting = [at for key, at in self.wanted.items() if key not in self.out]
        upcoming = self.schedule.next_at()
        if not waiting:
            assert upcoming is None
        elif min(waiting) <= self.now:
            assert upcoming is not None
            assert upcoming <= self.now
        else:
            assert upcoming == min(waiting)


TestScheduleMachine = ScheduleMachine.TestCase
