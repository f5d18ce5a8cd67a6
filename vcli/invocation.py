"""The command that runs: how the user named the host, how much time there is, how to speak meanwhile.

A context variable, because a deadline and a hint concern code that no option is passed to, down to a single
request. Library calls have none: no deadline, hints without flags.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

CLEANUP = 90.0
"""Seconds for cleaning up after the deadline."""


def _silent(_: str) -> None:
    """Without a command there is no terminal to write to."""


class Invocation:
    """One run of a command.

    Args:
        kubeconfig: ``--kubeconfig``, as it was given.
        context: ``--context``, as it was given.
        host: flags by which kubectl reaches the host, when the current context leads elsewhere.
        seconds: ``--timeout``; None for the defaults of each wait.
        notify: writes a line to the user's terminal, for waits that take long.
        started: of the monotonic clock; now by default.
    """

    # Not a dataclass, whose module takes time to import that `vcli token` does not have.
    __slots__ = ("context", "host", "kubeconfig", "notify", "seconds", "started")

    def __init__(
        self,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        host: tuple[str, ...] = (),
        seconds: float | None = None,
        notify: Callable[[str], None] = _silent,
        started: float | None = None,
    ) -> None:
        self.kubeconfig = kubeconfig
        self.context = context
        self.host = host
        self.seconds = seconds
        self.notify = notify
        self.started = time.monotonic() if started is None else started


_current: ContextVar[Invocation | None] = ContextVar("invocation", default=None)


@contextmanager
def running(invocation: Invocation) -> Iterator[Invocation]:
    """The block in which it is what `current` gives."""
    token = _current.set(invocation)
    try:
        yield invocation
    finally:
        _current.reset(token)


def current() -> Invocation:
    """The command that runs; one without options when there is none."""
    return _current.get() or Invocation()


# --- time


def within(seconds: float) -> float:
    """That many seconds, or those that ``--timeout`` leaves of them.

    After the deadline what remains is cleaning up, which has time of its own (`CLEANUP`).
    """
    given = current()
    if given.seconds is None:
        return seconds
    left = given.started + given.seconds - time.monotonic()
    return max(min(seconds, left if left > 0 else left + CLEANUP), 0.0)


def spoken(limit: float, asked: float) -> str:
    """The time that was waited, for messages.

    Args:
        limit: what `within` made of it.
        asked: what `within` was called with.
    """
    seconds = current().seconds
    if seconds is not None and limit < asked:
        return f"within the {seconds:g} seconds of --timeout"
    return f"within {asked:g} seconds"


def lift_deadline() -> None:
    """The host is reached; what runs now (a child, a tunnel, a log that is followed) may take any time."""
    current().seconds = None


def notify(text: str) -> None:
    """Let the user know what takes long."""
    current().notify(text)


# --- commands for hints, which work when they are pasted


def vcli(*words: str, namespace: str | None = None) -> str:
    """A vcli command on the same host.

    Args:
        words: of the command line, unquoted.
        namespace: for ``-n``.
    """
    given = current()
    return _joined("vcli", words, namespace, _flags(given.kubeconfig, given.context))


def vcli_on_kubeconfig(*words: str) -> str:
    """A vcli command that works on the same kubeconfig, and asks no host."""
    return _joined("vcli", words, None, _flags(current().kubeconfig, None))


def kubectl(*words: str, namespace: str | None = None) -> str:
    """A kubectl command on the host."""
    given = current()
    return _joined("kubectl", words, namespace, given.host or _flags(given.kubeconfig, given.context))


def set_namespace(namespace: str) -> str:
    """The kubectl command that makes a namespace that of the host's context."""
    given = current()
    flags = list(given.host or _flags(given.kubeconfig, given.context))
    context = "--current"
    if "--context" in flags:
        place = flags.index("--context")
        context = flags[place + 1]
        del flags[place : place + 2]
    words = ("config", "set-context", context, f"--namespace={namespace}")
    return _joined("kubectl", words, None, flags)


def helm(*words: str, namespace: str | None = None) -> str:
    """A helm command on the host."""
    given = current()
    flags = given.host or _flags(given.kubeconfig, given.context)
    renamed = ["--kube-context" if flag == "--context" else flag for flag in flags]
    return _joined("helm", words, namespace, renamed)


def _flags(kubeconfig: str | None, context: str | None) -> tuple[str, ...]:
    named = (("--context", context), ("--kubeconfig", kubeconfig))
    return tuple(word for flag, value in named if value for word in (flag, value))


def _joined(
    program: str, words: tuple[str, ...], namespace: str | None, flags: tuple[str, ...] | list[str]
) -> str:
    import shlex  # noqa: PLC0415  start-up

    # Flags stand before `--`, behind which words are another program's.
    own, rest = (words[: words.index("--")], words[words.index("--") :]) if "--" in words else (words, ())
    return shlex.join([program, *own, *(("-n", namespace) if namespace else ()), *flags, *rest])
