import multiprocessing

import pytest

from vcli.testing.sharing import Shared


def test_first_and_last(tmp_path):
    shared = Shared(tmp_path / "vcli")
    with shared.enter() as first:
        assert first
    with shared.enter() as first:
        assert not first
    with shared.leave() as last:
        assert not last
    with shared.leave() as last:
        assert last
    with shared.enter() as first:
        assert first


def test_who_fails_to_begin_was_not_there(tmp_path):
    shared = Shared(tmp_path / "vcli")
    with pytest.raises(ValueError, match="no"), shared.enter():
        raise ValueError("no")
    with shared.enter() as first:
        assert first


def _worker(path, results):
    shared = Shared(path)
    with shared.enter() as first:
        pass
    with shared.leave() as last:
        pass
    results.put((first, last))


def test_among_processes(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=_worker, args=(tmp_path / "vcli", results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    seen = [results.get(timeout=30) for _ in workers]
    for worker in workers:
        worker.join()
    assert sum(first for first, _ in seen) == sum(last for _, last in seen) >= 1
