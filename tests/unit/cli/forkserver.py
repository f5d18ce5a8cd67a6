"""A small process that forks runs of the program.

A process that holds thousands of tests takes three times as long to fork, and copies its pages after that.
"""

import contextlib
import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from program import Done, load_everything, run


@contextlib.contextmanager
def forkserver() -> Iterator[Callable[..., Done]]:
    """Start it; what it gives is `program.run`, whose ``prepare`` has to be a function of a module here."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()

    def ask(*args: object, **options: object) -> Done:
        here.send((args, options))
        done: Done = here.recv()
        return done

    try:
        yield ask
    finally:
        here.close()
        process.join()


def _serve(requests: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks is interrupted, and hangs up
    load_everything()
    gc.freeze()  # what is not looked at is not copied for each run
    while True:
        try:
            args, options = requests.recv()
        except EOFError:
            return
        requests.send(run(*args, **options))
