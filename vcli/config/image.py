"""Images in values; a part of `vcli.config.schema`."""

from dataclasses import dataclass

from vcli.config.fields import doc


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image; in YAML also one string, ``registry/repository:tag``."""

    registry: str = doc("", "Registry host; empty means Docker Hub.")
    repository: str = doc("", "Path in the registry.")
    tag: str = doc("", "Tag; empty means the one that goes with the version.")

    def reference(self, tag: str = "") -> str:
        """The image as a container names it.

        Args:
            tag: used when the values name none.
        """
        path = f"{self.registry}/{self.repository}" if self.registry else self.repository
        wanted = self.tag or tag
        if not wanted:
            return path
        return f"{path}@{wanted}" if wanted.startswith("sha256:") else f"{path}:{wanted}"


def image(reference: str) -> Image:
    """Take ``registry/repository:tag``, ``…@sha256:…`` or both apart, as container runtimes do.

    A digest is part of the tag, which still names the version.
    """
    path, _, digest = reference.partition("@")
    head, slash, last = path.rpartition("/")
    last, _, tag = last.partition(":")
    path, tag = head + slash + last, "@".join(each for each in (tag, digest) if each)
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return Image(registry=first, repository=rest, tag=tag)
    return Image(repository=path, tag=tag)
