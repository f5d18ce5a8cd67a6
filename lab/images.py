"""Stand-ins for the images of Kubernetes' end-to-end tests, under their public names, made without Docker.

What the tests need of each is there: the real test server, a shell, DNS tools, a web server. The rest is not.
"""

import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lab import debian
from lab.build import build
from vcli.errors import VcliError
from vcli.host import loading
from vcli.host.addons import metrics
from vcli.host.binaries import Binaries, Say, mark_used
from vcli.host.images import Offer, archive, busybox_image, find_busybox, key_of
from vcli.host.instance import Instance, cache_dir
from vcli.host.oci import Image, tree
from vcli.host.pki import Authority
from vcli.host.python_image import accounts

_E2E = "registry.k8s.io/e2e-test-images"
NAMES: Mapping[str, Sequence[str]] = {
    "agnhost": [f"{_E2E}/agnhost:2.63.0", f"{_E2E}/agnhost:2.55"],
    "busybox": [f"{_E2E}/busybox:1.37.0-1", f"{_E2E}/busybox:1.36.1-1"],
    "glibc-dns-testing": [f"{_E2E}/glibc-dns-testing:2.0.0"],
    "kitten": [f"{_E2E}/kitten:1.8"],
    metrics.NAME: [metrics.IMAGE],
    "nautilus": [f"{_E2E}/nautilus:1.8"],
    "nginx": [f"{_E2E}/nginx:1.15-4", f"{_E2E}/nginx:1.27-0"],
    "nonewprivs": [f"{_E2E}/nonewprivs:1.4"],
    "nonroot": [f"{_E2E}/nonroot:1.5"],
    "pause": ["registry.k8s.io/pause:3.10.2"],
    "sample-apiserver": [f"{_E2E}/sample-apiserver:1.29.2"],
}
"""Stand-ins by name, and the references that each answers to."""

_SINGLE = {
    metrics.NAME: f"/{metrics.NAME}",
    "pause": "/pause",
    "sample-apiserver": "/sample-apiserver",
}
# Part of every archive's key: change it when what is packed changes though no program did.
_RECIPE = "1"
_PACKAGES = (
    *("bash-static", "coreutils", "findutils", "grep", "hostname", "libc-bin", "netbase", "procps", "sed"),
    *("bind9-dnsutils", "curl", "iproute2", "netcat-openbsd", "nginx-light"),
)
# Other shells drop variables whose names hold dots or dashes, and tests look for those.
_SHELL = "usr/bin/bash-static"
_BUSYBOX_SHELL = Path(__file__).with_name("busybox-sh")
_NGINX = b"""\
error_log /dev/stderr;
pid /tmp/nginx.pid;
events {}
http {
  include /etc/nginx/mime.types;
  access_log /dev/stdout;
  client_body_temp_path /tmp/nginx-body;
  proxy_temp_path /tmp/nginx-proxy;
  fastcgi_temp_path /tmp/nginx-fastcgi;
  uwsgi_temp_path /tmp/nginx-uwsgi;
  scgi_temp_path /tmp/nginx-scgi;
  server { listen 80; root /usr/share/nginx/html; }
}
"""
_PASSWD = b"""\
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
"""
_GROUP = b"""\
root:x:0:
www-data:x:33:
user-defined-in-image:x:1000:
group-defined-in-image:x:50000:user-defined-in-image
nogroup:x:65534:
"""


def ensure(say: Say) -> dict[str, Path]:
    """Archives of all stand-ins by name, from the cache or made now.

    Raises:
        VcliError: a program could not be built, or Debian's packages could not be had.
    """
    cache = cache_dir()
    program = {**Binaries(cache), **build([], say)}
    busybox = find_busybox()
    if busybox is None:
        raise VcliError("there is no static busybox", hint="apt-get install busybox-static")
    root = debian.ensure(cache, _PACKAGES, say)
    mark_used([root])
    return {x.name: archive(x, cache, say) for x in offers(program, root, busybox)}


def load(host: str, say: Say) -> None:
    """Put all stand-ins into a host that is up; at once when they are there.

    Raises:
        VcliError: see `ensure` and `vcli.host.loading`.
    """
    instance = Instance.of(host)
    for name, path in ensure(say).items():
        # Which one was loaded: a host that is made again has forgotten it.
        loaded = instance.root / "standins" / name
        if loaded.is_file() and loaded.read_text() == str(path):
            continue
        say(f"loading {name}")
        loading.load(instance, path, Binaries(cache_dir()))
        loaded.parent.mkdir(exist_ok=True)
        loaded.write_text(str(path))


def offers(program: Mapping[str, Path], root: Path, busybox: Path) -> list[Offer]:
    """All stand-ins.

    Args:
        program: those of the host and of the lab.
        root: from `debian.ensure`.
        busybox: a static one.
    """
    agnhost, shell = program["agnhost"], root / _SHELL
    tools = _tools(root, agnhost)
    made: dict[str, tuple[Callable[[], Image], Sequence[Path | str]]] = {
        "agnhost": (
            lambda: replace(tools(), entrypoint=["/agnhost"], command=["pause"]),
            [agnhost, root.name],
        ),
        "glibc-dns-testing": (tools, [agnhost, root.name]),
        "nonroot": (lambda: replace(tools(), user="1234"), [agnhost, root.name]),
        "nginx": (lambda: replace(tools(), command=["nginx", "-g", "daemon off;"]), [agnhost, root.name]),
        "busybox": (lambda: _busybox(busybox, shell), [busybox, shell, _BUSYBOX_SHELL]),
        "nonewprivs": (lambda: _nonewprivs(program["nonewprivs"]), [program["nonewprivs"]]),
        "kitten": (lambda: _picture("kitten", agnhost), [agnhost]),
        "nautilus": (lambda: _picture("nautilus", agnhost), [agnhost]),
    }
    for name, path in _SINGLE.items():
        made[name] = (partial(_single, path, program[name]), [program[name]])
    return [
        Offer(name=name, key=key_of(_RECIPE, *NAMES[name], *sources), image=partial(_named, name, image))
        for name, (image, sources) in made.items()
    ]


def _named(name: str, image: Callable[[], Image]) -> Image:
    return replace(image(), names=NAMES[name])


def _tools(root: Path, agnhost: Path) -> Callable[[], Image]:
    """One set of files for several images: containerd keeps it once."""

    @functools.cache
    def image() -> Image:
        files, links = tree(root, "")
        certificate, key = _certificate()
        return Image(
            names=[],
            files={
                **files,
                **accounts(),
                "/etc/passwd": _PASSWD,
                "/etc/group": _GROUP,
                "/etc/nginx/nginx.conf": _NGINX,
                "/agnhost": agnhost,
                "/localhost.crt": certificate,
                "/localhost.key": key,
                "/uploads/.keep": b"",
            },
            links={
                **links,
                "/agnhost-2": "agnhost",
                "/usr/bin/bash": "bash-static",
                "/usr/bin/nc": "nc.openbsd",  # the machine's alternatives system would link it
                "/usr/bin/sh": "bash-static",
            },
            command=["sh"],
        )

    return image


def _busybox(busybox: Path, shell: Path) -> Image:
    image = busybox_image(busybox, ())
    return replace(
        image,
        files={**image.files, "/bin/bash": shell, "/bin/sh": _BUSYBOX_SHELL},
        links={x: to for x, to in image.links.items() if x != "/bin/sh"},
    )


def _nonewprivs(program: Path) -> Image:
    """It says who it runs as: root, unless no new privileges are allowed."""
    path = "/usr/local/bin/nnp"
    return Image(names=[], files={path: program}, setuid=[path], command=[path])


def _picture(name: str, agnhost: Path) -> Image:
    """A web server that says which picture it serves."""
    return Image(
        names=[],
        files={
            "/agnhost": agnhost,
            f"/{name}.jpg": name.encode(),
            "/data.json": f'{{"image": "{name}.jpg"}}\n'.encode(),
        },
        entrypoint=["/agnhost"],
        command=["test-webserver"],
    )


def _single(path: str, program: Path) -> Image:
    return Image(names=[], files={path: program}, entrypoint=[path])


def _certificate() -> tuple[bytes, bytes]:
    """What the test server offers TLS with; nobody verifies it."""
    with tempfile.TemporaryDirectory() as folder:
        return Authority(Path(folder), "test server").issue("server", "localhost", hosts=["localhost"])
