"""The PKI of a virtual cluster, made by the CLI: quicker than ``openssl``, and on every platform."""

import datetime as dt
from collections.abc import Iterable, Mapping

from vcli import x509
from vcli.bootstrap.issue import issue as issue_by
from vcli.bootstrap.pki import CA_LIFE, CLOCK_SKEW, LEAF_LIFE, TOKEN_KEY_BITS, Files, Leaf, authority_name


def issue(
    sans: Mapping[str, Iterable[str]],
    *,
    existing: Mapping[str, bytes] | None = None,
    now: dt.datetime | None = None,
) -> Files:
    """Make what is missing, keep what is good: see `vcli.bootstrap.issue.issue`."""
    return issue_by(Cryptography(), sans, existing=existing, now=now)


def token_key() -> Files:
    """``sa.key`` and ``sa.pub``: what service account tokens are signed with."""
    private, public = Cryptography().token_key()
    return {"sa.key": private, "sa.pub": public}


class Cryptography:
    """A signer, see `vcli.bootstrap.issue.Signer`."""

    def authority(self, name: str, now: dt.datetime) -> tuple[bytes, bytes]:
        """A new CA."""
        return x509.authority(authority_name(name), start=now - CLOCK_SKEW, end=now + CA_LIFE)

    def leaf(
        self, leaf: Leaf, authority: tuple[bytes, bytes], sans: Iterable[str], now: dt.datetime
    ) -> tuple[bytes, bytes]:
        """A new leaf of a CA."""
        return x509.leaf(
            leaf.common_name,
            organizations=[leaf.organization] if leaf.organization else [],
            server=leaf.server,
            sans=sans,
            authority=authority,
            start=now - CLOCK_SKEW,
            end=now + LEAF_LIFE,
        )

    def token_key(self) -> tuple[bytes, bytes]:
        """Private and public key for service account tokens."""
        public, private = x509.rsa_key(TOKEN_KEY_BITS)
        return private, public
