"""Programs as their projects release them, verified by the checksums released beside them."""

import hashlib
import shutil
import tarfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from vcli.errors import VcliError
from vcli.host.binaries import Say, SourceUnavailableError, publish, tenths
from vcli.host.oci import architecture
from vcli.host.products import Product

ANSWER_WITHIN = 2.0
_STALLED = 30.0
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Where each project keeps its releases; a mirror of the same layout can be named instead."""

    kubernetes: str = "https://dl.k8s.io/release"
    etcd: str = "https://github.com/etcd-io/etcd/releases/download"
    containerd: str = "https://github.com/containerd/containerd/releases/download"
    coredns: str = "https://github.com/coredns/coredns/releases/download"


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file of a release.

    Attributes:
        checksum: address of a file that has the SHA-256: alone, or in lines of ``sum  name``.
        members: program to its path in the archive; empty when the file is the program itself.
    """

    url: str
    checksum: str
    members: Mapping[str, str]


class ReleaseSource:
    """Downloads what is released for this architecture; says quickly when the site can't be reached."""

    def __init__(self, sites: Sites | None = None) -> None:
        self._sites = sites or Sites()
        self._reachable: dict[str, bool] = {}
        self._http = httpx.Client(timeout=_STALLED, follow_redirects=True)

    def fetch(self, product: Product, missing: Sequence[str], into: Path, say: Say) -> None:
        """Download each program that is missing; see `binaries.Source`.

        Raises:
            SourceUnavailableError: not released, or the site can't be reached.
            VcliError: what was downloaded is not what the checksum says.
        """
        plan = downloads(product, missing, self._sites)
        if plan is None:
            raise SourceUnavailableError(product.name)
        for download in plan:
            self._check(download.url)
            partial = into / f".{download.url.rpartition('/')[2]}.part"
            try:
                self._get(download, partial, say)
                if not download.members:
                    publish(partial, into / missing[plan.index(download)])
                for program, member in download.members.items():
                    _extract(partial, member, into / program)
            finally:
                partial.unlink(missing_ok=True)

    def _check(self, url: str) -> None:
        site = httpx.URL(url).netloc.decode()
        if site not in self._reachable:
            self._reachable[site] = _within(ANSWER_WITHIN, lambda: self._answers(url))
        if not self._reachable[site]:
            raise SourceUnavailableError(site)

    def _answers(self, url: str) -> bool:
        try:
            self._http.head(url, timeout=ANSWER_WITHIN)
        except httpx.HTTPError:
            return False
        return True

    def _get(self, download: Download, partial: Path, say: Say) -> None:
        name = download.url.rpartition("/")[2]
        try:
            wanted = _checksum(self._http.get(download.checksum).raise_for_status().text, name)
            sha = hashlib.sha256()
            with self._http.stream("GET", download.url) as answer, partial.open("wb") as file:
                total = int(answer.raise_for_status().headers.get("Content-Length") or 0)
                for chunk in answer.iter_bytes(_CHUNK):
                    sha.update(chunk)
                    file.write(chunk)
                    say(f"{name}: {tenths(file.tell(), total)} % downloaded" if total else name)
        except httpx.HTTPError as error:
            raise SourceUnavailableError(f"{download.url}: {error}") from error
        if wanted is None or sha.hexdigest() != wanted:
            raise VcliError(
                f"{download.url} is not what its checksum says",
                hint="try again; VCLI_HOST_SOURCE=go builds it from its sources instead",
            )


def downloads(product: Product, missing: Sequence[str], sites: Sites) -> list[Download] | None:
    """What to download for these programs; None when the product is not released anywhere.

    One entry a program, in the same order, where programs are released as they are; else one archive.
    """
    arch, version = architecture(), product.version
    plain = version.removeprefix("v")
    match product.name:
        case "kubernetes":
            urls = [f"{sites.kubernetes}/{version}/bin/linux/{arch}/{x}" for x in missing]
            return [Download(url=x, checksum=f"{x}.sha256", members={}) for x in urls]
        case "etcd":
            stem, base = f"etcd-{version}-linux-{arch}", f"{sites.etcd}/{version}"
            members = {x: f"{stem}/{x}" for x in missing}
            return [Download(url=f"{base}/{stem}.tar.gz", checksum=f"{base}/SHA256SUMS", members=members)]
        case "containerd":
            url = f"{sites.containerd}/{version}/containerd-{plain}-linux-{arch}.tar.gz"
            return [Download(url=url, checksum=f"{url}.sha256sum", members={x: f"bin/{x}" for x in missing})]
        case "coredns":
            url = f"{sites.coredns}/{version}/coredns_{plain}_linux_{arch}.tgz"
            return [Download(url=url, checksum=f"{url}.sha256", members={x: x for x in missing})]
        case _:
            return None


def _within(seconds: float, question: Callable[[], bool]) -> bool:
    """The answer, or False when there is none in time: looking up a name has no timeout of its own."""
    answer: list[bool] = []
    thread = threading.Thread(target=lambda: answer.append(question()), daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answer and answer[0])


def _checksum(text: str, name: str) -> str | None:
    lines = [x.split() for x in text.splitlines() if x.strip()]
    if len(lines) == 1 and len(lines[0]) == 1:
        return lines[0][0].lower()
    return next((x[0].lower() for x in lines if len(x) > 1 and x[-1].lstrip("*") == name), None)


def _extract(archive: Path, member: str, final: Path) -> None:
    partial = final.with_name(f".{final.name}.part")
    with tarfile.open(archive) as tar:
        names = {x.name.removeprefix("./"): x for x in tar if x.isfile()}
        content = tar.extractfile(names[member]) if member in names else None
        if content is None:
            raise VcliError(
                f"{archive.name} has no {member}", hint="VCLI_HOST_SOURCE=go builds it from its sources"
            )
        with content, partial.open("wb") as file:
            shutil.copyfileobj(content, file, _CHUNK)
    publish(partial, final)
