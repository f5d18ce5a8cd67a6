"""Where the logs of an embedded host are, for errors about it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vcli.errors import InterruptError, VcliError
from vcli.host.instance import Instance


@contextmanager
def with_hint(instance: Instance) -> Iterator[None]:
    """Errors of a host that stays: their hint names the folder of its logs, unless they know better."""
    try:
        yield
    except VcliError as error:
        removing = f"vcli host down --name {instance.host} removes what is there"
        error.hint = error.hint or f"the components' logs are in {instance.logs}; {removing}"
        raise


def keep(instance: Instance, error: BaseException) -> None:
    """Before a host is removed that failed to boot: keep its logs, and name their folder in the error's hint.

    Args:
        instance: with what is left of it.
        error: why it is removed; after Ctrl-C nothing is kept.
    """
    logs = [each for each in instance.possible_nodes() if each.logs.is_dir()]
    if not isinstance(error, VcliError) or isinstance(error, InterruptError) or not logs:
        return
    kept = Path(tempfile.mkdtemp(prefix=f"vcli-host-{instance.name}-"))
    for each in logs:
        shutil.copytree(each.logs, kept / each.name)
    error.hint = f"{error.hint}; " if error.hint else ""
    error.hint += f"the components' logs are kept in {kept}"
