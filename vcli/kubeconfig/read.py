"""Reading kubeconfig files: YAML or JSON; unknown keys are kept, errors name the file and the line."""

from dataclasses import dataclass
from pathlib import Path

from vcli import yaml
from vcli.errors import NotFoundError, UnreachableError, VcliError
from vcli.kube.types import Object
from vcli.kubeconfig.content import content
from vcli.kubeconfig.paths import Sources
from vcli.kubeconfig.shape import faults


class KubeconfigError(VcliError):
    """A kubeconfig that can't be read, understood or written."""

    code = "Kubeconfig"


@dataclass(frozen=True, slots=True)
class File:
    """One kubeconfig file as it is on disk.

    Args:
        path: where it was found.
        text: the whole text.
        data: what the text says; ``{}`` for an empty file.
    """

    path: Path
    text: str
    data: Object


def load(sources: Sources) -> dict[Path, File]:
    """Read all files that exist, in order of precedence.

    Raises:
        NotFoundError: the file that ``--kubeconfig`` names does not exist.
        KubeconfigError: one can't be read or understood.
    """
    found = {}
    for path in sources.files:
        try:
            found[path] = read(path)
        except FileNotFoundError:
            if sources.explicit:
                raise NotFoundError(
                    f"there is no kubeconfig {path}", hint="check --kubeconfig or VCLI_KUBECONFIG"
                ) from None
    return found


def read(path: Path) -> File:
    """Read one file.

    Raises:
        FileNotFoundError: it does not exist.
        KubeconfigError: it can't be read, or is no kubeconfig.
    """
    try:
        text = content(path).decode("utf-8")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise KubeconfigError(f"kubeconfig {path} is not UTF-8 text: {error.reason}") from error
    except OSError as error:
        raise KubeconfigError(f"can't read kubeconfig {path}: {error.strerror}") from error
    return File(path, text, parse(text, str(path)))


def parse(text: str, origin: str) -> Object:
    """The data of a kubeconfig; ``{}`` for an empty text.

    Args:
        text: YAML or JSON.
        origin: names it in errors.

    Raises:
        KubeconfigError: it is no kubeconfig.
    """
    try:
        data = yaml.parse(text)
    except yaml.Error as error:
        raise KubeconfigError(f"kubeconfig {origin}{yaml.explain(error)}") from error
    except ValueError as error:
        raise KubeconfigError(f"kubeconfig {origin}: {error}") from error
    except RecursionError as error:
        raise KubeconfigError(f"kubeconfig {origin} is nested too deeply") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise KubeconfigError(
            f"{origin} is not a kubeconfig: it holds a {type(data).__name__}, not a mapping"
        )
    for fault in faults(data):
        raise KubeconfigError(f"kubeconfig {origin}: {fault}")
    return data


def no_host(sources: Sources) -> UnreachableError:
    """The error for a machine without any kubeconfig."""
    looked = ", ".join(str(path) for path in sources.files)
    return UnreachableError(
        f"no host cluster is configured: there is no kubeconfig (looked at {looked})",
        hint="vcli host up starts a cluster on this machine; or set KUBECONFIG",
    )
