"""Where the state of tunnels is kept. Imported by each call of kubectl, so it imports next to nothing.

It is VCLI_STATE_DIR; else the platform's folder for state; else, where that can't be written to (a read-only
home, a container without one), a private folder below XDG_RUNTIME_DIR or TMPDIR.
"""

import errno
import hashlib
import json
import os
import stat

from vcli.processes import machine

_VARIABLE = "VCLI_STATE_DIR"
_LINUX: bool = os.uname().sysname == "Linux"


def digest(*parts: object) -> str:
    """A short name for some values; the same for the same ones."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def cluster_key(server: str, namespace: str, name: str) -> str:
    """The same for all tunnels to a virtual cluster from this machine."""
    return f"{name}-{digest(machine(), server, namespace, name)}"


def file_name(server: str, namespace: str, name: str, address: str, port: int) -> str:
    """The name of a tunnel's state file: virtual cluster, dot, listener."""
    return f"{cluster_key(server, namespace, name)}.{digest(address, port)}.json"


def address_and_port(tunnel: str) -> tuple[str, int]:
    """The two parts of ADDRESS:PORT, where a tunnel listens; an IPv6 address stands in brackets.

    Raises:
        ValueError: it is something else.
    """
    address, _, port = tunnel.rpartition(":")
    if not address:
        raise ValueError(tunnel)
    return address.removeprefix("[").removesuffix("]"), int(port)


def root() -> str | None:
    """The state folder, None when there is none yet."""
    return next((each for each in candidates() if _usable(each)), None)


def made() -> str:
    """The state folder, private to the user; made if there is none.

    Raises:
        OSError: there is no place for it; the error is that of the first choice.
    """
    failure: OSError | None = None
    if (found := root()) is not None:
        return found
    for each in candidates():
        try:
            os.makedirs(os.path.dirname(each), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
            os.mkdir(each, mode=0o700)  # noqa: PTH102
        except OSError as error:
            failure = failure or error
        if _usable(each):  # also when another process was faster
            return each
    raise failure or PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def first_choice() -> str:
    """The state folder that is used if all is well."""
    return candidates()[0]


def is_chosen() -> bool:
    """Whether the user named it: then no other one will do."""
    return bool(os.environ.get(_VARIABLE))


def candidates() -> list[str]:
    """The folders that may be it, the best first."""
    if chosen := os.environ.get(_VARIABLE):
        return [os.path.abspath(chosen)]  # noqa: PTH100  pathlib takes longer to import than this program may
    return [_platform_folder(), _fallback()]


def _platform_folder() -> str:
    if _LINUX:
        base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111
        return f"{base}/vcli"
    import platformdirs  # noqa: PLC0415  not needed on Linux

    return platformdirs.user_state_dir("vcli")


def _fallback() -> str:
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return f"{runtime}/vcli"
    return f"{os.environ.get('TMPDIR') or '/tmp'}/vcli-{os.geteuid()}"  # noqa: S108  checked by _is_private


def _usable(path: str) -> bool:
    """Whether it is there, and can be written to."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    if path == _fallback() and not _is_private(found):
        return False
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)  # noqa: PTH112


def _is_private(found: os.stat_result) -> bool:
    """A folder with a known name in a place where everybody may write must not be another user's."""
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
