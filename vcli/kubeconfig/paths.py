"""Which kubeconfig files there are, and which one a change goes to.

The rules are client-go's (``clientcmd.ClientConfigLoadingRules`` and ``PathOptions``), so that kubectl, helm
and this program always mean the same file.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vcli import inputs


@dataclass(frozen=True, slots=True)
class Sources:
    """The kubeconfig files in use, those that come first win.

    Args:
        files: absolute paths, without duplicates; some may not exist.
        explicit: there is one file only and the user named it, so it must exist to be read.
    """

    files: tuple[Path, ...]
    explicit: bool = False

    @property
    def default(self) -> Path:
        """The file that new entries and the current context are written to.

        That is the first one that exists; when none does, the last one (``PathOptions.GetDefaultFilename``).
        """
        return next((path for path in self.files if path.exists()), self.files[-1])

    def __str__(self) -> str:
        """The files as ``KUBECONFIG`` would hold them."""
        return os.pathsep.join(str(path) for path in self.files)


def home(environ: Mapping[str, str] | None = None) -> Path:
    """The user's home folder; ``$HOME`` first, as kubectl does."""
    value = (os.environ if environ is None else environ).get("HOME")
    return Path(value) if value else Path.home()


def sources(kubeconfig: str | Path | None = None, *, environ: Mapping[str, str] | None = None) -> Sources:
    """The kubeconfig files in use.

    Args:
        kubeconfig: the value of ``--kubeconfig``: one file, and nothing else counts. Also the files that
            `Sources` names as text, so that what was found once can be found again.
        environ: the environment to look for ``KUBECONFIG`` and ``HOME`` in; the process's own by default.

    Raises:
        UsageError: ``kubeconfig`` is empty, which never means the default.
    """
    env = os.environ if environ is None else environ
    variable = env.get("KUBECONFIG", "")
    if kubeconfig is not None:
        inputs.not_empty(str(kubeconfig), "the path of the kubeconfig")
        if os.pathsep not in str(kubeconfig) or Path(kubeconfig).exists():
            return Sources((absolute(kubeconfig, env),), explicit=True)
        variable = str(kubeconfig)
    named = [part for part in variable.split(os.pathsep) if part]
    if not named:
        return Sources((home(env) / ".kube" / "config",))
    return Sources(tuple(dict.fromkeys(absolute(part, env) for part in named)))


def absolute(path: str | Path, environ: Mapping[str, str] | None = None) -> Path:
    """The path from the root; ``~`` is the home folder, symlinks stay what they are."""
    text = str(path)
    if text == "~" or text.startswith("~/"):
        text = str(home(environ)) + text[1:]
    return Path(os.path.abspath(text))  # noqa: PTH100  Path.resolve would follow symlinks
