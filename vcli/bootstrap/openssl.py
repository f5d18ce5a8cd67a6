"""Keys and certificates by the program ``openssl``: the stock Python image has it, for its ca-certificates.

OpenSSL 1.1.1 and later; only what it documents: ``openssl ca`` is the one command of all of them that takes
the begin and the end of a certificate.
"""

import datetime as dt
import ipaddress
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from vcli.bootstrap.pki import CA_LIFE, CLOCK_SKEW, LEAF_LIFE, TOKEN_KEY_BITS, Leaf, authority_name
from vcli.errors import VcliError

PROGRAM: Final = "openssl"
_TIMEOUT: Final = 60.0
_CONFIG: Final = r"""\
[req]
prompt = no
string_mask = utf8only
distinguished_name = subject
[subject]
{subject}
[ca]
default_ca = issuer
[issuer]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
preserve = yes
policy = names
x509_extensions = extensions
[names]
commonName = supplied
organizationName = optional
[extensions]
subjectKeyIdentifier = hash
basicConstraints = critical, CA:{is_authority}
keyUsage = critical, {usage}
{extensions}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Config:
    """What differs between certificates."""

    subject: str
    is_authority: str
    usage: str
    extensions: str = ""

    def text(self, folder: Path) -> str:
        return _CONFIG.format(folder=folder, **asdict(self))


class OpenSsl:
    """A signer, see `vcli.bootstrap.issue.Signer`.

    Its methods raise `VcliError` when the program is missing or fails.
    """

    def authority(self, name: str, now: dt.datetime) -> tuple[bytes, bytes]:
        """A new CA."""
        config = _Config(
            subject=f"CN = {authority_name(name)}",
            is_authority="TRUE",
            usage="digitalSignature, keyCertSign, cRLSign",
        )
        return _sign(config, None, now, CA_LIFE)

    def leaf(
        self, leaf: Leaf, authority: tuple[bytes, bytes], sans: Iterable[str], now: dt.datetime
    ) -> tuple[bytes, bytes]:
        """A new leaf of a CA."""
        organization = f"O = {leaf.organization}\n" if leaf.organization else ""
        extensions = [
            f"extendedKeyUsage = {'serverAuth' if leaf.server else 'clientAuth'}",
            # Strict verifiers (Python's since 3.13) want a leaf to say whose it is.
            "authorityKeyIdentifier = keyid:always",
        ]
        if names := sorted(sans):
            listed = [f"{_kind(name)}.{number} = {name}" for number, name in enumerate(names)]
            extensions += ["subjectAltName = @names_and_addresses", "[names_and_addresses]", *listed]
        config = _Config(
            subject=f"{organization}CN = {leaf.common_name}",
            is_authority="FALSE",
            usage="digitalSignature",
            extensions="\n".join(extensions),
        )
        return _sign(config, authority, now, LEAF_LIFE)

    def token_key(self) -> tuple[bytes, bytes]:
        """Private and public key for service account tokens."""
        with _folder() as folder:
            key = folder / "sa.key"
            _run(folder, "genrsa", "-out", str(key), str(TOKEN_KEY_BITS))
            public = _run(folder, "rsa", "-in", str(key), "-pubout")
            return key.read_bytes(), public


def _sign(
    config: _Config, authority: tuple[bytes, bytes] | None, now: dt.datetime, life: dt.timedelta
) -> tuple[bytes, bytes]:
    """A new key, and its certificate: of a CA, or its own without one."""
    with _folder() as folder:
        path, key, request = folder / "openssl.cnf", folder / "new.key", folder / "new.csr"
        path.write_text(config.text(folder))
        (folder / "index.txt").touch()
        by = ["-selfsign", "-keyfile", str(key)]
        if authority:
            for name, data in zip(("ca.crt", "ca.key"), authority, strict=True):
                (folder / name).write_bytes(data)
            by = ["-cert", str(folder / "ca.crt"), "-keyfile", str(folder / "ca.key")]
        _run(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key))
        _run(folder, "req", "-new", "-config", str(path), "-key", str(key), "-out", str(request))
        certificate = _run(
            folder,
            *("ca", "-batch", "-notext", "-config", str(path), "-in", str(request), "-preserveDN", *by),
            *("-startdate", _time(now - CLOCK_SKEW), "-enddate", _time(now + life)),
        )
        return certificate, key.read_bytes()


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder that this user alone can read."""
    with tempfile.TemporaryDirectory(prefix="vcli-keys-") as folder:
        yield Path(folder)


def _run(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            [PROGRAM, *arguments], check=False, capture_output=True, cwd=folder, timeout=_TIMEOUT
        )
    except FileNotFoundError as error:
        raise VcliError(
            f"this image has no program {PROGRAM}, so keys can't be made in it",
            hint="use an image with it, as python:slim is, or make the keys outside: vcli create --upgrade",
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VcliError(f"{PROGRAM} {arguments[0]} does not run: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise VcliError(f"{PROGRAM} {arguments[0]} failed: {'; '.join(said[-3:])}")
    return done.stdout


def _time(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y%m%d%H%M%SZ}"


def _kind(name: str) -> str:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "DNS"
    return "IP"
