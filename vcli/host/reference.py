"""Names of images, as containerd and Docker read them."""

import re
from dataclasses import dataclass

from vcli.errors import UsageError

_DOCKER_HUB = "docker.io"
_REPOSITORY = re.compile(
    r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"\w[\w.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Reference:
    """``registry/repository:tag``, each part given.

    Attributes:
        registry: with its port, if any.
    """

    registry: str
    repository: str
    tag: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read a name as Docker does: ``vcli:1`` is ``docker.io/library/vcli:1``.

        Raises:
            UsageError: not a name of an image, or one by digest.
        """
        first, slash, rest = text.partition("/")
        if slash and (first == "localhost" or "." in first or ":" in first):
            registry = first
        else:
            registry, rest = _DOCKER_HUB, text
        repository, _, tag = rest.partition(":")
        tag = tag or "latest"
        if registry == _DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        if not _REPOSITORY.fullmatch(repository) or not _TAG.fullmatch(tag):
            raise UsageError(f'"{text}" is not a name of an image', hint="as in ghcr.io/me/vcli-syncer:1.0")
        return cls(registry, repository, tag)

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}:{self.tag}"
