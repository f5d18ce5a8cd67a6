"""A small PKI to look at, of each of the two signers."""

import datetime as dt
from functools import cache

from vcli.bootstrap import pki
from vcli.bootstrap.facts import HostFacts
from vcli.bootstrap.issue import Signer, issue
from vcli.bootstrap.openssl import OpenSsl
from vcli.bootstrap.pki import Files
from vcli.bootstrap.spec import Spec
from vcli.controlplane.certificates import Cryptography

SPEC = Spec(
    namespace="team-a",
    service="demo",
    headless="demo-headless",
    pod="demo-0",
    certificates="demo-certs",
    access="vc-demo",
    facts="vc-facts-demo",
    extra_sans=("demo.example.org",),
    server="https://localhost:8443",
    context="my-vcluster",
    labels={"app": "vcluster"},
    annotations={"team": "a"},
)
FACTS = HostFacts(
    service_cidrs=("10.96.0.0/16",), service_ips=("10.96.3.4", "fd00::4"), service_uid="uid-of-service"
)
SANS = pki.sans(SPEC, FACTS.service_ips)
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
SIGNERS: dict[str, Signer] = {"openssl": OpenSsl(), "cryptography": Cryptography()}


@cache
def _issued(name: str) -> Files:
    return issue(SIGNERS[name], SANS, now=NOW)


def issued(name: str) -> Files:
    """All files, by one of the signers."""
    return dict(_issued(name))
